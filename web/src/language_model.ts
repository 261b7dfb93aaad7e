import { BundleError } from "./errors.js";
import type { Instance } from "./instance.js";
import type { CharScore, GenerateOptions, Generation, Likely, Output, Score, ScoreOptions, StreamOptions } from "./language.js";
import { checkedGenerating, checkedScoring, checkedStreaming, type Request } from "./requests.js";
import { tokenIds } from "./tokens.js";
import { turn } from "./turn.js";

const UNKNOWN = 1;
const BEGIN = 2;
const END = 3;
const SLICE = 64; // characters that are generated before anybody looks for stop sequences
const PATIENCE = 10; // milliseconds that a stream works before others get a turn
// What is written of a sequence: ez_sampling of engine.h, the last token, and from a multiple of 8 on the state.
const SEQUENCE = { temperature: 0, topP: 1, topK: 2, stop: 3, random: 4, last: 6 } as const; // words
const STATE = 32; // bytes
const SUMMED = 2 ** 250; // makes whole numbers of float32 values and of their quotients by a float64

/** Bytes that a LanguageModel needs besides its texts. */
export function workspaceSize(stateSize: number, tokens: number): number {
  return 8 * Math.ceil((STATE + stateSize) / 8) + 4 * Math.max(SLICE, tokens);
}

/** A sequence that is being written, between two calls of the engine. */
interface Sequence {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A piece of a continuation, the last one with what ended it. */
interface Piece {
  readonly text: string;
  readonly finish?: Output["finish"];
}

/** The language model of an open bundle. */
export class LanguageModel {
  readonly #live: () => Instance;
  readonly #model: number;
  readonly #stateSize: number;
  readonly #size: number;
  // Where a sequence is, and behind it ids or a row of logarithms.
  readonly #sequence: number;
  readonly #answers: number;
  #tokens: readonly string[] | undefined;

  /** `live` gives the instance, or throws; `workspace` is the address of `workspaceSize` bytes. */
  constructor(live: () => Instance, model: number, stateSize: number, tokens: number, workspace: number) {
    this.#live = live;
    this.#model = model;
    this.#stateSize = stateSize;
    this.#size = tokens;
    this.#sequence = workspace;
    this.#answers = workspace + workspaceSize(stateSize, tokens) - 4 * Math.max(SLICE, tokens);
  }

  score(given: string, options: ScoreOptions): Score {
    const { text, perChar, topK } = checkedScoring(given, options, this.#size);
    const characters = [...text];
    const ids = this.#ids(text);
    const top: Likely[][] = [];
    const nats = topK ? this.#scoreEach(ids, topK, top) : this.#scoreAll(text, characters.length + 1);
    const bits = Array.from(nats, (value) => value / Math.LN2);
    const loss = sum(nats) / nats.length;
    const places = [...characters, ""].map((character, place): CharScore => {
      return { character, surprisal: bits[place]!, known: ids[place] !== UNKNOWN, top: top[place] ?? [] };
    });
    return {
      text,
      characters: nats.length,
      loss,
      bits: loss / Math.LN2,
      perplexity: Math.exp(loss),
      surprisal: sum(bits),
      unknown: unknownOf(text, ids),
      perChar: perChar ? places : [],
    };
  }

  generate(prompt: string, options: GenerateOptions): Generation {
    const { request, count } = checkedGenerating(prompt, options);
    const [sequence, ids] = this.#read(request);
    const outputs = Array.from({ length: count }, (_, index): Output => {
      this.#seed(sequence, request.seed, index);
      const pieces = [...this.#pieces({ bytes: sequence.bytes.slice() }, request, SLICE)];
      const text = pieces.map((piece) => piece.text).join("");
      return { text, finish: pieces.at(-1)!.finish!, characters: [...text].length };
    });
    const meta = { ...request, numReturnSequences: count, unknown: unknownOf(request.prompt, ids) };
    return { text: outputs[0]!.text, outputs, meta };
  }

  stream(prompt: string, options: StreamOptions): AsyncGenerator<string, void, undefined> {
    return this.#stream(checkedStreaming(prompt, options));
  }

  async *#stream(request: Request): AsyncGenerator<string, void, undefined> {
    const [sequence] = this.#read(request);
    this.#seed(sequence, request.seed, 0);
    let start = performance.now();
    for (const { text } of this.#pieces(sequence, request, 1)) {
      if (text) yield text;
      if (performance.now() - start < PATIENCE) continue;
      await turn();
      start = performance.now();
    }
  }

  /** The vocabulary by id. */
  get #vocabulary(): readonly string[] {
    return (this.#tokens ??= this.#readVocabulary());
  }

  #readVocabulary(): readonly string[] {
    const instance = this.#live();
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return Array.from({ length: this.#size }, (_, id) => {
      const start = instance.exports.ez_token(this.#model, id, this.#answers);
      const length = instance.words[this.#answers >>> 2]!;
      try {
        return decoder.decode(instance.bytes.subarray(start, start + length));
      } catch {
        throw new BundleError(`the token ${id} is not UTF-8 text; get the model again`);
      }
    });
  }

  #ids(text: string): Uint32Array {
    return tokenIds(this.#live(), this.#model, text);
  }

  /** Nats of each of `count` characters, the end among them. */
  #scoreAll(text: string, count: number): Float32Array {
    const instance = this.#live();
    const { exports, texts } = instance;
    const length = texts.write(text, 0);
    const nats = texts.behind(length, count);
    exports.ez_score(this.#model, texts.start, length, nats, count);
    return instance.floats.slice(nats >>> 2, (nats >>> 2) + count);
  }

  /** The same, one step after the other, and the likeliest at each place. */
  #scoreEach(ids: Uint32Array, topK: number, top: Likely[][]): Float32Array {
    const instance = this.#live();
    const { exports, bytes, floats } = instance;
    const state = this.#sequence + STATE;
    const at = this.#answers >>> 2;
    const vocabulary = this.#vocabulary;
    bytes.fill(0, state, state + this.#stateSize);
    const nats = new Float32Array(ids.length + 1);
    for (let place = 0; place <= ids.length; place++) {
      exports.ez_step(this.#model, state, place ? ids[place - 1]! : BEGIN, this.#answers);
      const row = floats.subarray(at, at + this.#size);
      nats[place] = -row[ids[place] ?? END]!;
      top.push(
        likeliest(row, topK).map((id) => {
          return { character: id === END ? "" : vocabulary[id]!, probability: Math.fround(Math.exp(row[id]!)) };
        }),
      );
    }
    return nats;
  }

  /** A sequence that has read the prompt but its last character, and the prompt's ids. */
  #read(request: Request): [Sequence, Uint32Array] {
    const ids = this.#ids(request.prompt);
    const { exports, bytes, words, floats } = this.#live();
    const state = this.#sequence + STATE;
    const at = this.#sequence >>> 2;
    bytes.fill(0, this.#sequence, state + this.#stateSize);
    floats[at + SEQUENCE.temperature] = request.temperature;
    floats[at + SEQUENCE.topP] = request.topP;
    words[at + SEQUENCE.topK] = request.topK;
    words[at + SEQUENCE.stop] = Number(request.stopOnEos);
    let last = BEGIN;
    for (const id of ids) {
      exports.ez_step(this.#model, state, last, 0);
      last = id;
    }
    words[at + SEQUENCE.last] = last;
    return [{ bytes: bytes.slice(this.#sequence, state + this.#stateSize) }, ids];
  }

  /** Sets the generator of a sequence to where continuation `index` of a seed begins: SPECIFICATION.md. */
  #seed(sequence: Sequence, seed: number | bigint, index: number): void {
    const first = mixed(BigInt(seed) + (BigInt(index) + 1n) * 0x9e3779b97f4a7c15n);
    new DataView(sequence.bytes.buffer).setBigUint64(4 * SEQUENCE.random, first, true);
  }

  /** Pieces of a continuation; what may be the beginning of a stop sequence is held back until that is known. */
  *#pieces(sequence: Sequence, request: Request, slice: number): Generator<Piece, void, undefined> {
    const { stopSequences } = request;
    let held = "";
    for (let left = request.maxNewTokens; left > 0; ) {
      const ids = this.#advance(sequence, Math.min(slice, left));
      left -= ids.length;
      const ended = ids.at(-1) === END;
      held += Array.from(ended ? ids.subarray(0, -1) : ids, (id) => this.#vocabulary[id]).join("");
      const stops = stopSequences.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
      if (stops.length) return yield { text: held.slice(0, Math.min(...stops)), finish: "stop" };
      if (ended) return yield { text: held, finish: "eos" };
      const ready = held.length - begun(held, stopSequences);
      yield { text: held.slice(0, ready) };
      held = held.slice(ready);
    }
    yield { text: held, finish: "length" };
  }

  /** The next ids of a sequence, up to `count`, at most SLICE. */
  #advance(sequence: Sequence, count: number): Uint32Array {
    const { exports, bytes, words } = this.#live();
    const { bytes: kept } = sequence;
    const start = this.#sequence;
    bytes.set(kept, start);
    const last = start + 4 * SEQUENCE.last;
    const written = exports.ez_generate(this.#model, start + STATE, last, start, this.#answers, count);
    kept.set(bytes.subarray(start, start + kept.length));
    return words.slice(this.#answers >>> 2, (this.#answers >>> 2) + written);
  }
}

/** The output function of SplitMix64. */
function mixed(state: bigint): bigint {
  let z = BigInt.asUintN(64, state);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

/** The ids of the `count` largest entries, the first of equals first. */
function likeliest(row: Float32Array, count: number): number[] {
  return Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b).slice(0, count);
}

function unknownOf(text: string, ids: Uint32Array): string[] {
  return [...text].filter((_, place) => ids[place] === UNKNOWN);
}

/** The sum, rounded once: the same in any order, and as Python's math.fsum. */
function sum(values: Iterable<number>): number {
  let total = 0n;
  for (const value of values) total += BigInt(value * SUMMED);
  return Number(total) / SUMMED;
}

/** How many units at the end of `text` may be the beginning of a stop sequence. */
function begun(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length));
  for (let size = Math.min(longest - 1, text.length); size > 0; size--) {
    if (stops.some((stop) => stop.startsWith(text.slice(-size)))) return size;
  }
  return 0;
}
