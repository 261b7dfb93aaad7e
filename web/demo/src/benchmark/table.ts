import { element, microseconds } from "../page.js";
import type { Outcome } from "./report.js";
import type { Characters, Figures } from "./suite.js";

const body = element("rows");
const writers = element("writer-rows");

export function clearRows(): void {
  body.replaceChildren();
  writers.replaceChildren();
  element("writers").hidden = true;
}

/** Adds a line with what was found of a model, or why there is nothing; of a language model another by the character. */
export function addRow(outcome: Outcome): void {
  if (!("figures" in outcome)) {
    const reason = cell("td", outcome.message);
    reason.colSpan = 8;
    body.append(row(outcome.candidate.name, [reason]));
    return;
  }
  const { model, latency_metrics } = outcome.figures;
  body.append(row(model, figuresOf(outcome.figures).map((text) => cell("td", text))));
  const { score, generate } = latency_metrics;
  if (!score || !generate) return;
  writers.append(row(model, charactersOf(score, generate).map((text) => cell("td", text))));
  element("writers").hidden = false;
}

function row(model: string, cells: readonly HTMLElement[]): HTMLElement {
  const found = document.createElement("tr");
  const name = cell("th", model);
  name.scope = "row";
  found.append(name, ...cells);
  return found;
}

function figuresOf({ latency_metrics, memory_metrics, throughput }: Figures): string[] {
  const { init_ms, short, full } = latency_metrics;
  const fastest = Math.max(...throughput.map((each) => each.texts_per_second));
  const times = [init_ms, short.total.median_ms, short.total.p95_ms, short.total.p99_ms, full.total.median_ms];
  return [
    ...times.map((time) => microseconds(time * 1000)),
    String(short.total.ratio),
    throughput.length ? Math.round(fastest).toLocaleString("en") : "–",
    `${((memory_metrics.linear_memory_kb * 1024) / 1e6).toFixed(1)} MB`,
  ];
}

function charactersOf(score: Characters, generate: Characters): string[] {
  const times = [score.each, generate.each].flatMap(({ median_ms, p95_ms }) => [median_ms, p95_ms]);
  return [
    ...times.map((time) => microseconds(time * 1000)),
    String(generate.each.ratio),
    Math.round(generate.per_second).toLocaleString("en"),
  ];
}

function cell<Name extends "th" | "td">(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const found = document.createElement(name);
  found.textContent = text;
  return found;
}
