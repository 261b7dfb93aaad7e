import type { Model } from "../../../src/index.js";
import type { Suite } from "./suite.js";

/** What is asked of a model: vectors, or classes, or scores, whichever of these it can give first. */
export interface Subject {
  readonly one: (text: string) => unknown;
  readonly many: (texts: readonly string[]) => unknown;
}

export function subjectOf(model: Model): Subject {
  if (model.dim) return { one: (text) => model.embed(text), many: (texts) => model.embed(texts) };
  if (model.labels.length) return { one: (text) => model.classify(text), many: (texts) => model.classify(texts) };
  return { one: (text) => model.score(text), many: (texts) => texts.map((text) => model.score(text)) };
}

/** Whether it is a language model. */
export function writes(model: Model): boolean {
  return !model.dim && !model.labels.length;
}

/** Shares of easy questions that a model of English gets right, of the kinds that it can answer. */
export function probe(model: Model, suite: Suite): Record<string, number> {
  const { languages } = model.card;
  const found: Record<string, number> = {};
  if (!Array.isArray(languages) || !languages.includes("en")) return found;
  if (model.dim) {
    found["triplets"] = share(suite.triplets, ([text, near, far]) => {
      return model.similarity(text, near) > model.similarity(text, far);
    });
  }
  if (["negative", "positive"].every((label) => model.labels.includes(label))) {
    found["reviews"] = share(suite.reviews, ([text, label]) => model.classify(text).label === label);
  }
  return found;
}

function share<Question>(questions: readonly Question[], right: (question: Question) => boolean): number {
  return questions.filter(right).length / questions.length;
}

/** As many of the words as have at most `limit` tokens together. */
export function fullLength(model: Model, words: string, limit: number): string {
  const all = words.split(" ");
  let count = 1;
  while (count < all.length && model.tokenize(all.slice(0, count + 1).join(" ")).length <= limit) count++;
  return all.slice(0, count).join(" ");
}
