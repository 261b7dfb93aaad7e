import type { Model } from "../../../src/index.js";
import { callsASample, timed } from "./clock.js";
import { distribution, rounded } from "./distribution.js";
import type { Characters } from "./suite.js";

// As edgezoo/benchmarks/language.py has them.
const CHARACTERS = 256; // of the text that is scored, and of each continuation
const SEED = 1;

/** How often to measure, in how much time, and beside what. */
export interface Effort {
  readonly rounds: number;
  readonly calls: number;
  readonly seconds: number;
  readonly step: number;
  readonly reference: () => number;
}

/**
 * What a character costs a language model, to score and to write, and the reference loop's time before each round.
 * The text that is scored is the model's own, so that it knows every character.
 */
export function characterFigures(model: Model, effort: Effort): [Readonly<Record<string, Characters>>, number[]] {
  const write = (): string => model.generate("", { maxNewTokens: CHARACTERS, seed: SEED, stopOnEos: false }).text;
  const text = write();
  const { length } = [...text];
  const parts = { score: [() => model.score(text), length + 1], generate: [write, length] } as const;
  const references: number[] = [];
  const found: Record<string, Characters> = {};
  for (const [name, [call, characters]] of Object.entries(parts)) {
    const burst = callsASample(call, effort.step);
    const seconds = (timed(burst, call) * burst) / 1e6;
    const count = Math.max(1, Math.min(effort.calls, Math.floor(effort.seconds / (seconds * effort.rounds))));
    const times: number[][] = [];
    const own: number[] = [];
    for (let round = 0; round < effort.rounds; round++) {
      own.push(effort.reference());
      times.push(Array.from({ length: count }, () => timed(burst, call) / characters));
    }
    const each = distribution(times, own);
    found[name] = { characters, each, per_second: rounded(1000 / each.median_ms, 1) };
    references.push(...own);
  }
  return [found, references];
}
