import { load, type Model } from "../../../src/index.js";
import { characterFigures, type Effort } from "./characters.js";
import { callsASample, clockStep, timed } from "./clock.js";
import { distribution, median, rounded } from "./distribution.js";
import { Reference } from "./reference.js";
import { fullLength, probe, subjectOf, writes, type Subject } from "./subject.js";
import type { Figures, Suite, Texts, Throughput } from "./suite.js";

// As edgezoo/benchmarks/measurement.py has them.
const ROUNDS = 7;
const CALLS = 50;
const FULL_TOKENS = 128;
const REFERENCES = 5;
const BATCHES = [32, 512];
const BATCH_ROUNDS = 3;
const LONGEST = 1; // seconds: what would take longer gets fewer calls
const WARM = { calls: 20, milliseconds: 300 }; // compilers take their time, and both are waited for
const PARTS = 2 * ROUNDS + BATCHES.length + 1;

/** A measurement of one open model. Between its parts it tells how far it is. */
export class Measurement {
  readonly #suite: Suite;
  readonly #told: (share: number) => void;
  readonly #step = clockStep();
  readonly #reference = new Reference();
  readonly #referenceCalls: number;
  #done = 0;

  constructor(suite: Suite, told: (share: number) => void) {
    this.#suite = suite;
    this.#told = told;
    for (let i = 0; i < WARM.calls; i++) this.#reference.run();
    this.#referenceCalls = callsASample(this.#reference.run, this.#step);
  }

  /** The figures of a bundle, and its digest. */
  async measure(bytes: ArrayBuffer, engine: ArrayBuffer): Promise<{ figures: Figures; sha256: string }> {
    const { short } = this.#suite;
    const begin = performance.now();
    const module = await WebAssembly.compile(engine);
    const compiled = performance.now();
    const model = await load(bytes, { engine: module });
    const opened = performance.now();
    const subject = subjectOf(model);
    const first = timed(1, () => subject.one(short[0]!));
    const warm = warmUp(subject, short);
    this.#tell();
    const full = fullLength(model, this.#suite.words, Math.min(model.maxTokens || FULL_TOKENS, FULL_TOKENS));
    const [shortFigures, shortReferences] = this.#single(model, subject, short);
    const [fullFigures, fullReferences] = this.#single(model, subject, [full]);
    const [byCharacter, characterReferences] = writes(model) ? characterFigures(model, this.#effort) : [{}, []];
    const throughput = this.#throughput(subject, shortFigures.total.median_ms);
    const { family, precision } = model.card;
    const figures: Figures = {
      model: model.name,
      precision: String(precision ?? ""),
      ...(family ? { family: String(family) } : {}),
      reference_us: [...shortReferences, ...fullReferences, ...characterReferences].map((each) => rounded(each, 2)),
      misc_metrics: {
        model_size_mb: rounded(bytes.byteLength / 1e6, 6),
        num_runs: shortFigures.total.num_runs,
        num_warmup_runs: warm.length,
      },
      latency_metrics: {
        import_ms: rounded(compiled - begin, 3),
        init_ms: rounded(opened - compiled, 3),
        first_inference_ms: rounded(first / 1000, 6),
        average_warm_up_ms: rounded(warm.reduce((sum, each) => sum + each, 0) / warm.length / 1000, 6),
        short: shortFigures,
        full: fullFigures,
        ...byCharacter,
      },
      memory_metrics: { linear_memory_kb: model.memory >> 10 },
      throughput,
      probes: probe(model, this.#suite),
    };
    const { sha256 } = model;
    model.dispose();
    return { figures, sha256 };
  }

  get #effort(): Effort {
    return { rounds: ROUNDS, calls: CALLS, seconds: LONGEST, step: this.#step, reference: () => this.#referenceTime() };
  }

  #tell(): void {
    this.#told(++this.#done / PARTS);
  }

  /** Latency of one text after the other, and the reference loop's time before each round. */
  #single(model: Model, subject: Subject, texts: readonly string[]): [Texts, number[]] {
    const longest = texts.at(-1)!;
    const calls = callsASample(() => subject.one(longest), this.#step);
    const seconds = (timed(calls, () => subject.one(longest)) * calls) / 1e6;
    const count = Math.max(3, Math.min(CALLS, Math.floor(LONGEST / (seconds * ROUNDS))));
    const chosen = Array.from({ length: count }, (_, index) => texts[index % texts.length]!);
    const totals: number[][] = [];
    const tokenising: number[][] = [];
    const references: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      references.push(this.#referenceTime());
      totals.push(chosen.map((text) => timed(calls, () => subject.one(text))));
      tokenising.push(chosen.map((text) => timed(calls, () => model.tokenize(text))));
      this.#tell();
    }
    const rest = totals.map((row, round) => row.map((total, i) => Math.max(0, total - tokenising[round]![i]!)));
    const { samples_us, ...infer } = distribution(rest, references); // the difference of the two others
    const tokens = texts.reduce((sum, text) => sum + model.tokenize(text).length, 0) / texts.length;
    const [total, tokenise] = [distribution(totals, references), distribution(tokenising, references)];
    return [{ tokens, calls_per_sample: calls, total, tokenise, infer }, references];
  }

  #referenceTime(): number {
    return median(Array.from({ length: REFERENCES }, () => timed(this.#referenceCalls, this.#reference.run)));
  }

  #throughput(subject: Subject, oneMilliseconds: number): Throughput[] {
    const found: Throughput[] = [];
    for (const batch of BATCHES) {
      if ((oneMilliseconds * batch * (BATCH_ROUNDS + 1)) / 1000 <= 2 * LONGEST) {
        const texts = this.#suite.many.slice(0, batch);
        const calls = callsASample(() => subject.many(texts), this.#step);
        const times = Array.from({ length: BATCH_ROUNDS }, () => timed(calls, () => subject.many(texts)));
        found.push({ batch, threads: 1, texts_per_second: rounded(batch / (median(times) / 1e6), 1) });
      }
      this.#tell();
    }
    return found;
  }
}

/** Microseconds of calls until there were enough of them, for long enough. */
function warmUp(subject: Subject, texts: readonly string[]): number[] {
  const times: number[] = [];
  const end = performance.now() + WARM.milliseconds;
  while (times.length < WARM.calls || performance.now() < end) {
    times.push(timed(1, () => subject.one(texts[times.length % texts.length]!)));
  }
  return times;
}
