import type { Model } from "../../src/model.js";
import type { Answer, Neighbour } from "./messages.js";
import type { Sentence } from "./sentences.js";

const SHOWN = 8;
const ROUNDS = 16; // browsers' clocks are too coarse for one text

/** Vectors of sentences, and what is near them. */
export class Search {
  readonly #model: Model;
  readonly #sentences: readonly Sentence[];
  readonly #vectors: Float32Array;
  done = 0;

  constructor(model: Model, sentences: readonly Sentence[]) {
    this.#model = model;
    this.#sentences = sentences;
    this.#vectors = new Float32Array(sentences.length * model.dim);
  }

  get total(): number {
    return this.#sentences.length;
  }

  /** Embeds the next sentences. */
  advance(count: number): void {
    const next = this.#sentences.slice(this.done, this.done + count).map(({ text }) => text);
    for (const vector of this.#model.embed(next)) {
      this.#vectors.set(vector, this.done++ * this.#model.dim);
    }
  }

  answer(id: number, text: string): Answer {
    const [vector, readMicroseconds] = timed(ROUNDS, () => this.#model.embed(text));
    const known = vector.some((value) => value !== 0);
    const [neighbours, compareMicroseconds] = timed(1, () => (known ? this.#nearest(vector, text) : []));
    return {
      kind: "answer",
      id,
      text,
      positive: known ? this.#model.classify(text).probabilities["positive"] : undefined,
      neighbours,
      readMicroseconds,
      compareMicroseconds,
      compared: this.done,
    };
  }

  /** The nearest sentences with different endings: the same words about somebody else would be dull. */
  #nearest(query: Float32Array, text: string): Neighbour[] {
    const best = new Map<number, Neighbour>();
    for (let index = 0; index < this.done; index++) {
      const { text: sentence, ending } = this.#sentences[index]!;
      const similarity = this.#product(query, index * query.length);
      if (similarity > (best.get(ending)?.similarity ?? -1) && sentence !== text) best.set(ending, { sentence, similarity });
    }
    return [...best.values()].sort((a, b) => b.similarity - a.similarity).slice(0, SHOWN);
  }

  #product(query: Float32Array, start: number): number {
    const vectors = this.#vectors;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let i = 0; i < query.length; i += 4) {
      a += query[i]! * vectors[start + i]!;
      b += query[i + 1]! * vectors[start + i + 1]!;
      c += query[i + 2]! * vectors[start + i + 2]!;
      d += query[i + 3]! * vectors[start + i + 3]!;
    }
    return a + b + c + d;
  }
}

/** What a function returns, and the microseconds that it takes. */
function timed<Result>(rounds: number, run: () => Result): [Result, number] {
  const start = performance.now();
  let result = run();
  for (let i = 1; i < rounds; i++) result = run();
  return [result, ((performance.now() - start) * 1000) / rounds];
}
