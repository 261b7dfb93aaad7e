/** What the benchmark measures with, from suite.json, and what it finds, as a report names it. */

export interface Suite {
  /** About as long as a tweet. */
  readonly short: readonly string[];
  /** More words than any model reads of a text. */
  readonly words: string;
  readonly many: readonly string[];
  /** A text, one that means about the same, and one that does not. */
  readonly triplets: readonly (readonly [string, string, string])[];
  /** A review, and whether it speaks well of its subject. */
  readonly reviews: readonly (readonly [string, string])[];
}

/** What is known of a model before it is opened. */
export interface Candidate {
  readonly name: string;
  readonly bytes: number;
  /** Its address, or what was chosen from this device. */
  readonly source: string | Blob;
  readonly shipped: boolean;
  readonly evaluation?: Evaluation;
}

/** What `edgezoo eval` found. */
export interface Evaluation {
  readonly bundle_sha256?: string;
  readonly precision?: string;
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What was measured of a model, as an entry of a report has it; see report.schema.json. */
export interface Figures {
  readonly model: string;
  readonly family?: string;
  readonly precision: string;
  readonly reference_us: readonly number[];
  readonly misc_metrics: { readonly model_size_mb: number; readonly num_runs: number; readonly num_warmup_runs: number };
  readonly latency_metrics: {
    readonly import_ms: number;
    readonly init_ms: number;
    readonly first_inference_ms: number;
    readonly average_warm_up_ms: number;
    readonly short: Texts;
    readonly full: Texts;
    /** Of language models. */
    readonly score?: Characters;
    readonly generate?: Characters;
  };
  readonly memory_metrics: { readonly linear_memory_kb: number };
  readonly throughput: readonly Throughput[];
  readonly probes: Readonly<Record<string, number>>;
}

/** What a suite's worker tells the page. */
export type Word =
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "measured"; readonly figures: Figures; readonly sha256: string }
  | { readonly kind: "failed"; readonly message: string };

/** What it is asked. */
export interface Job {
  readonly source: string | Blob;
  readonly suite: Suite;
}

export interface Throughput {
  readonly batch: number;
  readonly threads: 1;
  readonly texts_per_second: number;
}

/** What a character costs, in calls of so many. */
export interface Characters {
  readonly characters: number;
  readonly each: Distribution;
  readonly per_second: number;
}

export interface Texts {
  readonly tokens: number;
  readonly calls_per_sample: number;
  readonly total: Distribution;
  readonly tokenise: Distribution;
  readonly infer: Distribution;
}

export interface Distribution {
  readonly num_runs: number;
  readonly avg_ms: number;
  readonly stddev_ms: number;
  readonly min_ms: number;
  readonly max_ms: number;
  readonly median_ms: number;
  readonly p5_ms: number;
  readonly p90_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly ratio: number;
  readonly samples_us?: readonly number[];
}
