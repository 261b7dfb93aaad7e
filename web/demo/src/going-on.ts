import type { CharScore } from "../../src/index.js";
import { element } from "./page.js";
import type { LanguageNews, Reading, Writing } from "./messages.js";
import { Pen } from "./pen.js";
import { Surprise } from "./surprise.js";

const REST = 300; // milliseconds without a keystroke after which it writes
const SPOKEN_AFTER = 900;

/** How surprising the text is, and how it could go on, by a language model that is fetched when `wake` is called. */
export class GoingOn {
  readonly #panel = element("going-on");
  readonly #temperature = element<HTMLInputElement>("temperature");
  readonly #seed = element<HTMLInputElement>("seed");
  readonly #surprise = new Surprise();
  readonly #pen = new Pen(element("continuation"), () => this.#end());
  #worker: Worker | undefined;
  #text = "";
  #asked = 0;
  #read = 0; // the last of each that was asked
  #written = 0;
  #resting = 0;
  #speaking = 0;
  #aloud = false;

  constructor() {
    this.#temperature.addEventListener("input", () => this.#write());
    this.#seed.addEventListener("input", () => this.#write());
    element("another").addEventListener("click", () => this.#writeAnother());
  }

  wake(): void {
    const worker = new Worker(new URL("./language-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<LanguageNews>) => this.#hear(data);
    worker.onerror = (event) => this.#fail(event.message || "its worker could not be started");
    this.#worker = worker;
    this.show(this.#text);
  }

  /** Takes another text, which makes an end of whatever is being written. */
  show(text: string): void {
    this.#text = text;
    this.#clear();
    if (!this.#worker) return;
    this.#read = ++this.#asked;
    this.#worker.postMessage({ kind: "read", id: this.#read, text } satisfies Reading);
    this.#resting = window.setTimeout(() => this.#write(), REST);
  }

  #writeAnother(): void {
    this.#seed.value = String((this.#seed.valueAsNumber || 0) + 1);
    this.#write();
    this.#aloud = true;
  }

  #write(): void {
    this.#clear();
    const [temperature, seed] = [this.#temperature.valueAsNumber, this.#seed.valueAsNumber];
    element("warmth").textContent = temperature.toFixed(1);
    if (!this.#worker || !this.#seed.validity.valid) return;
    this.#written = ++this.#asked;
    const order = { kind: "write", id: this.#written, text: this.#text, temperature, seed } satisfies Writing;
    this.#worker.postMessage(order);
    this.#panel.dataset["state"] = "writing";
  }

  #clear(): void {
    clearTimeout(this.#resting);
    clearTimeout(this.#speaking);
    this.#written = 0;
    this.#aloud = false;
    this.#pen.clear();
    this.#panel.dataset["state"] = "waiting";
  }

  #hear(news: LanguageNews): void {
    if (news.kind === "absent") this.#panel.hidden = true;
    else if (news.kind === "failure") this.#fail(news.message);
    else if (news.id !== (news.kind === "read" ? this.#read : this.#written)) return; // something else was asked since
    else if (news.kind === "read") this.#show(news.characters);
    else if (news.kind === "written") this.#pen.write(news.piece);
    else {
      element("speed").textContent = Math.round(news.perSecond).toLocaleString("en");
      this.#pen.finish();
    }
  }

  #show(characters: readonly CharScore[]): void {
    this.#surprise.show(characters);
    const { bits } = this.#surprise;
    element("bits").textContent = bits === undefined ? "–" : bits.toFixed(2);
    element("guess").textContent = bits === undefined ? "" : `: like guessing among ${Math.round(2 ** bits)}`;
  }

  /** For screen readers: what was written if that was asked for, else how surprising the text is. */
  #end(): void {
    this.#panel.dataset["state"] = "done";
    const bits = `${element("bits").textContent} bits a character. ${element("readout").textContent}`;
    const spoken = this.#aloud ? `Seed ${this.#seed.value}: ${this.#pen.text}` : bits;
    this.#speaking = window.setTimeout(() => (element("told").textContent = spoken), SPOKEN_AFTER);
  }

  #fail(message: string): void {
    this.#panel.dataset["state"] = "failed";
    element("readout").textContent = `It could not be opened: ${message}`;
  }
}
