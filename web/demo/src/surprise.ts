import type { CharScore } from "../../src/index.js";
import { element } from "./page.js";

const WORTH_SAYING = 0.02; // the probability of what else could have stood there
const MARK = /^\p{M}/u; // which stands on another character
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** A text whose letters are the darker the less they were expected; the one pointed at is explained below it. */
export class Surprise {
  readonly #box = element("surprise");
  readonly #readout = element("readout");
  #characters: readonly CharScore[] = [];

  constructor() {
    this.#box.addEventListener("keydown", (event) => this.#walk(event));
    this.#box.addEventListener("pointerover", (event) => this.#point(event));
    this.#box.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse") this.#selectMost(); // a finger leaves when it has chosen
    });
  }

  show(characters: readonly CharScore[]): void {
    this.#characters = characters;
    const spans = characters.map((score, place) => letter(score, this.#box.children[place]));
    while (this.#box.children.length > spans.length) this.#box.lastElementChild!.remove();
    spans.forEach((span, place) => {
      if (this.#box.children[place] !== span) this.#box.append(span);
    });
    this.#box.hidden = !characters.length;
    this.#box.setAttribute("aria-valuemax", String(Math.max(0, characters.length - 1)));
    this.#selectMost();
  }

  /** Of a character, in bits; undefined for an empty text. */
  get bits(): number | undefined {
    const count = this.#characters.length;
    return count ? this.#characters.reduce((sum, { surprisal }) => sum + surprisal, 0) / count : undefined;
  }

  get #chosen(): number {
    return Number(this.#box.getAttribute("aria-valuenow"));
  }

  #selectMost(): void {
    const bits = this.#characters.map(({ surprisal }) => surprisal);
    this.#select(bits.indexOf(Math.max(...bits)), "Least expected: ");
  }

  #select(place: number, introduction = ""): void {
    const score = this.#characters[place];
    const text = score ? introduction + explanation(score) : "Nothing was said yet, so it begins by itself.";
    this.#readout.textContent = text;
    this.#box.setAttribute("aria-valuenow", String(Math.max(0, place)));
    this.#box.setAttribute("aria-valuetext", text);
    this.#box.querySelector(".chosen")?.classList.remove("chosen");
    this.#box.children[place]?.classList.add("chosen");
  }

  #point({ target }: Event): void {
    const place = Array.from(this.#box.children).indexOf(target as Element);
    if (place >= 0) this.#select(place);
  }

  #walk(event: KeyboardEvent): void {
    const last = this.#characters.length - 1;
    const ends: Readonly<Record<string, number>> = { Home: 0, End: last };
    const place = ends[event.key] ?? this.#chosen + (STEPS[event.key] ?? NaN);
    if (Number.isNaN(place)) return;
    this.#select(Math.min(last, Math.max(0, place)));
    event.preventDefault();
  }
}

/** The span of a letter, the one that was there before if there was. */
function letter({ character, surprisal, known }: CharScore, before: Element | undefined): HTMLElement {
  const span = (before as HTMLElement | undefined) ?? document.createElement("span");
  if (span.textContent !== character) span.textContent = character;
  span.style.setProperty("--bits", surprisal.toFixed(2));
  span.classList.toggle("unknown", !known);
  return span;
}

function explanation({ character, surprisal, known, top }: CharScore): string {
  if (!known) return `${name(character)}, a character that it does not know.`;
  const others = top.filter((other) => other.character !== character && other.probability >= WORTH_SAYING);
  const facts = `${name(character)}, ${surprisal.toFixed(1)} bits: ${chance(surprisal)}.`;
  if (!others.length) return facts;
  const instead = others.map((other) => `${name(other.character)}\u00a0${percent(other.probability)}`).join(", ");
  return `${facts} It ${top[0]!.character === character ? "also thought of" : "rather expected"} ${instead}.`;
}

function chance(bits: number): string {
  const times = 2 ** bits;
  return times < 10 ? `a chance of ${percent(1 / times)}` : `one chance in ${rounded(times).toLocaleString("en")}`;
}

/** To two digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

function percent(probability: number): string {
  return `${Math.round(100 * probability)}\u00a0%`;
}

function name(character: string): string {
  if (character === "") return "the end";
  if (character === "\n") return "a new line";
  if (MARK.test(character)) return `“◌${character}”`;
  return character.trim() ? `“${character}”` : "a space";
}
