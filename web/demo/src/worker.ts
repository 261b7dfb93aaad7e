import { load } from "../../src/index.js";
import { turn } from "../../src/turn.js";
import type { News, Question } from "./messages.js";
import { Search } from "./search.js";
import { expand } from "./sentences.js";

const SLICE = 64; // sentences between two looks at the mail
const STEPS = [128, 1024]; // sentences after which an answer is worth giving again

const scope = self as unknown as { postMessage(news: News): void; onmessage: ((event: MessageEvent) => void) | null };
let search: Search | undefined;
let latest: Question | undefined;

scope.onmessage = ({ data }: MessageEvent<Question>) => {
  latest = data;
  if (search) answer(search);
};

function answer(ready: Search): void {
  if (latest && ready.done) scope.postMessage(ready.answer(latest.id, latest.text));
}

async function text(name: string): Promise<string> {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} can't be fetched: status ${response.status}`);
  return await response.text();
}

async function main(): Promise<void> {
  const sentences = text("./sentences.txt");
  let bytes = 0;
  const model = await load(new URL("./tinylstm.ezb", import.meta.url), {
    onProgress: ({ loaded, total }) => {
      bytes = loaded;
      scope.postMessage({ kind: "progress", loaded, total });
    },
  });
  scope.postMessage({ kind: "open", bytes, memory: model.memory });
  search = new Search(model, expand(await sentences));
  const start = performance.now();
  while (search.done < search.total) {
    search.advance(SLICE);
    const { done, total } = search;
    if (STEPS.includes(done) || done === total) {
      scope.postMessage({ kind: "index", done, total, milliseconds: performance.now() - start });
      answer(search);
    }
    await turn();
  }
}

main().catch((error: unknown) => {
  scope.postMessage({ kind: "failure", message: error instanceof Error ? error.message : String(error) });
});
