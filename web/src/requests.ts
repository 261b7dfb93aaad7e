import { InputError } from "./errors.js";
import type { GenerateOptions, ScoreOptions, StreamOptions } from "./language.js";
import { kindOf } from "./text_room.js";

const MAX_NEW_TOKENS = 1_000_000;
const MAX_SEQUENCES = 1000;
const MAX_SEED = 2n ** 64n - 1n;
const MAX_TOP_K = 2 ** 31;
const TEMPERATURES = [0.01, 100] as const;
const HALF = /\p{Surrogate}/u; // of a character
const HALVES = /\p{Surrogate}/gu;
const DETAILS = ["summary", "per_char"];
const SCORE_OPTIONS = ["detail", "topK"];
const STREAM_OPTIONS = ["maxNewTokens", "temperature", "topK", "topP", "stopOnEos", "stopSequences", "seed"];

/** What is asked of `stream`, checked and complete; topK 0 and topP 1: among all. */
export type Request = Required<StreamOptions> & { readonly prompt: string };

/** What is asked of `score`; topK 0: none. */
export interface Scoring {
  readonly text: string;
  readonly perChar: boolean;
  readonly topK: number;
}

/** The arguments of `score` as they are used; throws an InputError that names the wrong one. */
export function checkedScoring(given: string, options: ScoreOptions, tokens: number): Scoring {
  const text = checkedText("text", given);
  if (!text) throw new InputError("the text is empty; there is nothing to score");
  const { detail = "summary", topK } = checkedOptions("score", options, SCORE_OPTIONS);
  if (!DETAILS.includes(detail)) refuse("detail", 'one of "summary", "per_char"', detail);
  if (topK === undefined) return { text, perChar: detail === "per_char", topK: 0 };
  if (detail !== "per_char") throw new InputError('topK goes with detail: "per_char"; leave one of them out');
  return { text, perChar: true, topK: checkedWhole("topK", topK, 1, tokens) };
}

/** The arguments of `generate` as they are used. */
export function checkedGenerating(prompt: string, options: GenerateOptions): { request: Request; count: number } {
  const { numReturnSequences, ...rest } = checkedOptions("generate", options, [...STREAM_OPTIONS, "numReturnSequences"]);
  const request = checkedStreaming(prompt, rest);
  const count = checkedWhole("numReturnSequences", numReturnSequences ?? 1, 1, MAX_SEQUENCES);
  if (request.temperature === 0 && count > 1) {
    throw new InputError("temperature: 0 gives one continuation; leave out numReturnSequences");
  }
  return { request, count };
}

/** The arguments of `stream` as they are used. */
export function checkedStreaming(prompt: string, options: StreamOptions): Request {
  const { temperature = 1, topK, topP, ...rest } = checkedOptions("stream", options, STREAM_OPTIONS);
  const { maxNewTokens = 256, stopOnEos = true, stopSequences = [], seed } = rest;
  checkTemperature(temperature);
  if (temperature === 0 && (topK !== undefined || topP !== undefined)) {
    const name = topK === undefined ? "topP" : "topK";
    throw new InputError(`temperature: 0 always takes the likeliest character; leave out ${name}`);
  }
  if (topP !== undefined && !(typeof topP === "number" && topP > 0 && topP <= 1)) {
    refuse("topP", "a number above 0 and at most 1", topP);
  }
  if (typeof stopOnEos !== "boolean") refuse("stopOnEos", "true or false", stopOnEos);
  return {
    prompt: checkedText("prompt", prompt),
    maxNewTokens: checkedWhole("maxNewTokens", maxNewTokens, 1, MAX_NEW_TOKENS),
    temperature,
    topK: topK === undefined ? 0 : checkedWhole("topK", topK, 1, MAX_TOP_K),
    topP: topP ?? 1,
    stopOnEos,
    stopSequences: checkedStops(stopSequences),
    seed: seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : checkedSeed(seed),
  };
}

function checkTemperature(value: unknown): void {
  const [lowest, highest] = TEMPERATURES;
  const fits = typeof value === "number" && (value === 0 || (value >= lowest && value <= highest));
  if (!fits) refuse("temperature", `0 or a number from ${lowest} to ${highest}`, value);
}

function checkedStops(stops: readonly string[]): readonly string[] {
  if (!Array.isArray(stops)) refuse("stopSequences", "an array of strings", stops);
  stops.forEach((stop: unknown, index) => {
    const whole = typeof stop === "string" && stop && !HALF.test(stop);
    if (!whole) refuse(`stopSequences[${index}]`, "a string of at least one whole character", stop);
  });
  return stops.map((stop: string) => stop.normalize("NFC"));
}

function checkedSeed(seed: number | bigint): number | bigint {
  const whole = typeof seed === "bigint" || (typeof seed === "number" && Number.isSafeInteger(seed));
  if (!whole || seed < 0 || seed > MAX_SEED) {
    refuse("seed", `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or a bigint up to ${MAX_SEED}`, seed);
  }
  return seed;
}

function checkedWhole(name: string, value: number, lowest: number, highest: number): number {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    refuse(name, `a whole number from ${lowest} to ${highest}`, value);
  }
  return value;
}

/** The text in NFC, lone surrogates as U+FFFD. */
function checkedText(name: string, text: string): string {
  if (typeof text !== "string") refuse(name, "a string", text);
  return text.replace(HALVES, "\ufffd").normalize("NFC");
}

/** Options of which none is misspelt: such a one would be passed over in silence. */
function checkedOptions<Options extends object>(method: string, options: Options, known: readonly string[]): Options {
  if (typeof options !== "object" || options === null) refuse(`the options of ${method}`, "an object", options);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new InputError(`${method} has no option ${name}; it has ${known.join(", ")}`);
  }
  return options;
}

function refuse(name: string, expected: string, value: unknown): never {
  const plain = ["string", "number", "boolean", "bigint", "undefined"].includes(typeof value);
  const found = typeof value === "string" ? JSON.stringify(value) : plain ? String(value) : kindOf(value);
  throw new InputError(`${name} must be ${expected}, not ${found}`);
}
