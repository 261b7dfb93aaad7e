import { element, microseconds } from "../page.js";
import type { Outcome } from "./report.js";
import type { Figures } from "./suite.js";

const body = element("rows");

export function clearRows(): void {
  body.replaceChildren();
}

/** Adds a line with what was found of a model, or why there is nothing. */
export function addRow(outcome: Outcome): void {
  const row = document.createElement("tr");
  const name = cell("th", "figures" in outcome ? outcome.figures.model : outcome.candidate.name);
  name.scope = "row";
  row.append(name);
  if ("figures" in outcome) {
    row.append(...figuresOf(outcome.figures).map((text) => cell("td", text)));
  } else {
    const reason = cell("td", outcome.message);
    reason.colSpan = 8;
    row.append(reason);
  }
  body.append(row);
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

function cell<Name extends "th" | "td">(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const found = document.createElement(name);
  found.textContent = text;
  return found;
}
