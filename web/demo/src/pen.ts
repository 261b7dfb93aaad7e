import { moving } from "./page.js";

const PACE = 110; // characters a second, which can be read along

/** Writes what it is given into an element, no faster than it can be read; at once where nothing may move. */
export class Pen {
  readonly #text = document.createTextNode("");
  readonly #done: () => void;
  #given: string[] = [];
  #complete = false;
  #written = 0;
  #frame = 0;

  /** `done` is called when all is written. */
  constructor(element: HTMLElement, done: () => void) {
    element.append(this.#text);
    this.#done = done;
  }

  get text(): string {
    return this.#given.join("");
  }

  clear(): void {
    cancelAnimationFrame(this.#frame);
    this.#given = [];
    this.#complete = false;
    this.#written = this.#frame = 0;
    this.#text.data = "";
  }

  write(piece: string): void {
    this.#given.push(...piece);
    this.#move();
  }

  /** Nothing more will come. */
  finish(): void {
    this.#complete = true;
    this.#move();
  }

  #move(): void {
    if (!moving()) this.#show(this.#given.length);
    else if (!this.#frame) this.#frame = requestAnimationFrame((now) => this.#draw(now, now));
  }

  #draw(now: number, before: number): void {
    this.#show(Math.min(this.#given.length, this.#written + ((now - before) * PACE) / 1000));
    const left = this.#written < this.#given.length;
    this.#frame = left ? requestAnimationFrame((next) => this.#draw(next, now)) : 0;
  }

  #show(written: number): void {
    this.#written = written;
    this.#text.data = this.#given.slice(0, Math.floor(written)).join("");
    if (this.#complete && written === this.#given.length) this.#done();
  }
}
