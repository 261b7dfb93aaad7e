import { InputError } from "./errors.js";
import type { Instance } from "./instance.js";

const ROOM = 16384; // bytes; longer texts find more
const BYTES_A_UNIT = 3; // of UTF-8 for one of UTF-16, at most

/** Where texts are written as UTF-8 for a call: what lies last in an instance's memory, so that it can grow. */
export class TextRoom {
  readonly start: number;
  readonly #instance: Instance;
  readonly #encoder = new TextEncoder();
  #size = 0;
  #view: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(instance: Instance) {
    this.#instance = instance;
    this.start = instance.reserve(0);
    this.grow(ROOM);
  }

  /** Makes room for so many bytes in all. */
  grow(size: number): void {
    if (size <= this.#size) return;
    this.#instance.extend(this.start + size);
    this.#size = size;
    this.#view = this.#instance.bytes.subarray(this.start, this.start + size);
  }

  /** Whether a text surely fits behind `used` bytes of others without more room. */
  fits(text: string, used: number): boolean {
    return used + BYTES_A_UNIT * text.length <= this.#size;
  }

  /** Writes a text behind `used` bytes of others and returns how many bytes it has. */
  write(text: string, used: number): number {
    if (typeof text !== "string") throw new InputError(`a text must be a string, not ${kindOf(text)}`);
    this.grow(used + BYTES_A_UNIT * text.length);
    const view = used ? this.#view.subarray(used) : this.#view;
    return this.#encoder.encodeInto(text, view).written;
  }

  /** The address, for numbers of 32 bits, behind a text of `length` bytes, where there is room for `count` of them. */
  behind(length: number, count: number): number {
    const start = Math.ceil((this.start + length) / 4) * 4;
    this.grow(start + 4 * count - this.start);
    return start;
  }
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  return value === null ? "null" : (value as object | undefined)?.constructor?.name ?? typeof value;
}
