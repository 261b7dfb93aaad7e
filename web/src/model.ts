import { hexadecimal } from "./cache.js";
import { BundleError, InputError } from "./errors.js";
import type { Instance } from "./instance.js";
import type { GenerateOptions, Generation, Score, ScoreOptions, StreamOptions } from "./language.js";
import { LanguageModel, workspaceSize } from "./language_model.js";
import type { Region } from "./source.js";
import { kindOf } from "./text_room.js";
import { tokenIds } from "./tokens.js";

/** What is known of a model: architecture, data and licences, measured quality, limits. */
export type Card = Readonly<Record<string, unknown>>;

/** What a model takes a text for: the likeliest label, its probability, and those of all labels. */
export interface Classification {
  readonly label: string;
  readonly score: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** A text, or its vector. */
type Item = string | Float32Array;
/** Texts, or their vectors. */
export type Vectors = readonly Item[];

// ez_error and ez_description of engine.h, in words of 32 bits.
const ERROR = { size: 16, status: 0, reason: 1, offset: 2 } as const;
const DESCRIPTION_SIZE = 48;
const BATCH = 64; // texts that the engine gets at once

/** An open model. Made by `load`; `dispose` frees its memory at once, else the garbage collector does. */
export class Model {
  readonly name: string;
  /** The length of a vector; 0 for a model that only classifies, or goes on with texts. */
  readonly dim: number;
  /** The classes; none for a model that is no classifier. */
  readonly labels: readonly string[];
  readonly vocabularySize: number;
  /** How many tokens of a text count; 0: all. */
  readonly maxTokens: number;
  /** The digest of the model's contents, in hexadecimal. */
  readonly sha256: string;
  /** Where it was loaded from. */
  readonly source: string;
  /** @internal The digest's range in the file. */
  readonly segments: readonly [number, number];

  #instance: Instance | undefined;
  readonly #model: number;
  readonly #cardText: string;
  readonly #language: LanguageModel | undefined;
  // Where a call's numbers are: the ends of its texts, and its answers.
  readonly #ends: number;
  readonly #answers: number;

  /** @internal */
  constructor(instance: Instance, bundle: Region, source: string) {
    this.source = source;
    this.#instance = instance;
    this.#model = this.#open(instance, bundle);
    const place = instance.reserve(DESCRIPTION_SIZE);
    instance.exports.ez_describe(this.#model, place);
    const at = place >>> 2;
    const [name, nameSize, card, cardSize, digest, begin, end, tokens, dim, labels, , maxTokens] =
      instance.words.subarray(at, at + 12) as unknown as number[] & { length: 12 };
    this.name = this.#decode(instance, name!, nameSize!);
    this.#cardText = this.#decode(instance, card!, cardSize!);
    this.sha256 = hexadecimal(instance.bytes.subarray(digest, digest! + 32));
    this.segments = [begin!, end!];
    this.vocabularySize = tokens!;
    this.dim = dim!;
    this.maxTokens = maxTokens!;
    this.labels = Object.freeze(Array.from({ length: labels! }, (_, index) => this.#label(instance, index, place)));
    this.#ends = instance.reserve(4 * BATCH);
    const width = Math.max(this.dim, this.labels.length);
    const stateSize = instance.exports.ez_state_size(this.#model);
    this.#answers = instance.reserve(stateSize ? workspaceSize(stateSize, tokens!) : 4 * BATCH * width);
    if (stateSize) this.#language = new LanguageModel(() => this.#live(), this.#model, stateSize, tokens!, this.#answers);
    instance.texts.grow(0); // takes its place, the last one
  }

  #open(instance: Instance, bundle: Region): number {
    const { exports } = instance;
    const error = instance.reserve(ERROR.size);
    const needed = exports.ez_memory_size(bundle.start, bundle.size, error);
    this.#check(instance, error);
    const memory = instance.reserve(needed);
    const model = exports.ez_open(bundle.start, bundle.size, memory, needed, error);
    this.#check(instance, error);
    return model;
  }

  #check(instance: Instance, error: number): void {
    const at = error >>> 2;
    if (!instance.words[at + ERROR.status]) return;
    const reason = instance.readString(instance.words[at + ERROR.reason]!);
    const offset = instance.words[at + ERROR.offset]!;
    throw new BundleError(`${this.source}: ${reason}${offset ? ` (byte ${offset})` : ""}`);
  }

  #decode(instance: Instance, start: number, size: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(instance.bytes.subarray(start, start + size));
    } catch {
      throw new BundleError(`${this.source}: the name, the card or a label is not UTF-8 text`);
    }
  }

  #label(instance: Instance, index: number, place: number): string {
    const start = instance.exports.ez_label(this.#model, index, place);
    return this.#decode(instance, start, instance.words[place >>> 2]!);
  }

  /** The card, as it lies in the file. Throws a BundleError if it is not a JSON object. */
  get card(): Card {
    let card: unknown;
    try {
      card = JSON.parse(this.#cardText);
    } catch {
      card = undefined;
    }
    if (typeof card === "object" && card !== null && !Array.isArray(card)) return card as Card;
    throw new BundleError(`${this.source}: the card is not a JSON object; get the file again`);
  }

  /** Bytes of WebAssembly memory in use, the model included; 0 once it is disposed of. */
  get memory(): number {
    return this.#instance?.bytes.length ?? 0;
  }

  /**
   * The vector of a text, of unit length; of a list of texts, one for each. Zeros for a text without known tokens.
   * The same bits on every machine, and as in Python. Lone surrogates count as U+FFFD.
   */
  embed(text: string): Float32Array<ArrayBuffer>;
  embed(texts: readonly string[]): Float32Array<ArrayBuffer>[];
  embed(texts: string | readonly string[]): Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[] {
    const instance = this.#live();
    if (!this.dim) throw new InputError(`the model '${this.name}' has no vectors; ${this.#use()}`);
    if (typeof texts !== "string") return this.#batch(instance, checked(texts), this.dim);
    const length = instance.texts.write(texts, 0);
    instance.exports.ez_embed(this.#model, instance.texts.start, length, this.#answers);
    const at = this.#answers >>> 2;
    return instance.floats.slice(at, at + this.dim);
  }

  /** What a text is, among `labels`; of a list of texts, what each is. */
  classify(text: string): Classification;
  classify(texts: readonly string[]): Classification[];
  classify(texts: string | readonly string[]): Classification | Classification[] {
    const instance = this.#live();
    if (!this.labels.length) throw new InputError(`the model '${this.name}' has no classifier; ${this.#use()}`);
    if (typeof texts !== "string") {
      return this.#batch(instance, checked(texts), this.labels.length).map((row) => this.#judge(row));
    }
    const length = instance.texts.write(texts, 0);
    instance.exports.ez_classify(this.#model, instance.texts.start, length, this.#answers);
    const at = this.#answers >>> 2;
    return this.#judge(instance.floats.subarray(at, at + this.labels.length));
  }

  /**
   * Cosines, from -1 to 1, between texts or vectors from `embed`: a number for two, one for each of a list, and a list
   * of lists for two lists. A text without known tokens has cosine 0 to all.
   */
  similarity(a: Item, b: Item): number;
  similarity(a: Item, b: Vectors): Float32Array<ArrayBuffer>;
  similarity(a: Vectors, b: Item): Float32Array<ArrayBuffer>;
  similarity(a: Vectors, b: Vectors): Float32Array<ArrayBuffer>[];
  similarity(a: Item | Vectors, b: Item | Vectors): number | Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[] {
    if (!isItem(a) && !isItem(b)) {
      const right = this.#vectors(b);
      return this.#vectors(a).map((left) => Float32Array.from(right, (vector) => cosine(left, vector)));
    }
    if (!isItem(a)) return this.similarity(b as Item, a);
    const left = this.#vector(a);
    return isItem(b) ? cosine(left, this.#vector(b)) : Float32Array.from(this.#vectors(b), (right) => cosine(left, right));
  }

  /**
   * How likely a text is to a language model, and with `detail: "per_char"` each of its characters. The text is brought
   * to NFC, and its end is scored too. The same bits on every machine, and as in Python.
   */
  score(text: string, options: ScoreOptions = {}): Score {
    return this.#languageModel().score(text, options);
  }

  /**
   * Continuations of a prompt (of nothing, if it is empty), by a language model. With a seed they are the same on
   * every machine, and in Python; without one, `meta` tells the one that was drawn.
   */
  generate(prompt = "", options: GenerateOptions = {}): Generation {
    return this.#languageModel().generate(prompt, options);
  }

  /**
   * The first continuation that `generate` gives, in pieces as they are drawn: `for await (const piece of …)`. Leaves
   * the page time to draw and to answer; `break` ends it. What is wrong with an argument is thrown by the call.
   */
  stream(prompt = "", options: StreamOptions = {}): AsyncGenerator<string, void, undefined> {
    return this.#languageModel().stream(prompt, options);
  }

  /** The token ids of a text. */
  tokenize(text: string): Uint32Array<ArrayBuffer> {
    return tokenIds(this.#live(), this.#model, text);
  }

  /** Frees the memory; using the model afterwards throws an InputError. */
  dispose(): void {
    this.#instance = undefined;
  }

  #live(): Instance {
    if (!this.#instance) throw new InputError(`the model '${this.name}' was disposed of; load it again`);
    return this.#instance;
  }

  #languageModel(): LanguageModel {
    this.#live();
    if (!this.#language) throw new InputError(`the model '${this.name}' is no language model; ${this.#use()}`);
    return this.#language;
  }

  /** What the model can do, for who asked for something else. */
  #use(): string {
    if (this.#language) return "it is a language model: use score, generate or stream";
    return this.dim ? "it embeds: use embed" : "it classifies: use classify";
  }

  #batch(instance: Instance, texts: readonly string[], width: number): Float32Array<ArrayBuffer>[] {
    const rows: Float32Array<ArrayBuffer>[] = [];
    for (let first = 0; first < texts.length; ) {
      const count = this.#writeBatch(instance, texts, first);
      const run = width === this.dim ? instance.exports.ez_embed_batch : instance.exports.ez_classify_batch;
      run(this.#model, instance.texts.start, this.#ends, count, this.#answers);
      for (let i = 0, at = this.#answers >>> 2; i < count; i++, at += width) {
        rows.push(instance.floats.slice(at, at + width));
      }
      first += count;
    }
    return rows;
  }

  /** Writes as many texts as there is room for, one at least, and returns their number. */
  #writeBatch(instance: Instance, texts: readonly string[], first: number): number {
    let used = 0;
    let count = 0;
    for (; count < BATCH && first + count < texts.length; count++) {
      const text = texts[first + count]!;
      if (count && !instance.texts.fits(text, used)) break;
      used += instance.texts.write(text, used);
      instance.words[(this.#ends >>> 2) + count] = used;
    }
    return count;
  }

  #judge(row: Float32Array): Classification {
    let best = 0;
    const probabilities: Record<string, number> = {};
    row.forEach((probability, index) => {
      if (probability > row[best]!) best = index;
      probabilities[this.labels[index]!] = probability;
    });
    return { label: this.labels[best]!, score: row[best]!, probabilities };
  }

  #vector(item: Item): Float32Array {
    if (typeof item === "string") return this.embed(item);
    if (item.length === this.dim) return item;
    throw new InputError(`a vector has ${item.length} numbers; those of '${this.name}' have ${this.dim}`);
  }

  #vectors(items: Vectors): Float32Array[] {
    if (!Array.isArray(items)) throw new InputError(`expected texts or vectors, not ${kindOf(items)}`);
    if (items.every((item) => typeof item === "string")) return this.embed(items as string[]);
    return items.map((item: Item) => this.#vector(item));
  }
}

function isItem(value: Item | Vectors): value is Item {
  return typeof value === "string" || value instanceof Float32Array;
}

function checked(texts: readonly string[]): readonly string[] {
  if (!Array.isArray(texts)) throw new InputError(`texts must be a string or an array of strings, not ${kindOf(texts)}`);
  texts.forEach((text: unknown, index) => {
    if (typeof text !== "string") throw new InputError(`texts[${index}] is ${kindOf(text)}; every text must be a string`);
  });
  return texts as readonly string[];
}

function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let left = 0;
  let right = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    product += x * y;
    left += x * x;
    right += y * y;
  }
  const lengths = Math.sqrt(left * right);
  return lengths ? Math.min(1, Math.max(-1, product / lengths)) : 0;
}
