import { load, type Model } from "../../src/index.js";
import { turn } from "../../src/turn.js";
import type { LanguageNews, Reading, Writing } from "./messages.js";

/** Its name, which the build fills in. */
declare const LANGUAGE_MODEL: string;

const LIKELIEST = 3; // characters, at each place
const LENGTH = 280; // characters of a continuation
const PAUSE = 8; // milliseconds between two pieces that the page is told of

const scope = self as unknown as {
  postMessage(news: LanguageNews): void;
  onmessage: ((event: MessageEvent<Reading | Writing>) => void) | null;
};
let model: Model | undefined;
let reading: Reading | undefined;
let writing: Writing | undefined;
let busy = false;

scope.onmessage = ({ data }) => {
  if (data.kind === "read") [reading, writing] = [data, undefined];
  else writing = data;
  if (model) work(model).catch(fail);
};

/** Does what was asked last, until nothing is left to do. */
async function work(open: Model): Promise<void> {
  if (busy) return;
  busy = true;
  while (reading || writing) {
    await turn(); // of several questions only the last is worth an answer
    const [text, order] = [reading, writing];
    if (text) {
      reading = undefined;
      scope.postMessage({ kind: "read", id: text.id, characters: read(open, text.text) });
    } else if (order) {
      await write(open, order);
      if (writing === order) writing = undefined;
    }
  }
  busy = false;
}

/** Each character's surprisal; the text's end is left out, for it may be typed on. */
function read(open: Model, text: string) {
  return text ? open.score(text, { detail: "per_char", topK: LIKELIEST }).perChar.slice(0, -1) : [];
}

/** Goes on with a text in small pieces; leaves off as soon as something else is asked. */
async function write(open: Model, order: Writing): Promise<void> {
  const { id, text, temperature, seed } = order;
  const stream = open.stream(text, { temperature, seed, maxNewTokens: LENGTH, stopOnEos: false });
  let [piece, written, first, told] = ["", 0, 0, 0];
  for await (const character of stream) {
    if (writing !== order) return;
    const now = performance.now();
    piece += character;
    if (!written++) first = now; // by then it has read the text
    else if (now - told < PAUSE) continue;
    scope.postMessage({ kind: "written", id, piece });
    [piece, told] = ["", now];
  }
  const perSecond = ((written - 1) / (performance.now() - first)) * 1000;
  if (piece) scope.postMessage({ kind: "written", id, piece });
  scope.postMessage({ kind: "finished", id, perSecond });
}

/** Where the zoo has the model, if it does. */
async function address(): Promise<URL | undefined> {
  const response = await fetch(new URL("./models.json", import.meta.url));
  if (!response.ok) throw new Error(`models.json can't be fetched: status ${response.status}`);
  const { models } = (await response.json()) as { models: { name: string; source: string }[] };
  const found = models.find(({ name }) => name === LANGUAGE_MODEL);
  return found && new URL(found.source, import.meta.url);
}

async function main(): Promise<void> {
  const source = await address();
  if (!source) return scope.postMessage({ kind: "absent" });
  model = await load(source);
  await work(model);
}

function fail(error: unknown): void {
  scope.postMessage({ kind: "failure", message: error instanceof Error ? error.message : String(error) });
}

main().catch(fail);
