import { deviceFacts } from "./device.js";
import { median, rounded } from "./distribution.js";
import { LOOP } from "./reference.js";
import type { Candidate, Evaluation, Figures } from "./suite.js";

/** What the build knows: models.json. */
export interface Build {
  readonly version: string;
  readonly commit: Readonly<Record<string, string | boolean>>;
  readonly models: readonly Omit<Candidate, "shipped">[];
}

/** How a model did. */
export type Outcome =
  | { readonly candidate: Candidate; readonly figures: Figures; readonly sha256: string }
  | { readonly candidate: Candidate; readonly message: string };

/** A report, as report.schema.json has it. */
export async function reportOf(build: Build, name: string, outcomes: readonly Outcome[]): Promise<object> {
  const references = outcomes.flatMap((outcome) => ("figures" in outcome ? outcome.figures.reference_us : []));
  return {
    format: "edgezoo-bench/1",
    producer: "web",
    created: `${new Date().toISOString().slice(0, 19)}Z`,
    commit: build.commit,
    device: await deviceFacts(name),
    versions: { edgezoo: build.version },
    reference: { loop: LOOP, ...(references.length ? { median_us: rounded(median(references), 2) } : {}) },
    results: outcomes.map(entryOf),
  };
}

function entryOf(outcome: Outcome): object {
  const { shipped, evaluation } = outcome.candidate;
  const place = { kind: "model", runtime: "wasm", shipped };
  if (!("figures" in outcome)) {
    return { ...place, model: outcome.candidate.name, precision: "", status: "failed", message: outcome.message };
  }
  const { figures, sha256 } = outcome;
  const quality = evaluation ? { quality: qualityOf(evaluation, figures, sha256) } : {};
  return { ...place, status: "measured", ...figures, ...quality };
}

/** What was evaluated, and whether it is what was measured here. */
function qualityOf({ bundle_sha256, precision, scores }: Evaluation, figures: Figures, sha256: string): object {
  const current = bundle_sha256 ? { current: bundle_sha256 === sha256 } : {};
  return { precision: precision ?? figures.precision, scores, ...current };
}

/** A report as a file: each list of numbers on a line. */
export function fileOf(report: object): string {
  const text = JSON.stringify(report, undefined, 1);
  return `${text.replace(/\[[\s\d.,e+-]+\]/g, (list) => `[${list.slice(1, -1).trim().replace(/\s+/g, " ")}]`)}\n`;
}

interface Named {
  readonly created: string;
  readonly device: { readonly board?: string; readonly system: string; readonly browser: string };
}

/** What to call it: the day, the device, the browser. */
export function nameOf(report: object): string {
  const { created, device } = report as Named;
  const words = `${device.board ?? device.system} ${device.browser.replace(/\.\d.*/, "")}`.toLowerCase();
  return `${created.slice(0, 10)}-${words.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "")}.json`;
}
