import type { Distribution } from "./suite.js";

/** Figures of the samples of several rounds, in microseconds; `references`: the reference loop's time in each round. */
export function distribution(rounds: readonly number[][], references: readonly number[]): Distribution {
  const samples = rounds.flat();
  const sorted = ascending(samples);
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / samples.length;
  const medians = rounds.map(median);
  const rank = (percent: number): number => milliseconds(percentile(sorted, percent));
  return {
    num_runs: samples.length,
    avg_ms: milliseconds(mean),
    stddev_ms: milliseconds(Math.sqrt(variance)),
    min_ms: milliseconds(sorted[0]!),
    max_ms: milliseconds(sorted.at(-1)!),
    median_ms: milliseconds(median(medians)),
    p5_ms: rank(5),
    p90_ms: rank(90),
    p95_ms: rank(95),
    p99_ms: rank(99),
    ratio: Number(median(medians.map((value, round) => value / references[round]!)).toPrecision(4)),
    samples_us: samples.map((sample) => rounded(sample, 2)),
  };
}

export function median(values: readonly number[]): number {
  return percentile(ascending(values), 50);
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** As NumPy has it: between the two nearest. */
function percentile(sorted: readonly number[], percent: number): number {
  const place = (percent / 100) * (sorted.length - 1);
  const low = Math.floor(place);
  const next = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return sorted[low]! + (place - low) * (next - sorted[low]!);
}

function milliseconds(microseconds: number): number {
  return rounded(microseconds / 1000, 6);
}
