import { EngineError } from "./errors.js";
import { relax, type Replaceable } from "./relaxed.js";
import { TextRoom } from "./text_room.js";

const PAGE = 65536;
const ALIGNMENT = 64;
const LARGEST = 2 ** 31;

/** What engine.h declares, as WebAssembly exports it: addresses and sizes are numbers. */
interface Exports extends Replaceable {
  readonly __heap_base: WebAssembly.Global<"i32">;
  ez_memory_size(bundle: number, size: number, error: number): number;
  ez_open(bundle: number, size: number, memory: number, memorySize: number, error: number): number;
  ez_describe(model: number, description: number): void;
  ez_tokenize(model: number, text: number, length: number, ids: number, capacity: number): number;
  ez_embed(model: number, text: number, length: number, vector: number): void;
  ez_embed_batch(model: number, texts: number, ends: number, count: number, vectors: number): void;
  ez_label(model: number, index: number, length: number): number;
  ez_classify(model: number, text: number, length: number, probabilities: number): void;
  ez_classify_batch(model: number, texts: number, ends: number, count: number, probabilities: number): void;
  ez_state_size(model: number): number;
  ez_step(model: number, state: number, id: number, logProbabilities: number): void;
  ez_score(model: number, text: number, length: number, nats: number, capacity: number): number;
  ez_generate(model: number, state: number, last: number, sampling: number, ids: number, count: number): number;
  ez_token(model: number, id: number, length: number): number;
}

/** A running module. Its memory is used as a stack from `__heap_base` on: the model, then a call's texts and answers. */
export class Instance {
  readonly exports: Exports;
  /** All of the memory; another array after each growth, so never to be kept. */
  bytes: Uint8Array<ArrayBuffer>;
  words: Uint32Array<ArrayBuffer>;
  floats: Float32Array<ArrayBuffer>;
  #top: number;
  #texts: TextRoom | undefined;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    relax(this.exports);
    this.#top = Number(this.exports.__heap_base.value);
    const buffer = this.exports.memory.buffer as ArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
  }

  /** The aligned address of `size` fresh bytes. */
  reserve(size: number): number {
    const start = Math.ceil(this.#top / ALIGNMENT) * ALIGNMENT;
    this.extend(start + size);
    return start;
  }

  /** Room for texts; after its first use nothing more is to be reserved. */
  get texts(): TextRoom {
    return (this.#texts ??= new TextRoom(this));
  }

  /** Makes all bytes up to `end` usable, behind what was reserved last. */
  extend(end: number): void {
    const lacking = end - this.bytes.length;
    if (end > LARGEST) throw new EngineError(`${end} bytes are more than a WebAssembly memory holds here`);
    if (lacking > 0) this.#grow(Math.ceil(lacking / PAGE));
    this.#top = end;
  }

  #grow(pages: number): void {
    try {
      this.exports.memory.grow(pages);
    } catch {
      throw new EngineError(`no memory is left for ${pages * PAGE} bytes more; dispose of models not in use`);
    }
    const buffer = this.exports.memory.buffer as ArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
  }

  /** The bytes up to a NUL, which are ASCII. */
  readString(start: number): string {
    return String.fromCharCode(...this.bytes.subarray(start, this.bytes.indexOf(0, start)));
  }
}
