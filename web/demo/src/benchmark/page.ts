import { element, megabytes } from "../page.js";
import { fileOf, nameOf, reportOf, type Build, type Outcome } from "./report.js";
import { Runner } from "./runner.js";
import { addRow, clearRows } from "./table.js";
import type { Candidate, Suite } from "./suite.js";

const form = element<HTMLFormElement>("choice");
const list = element("models");
const start = element<HTMLButtonElement>("start");
const cancel = element<HTMLButtonElement>("cancel");
const bar = element<HTMLProgressElement>("bar");
const state = element("state");
const files = element<HTMLInputElement>("files");
const download = element<HTMLAnchorElement>("download");
const device = element<HTMLInputElement>("device");
const candidates: Candidate[] = [];
let build: Build;
let suite: Suite;
let runner: Runner | undefined;
let outcomes: Outcome[] = [];

async function json<Content>(name: string): Promise<Content> {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} can't be fetched: status ${response.status}`);
  return (await response.json()) as Content;
}

/** A line with a box to tick for a model. */
function offer(candidate: Candidate): void {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = true;
  box.value = String(candidates.push(candidate) - 1);
  const size = document.createElement("span");
  size.textContent = megabytes(candidate.bytes);
  label.append(box, ` ${candidate.name} `, size);
  list.append(label);
}

function chosen(): Candidate[] {
  const boxes = list.querySelectorAll<HTMLInputElement>("input:checked");
  return Array.from(boxes, (box) => candidates[Number(box.value)]!);
}

async function measure(): Promise<void> {
  const models = chosen();
  if (!models.length) {
    state.textContent = "Choose a model first.";
    return;
  }
  setBusy(true);
  clearRows();
  outcomes = [];
  element("results").hidden = element("hidden").hidden = true;
  const own = new Runner();
  runner = own;
  const awake = await stayAwake();
  let current = "";
  await own.run(
    models,
    suite,
    ({ name }, share) => {
      bar.value = share;
      const text = `Measuring ${name} …`;
      if (text !== current) state.textContent = current = text;
    },
    (outcome) => {
      outcomes.push(outcome);
      addRow(outcome);
      element("results").hidden = false;
    },
  );
  await awake?.release().catch(() => {});
  setBusy(false);
  if (outcomes.length) await offerReport();
  const all = outcomes.length === models.length;
  state.textContent = all ? "Done." : `Cancelled; ${outcomes.length} of ${models.length} models were measured.`;
  document.documentElement.dataset["measured"] = String(outcomes.length);
}

function setBusy(busy: boolean): void {
  start.hidden = busy;
  cancel.hidden = bar.hidden = !busy;
  bar.value = 0;
  (busy ? cancel : start).focus();
  for (const field of form.querySelectorAll("input")) field.disabled = busy;
}

/** Phones that go to sleep would measure that. */
async function stayAwake(): Promise<WakeLockSentinel | undefined> {
  return await navigator.wakeLock?.request("screen").catch(() => undefined);
}

async function offerReport(): Promise<void> {
  const report = await reportOf(build, device.value.trim(), outcomes);
  URL.revokeObjectURL(download.href);
  download.href = URL.createObjectURL(new Blob([fileOf(report)], { type: "application/json" }));
  download.download = nameOf(report);
}

async function main(): Promise<void> {
  [build, suite] = await Promise.all([json<Build>("./models.json"), json<Suite>("./suite.json")]);
  build.models.forEach((model) => offer({ ...model, shipped: true }));
  start.disabled = false;
  state.textContent = "";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void measure();
});
cancel.addEventListener("click", () => runner?.cancel());
files.addEventListener("change", () => {
  for (const file of files.files ?? []) offer({ name: file.name, bytes: file.size, source: file, shipped: false });
  files.value = "";
});
device.addEventListener("change", () => void (outcomes.length && offerReport()));
document.addEventListener("visibilitychange", () => {
  if (document.hidden && !cancel.hidden) element("hidden").hidden = false;
});
main().catch((error: unknown) => {
  state.textContent = error instanceof Error ? error.message : String(error);
});
