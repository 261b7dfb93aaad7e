import type { Instance } from "./instance.js";

/** The token ids of a text. */
export function tokenIds(instance: Instance, model: number, text: string): Uint32Array<ArrayBuffer> {
  const { exports, texts } = instance;
  const length = texts.write(text, 0);
  let capacity = text.length; // which is hardly ever too little, and a second reading is then avoided
  for (;;) {
    const ids = texts.behind(length, capacity);
    const count = exports.ez_tokenize(model, texts.start, length, ids, capacity);
    if (count <= capacity) return instance.words.slice(ids >>> 2, (ids >>> 2) + count);
    capacity = count;
  }
}
