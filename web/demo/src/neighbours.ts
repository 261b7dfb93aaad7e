import { moving } from "./page.js";
import type { Neighbour } from "./messages.js";

const MOVE = { duration: 180, easing: "ease-out" };

/** The list of nearest sentences, which glide to their new places. */
export class Neighbours {
  readonly #list: HTMLElement;
  readonly #choose: (sentence: string) => void;
  readonly #items = new Map<string, HTMLLIElement>();

  constructor(list: HTMLElement, choose: (sentence: string) => void) {
    this.#list = list;
    this.#choose = choose;
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  show(neighbours: readonly Neighbour[]): void {
    const before = new Map(Array.from(this.#items, ([sentence, item]) => [sentence, item.offsetTop]));
    const kept = new Set(neighbours.map(({ sentence }) => sentence));
    for (const [sentence, item] of this.#items) {
      if (kept.has(sentence)) continue;
      item.remove();
      this.#items.delete(sentence);
    }
    neighbours.forEach(({ sentence, similarity }, place) => {
      const item = this.#items.get(sentence) ?? this.#make(sentence);
      // Only what is out of place is moved: a button that is moved loses the focus.
      if (this.#list.children[place] !== item) this.#list.insertBefore(item, this.#list.children[place] ?? null);
      const button = item.firstElementChild as HTMLElement;
      button.style.setProperty("--near", Math.max(0, similarity).toFixed(3));
      button.lastElementChild!.textContent = `${Math.round(100 * similarity)} %`;
    });
    if (moving()) this.#glide(before);
  }

  #make(sentence: string): HTMLLIElement {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Go on from this sentence";
    const [words, near] = [document.createElement("span"), document.createElement("span")];
    words.textContent = sentence;
    near.className = "near";
    button.append(words, near);
    button.addEventListener("click", () => this.#choose(sentence));
    item.append(button);
    this.#items.set(sentence, item);
    return item;
  }

  #glide(before: ReadonlyMap<string, number>): void {
    for (const [sentence, item] of this.#items) {
      const from = before.get(sentence);
      if (from === undefined) item.animate([{ opacity: 0 }, { opacity: 1 }], MOVE);
      else if (from !== item.offsetTop) {
        item.animate([{ transform: `translateY(${from - item.offsetTop}px)` }, { transform: "none" }], MOVE);
      }
    }
  }

  /** Arrow keys go from one sentence to the next. */
  #walk(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = Array.from(this.#list.querySelectorAll("button"));
    const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step];
    next?.focus();
    event.preventDefault();
  }
}
