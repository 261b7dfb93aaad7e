/** What the page and its worker tell each other. */

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
