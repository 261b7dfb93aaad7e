import type { CharScore } from "../../src/index.js";

/** What the page and its workers tell each other. */

export type Question = { readonly kind: "ask"; readonly id: number; readonly text: string };

export interface Neighbour {
  readonly sentence: string;
  readonly similarity: number;
}

export interface Answer {
  readonly kind: "answer";
  readonly id: number;
  readonly text: string;
  /** Probability that the text speaks well of its subject; undefined for a text without words. */
  readonly positive: number | undefined;
  readonly neighbours: readonly Neighbour[];
  readonly readMicroseconds: number;
  readonly compareMicroseconds: number;
  readonly compared: number;
}

export type News =
  | { readonly kind: "progress"; readonly loaded: number; readonly total: number | undefined }
  | { readonly kind: "open"; readonly bytes: number; readonly memory: number }
  | { readonly kind: "index"; readonly done: number; readonly total: number; readonly milliseconds: number }
  | Answer
  | { readonly kind: "failure"; readonly message: string };

/** To the language model: how surprising a text is. It stops whatever is being written. */
export type Reading = { readonly kind: "read"; readonly id: number; readonly text: string };

/** To the language model: how a text could go on. */
export interface Writing {
  readonly kind: "write";
  readonly id: number;
  readonly text: string;
  readonly temperature: number;
  readonly seed: number;
}

/** Of the language model; `id` is that of the question. */
export type LanguageNews =
  | { readonly kind: "absent" }
  | { readonly kind: "read"; readonly id: number; readonly characters: readonly CharScore[] }
  | { readonly kind: "written"; readonly id: number; readonly piece: string }
  | { readonly kind: "finished"; readonly id: number; readonly perSecond: number }
  | { readonly kind: "failure"; readonly message: string };
