// The page that measures a device: a report that Python takes, from a run that can be watched, cancelled and read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { facts, languageFolder, reportPath, suiteFolder } from "./answers.js";
import { openPage, readable } from "./browser.js";

const demo = fileURLToPath(new URL("../demo/", import.meta.url));
const expected = JSON.parse(readFileSync(join(suiteFolder, "expected.json"), "utf8"));

/** A module of the page's, in this process. */
async function part(name) {
  const { outputFiles } = await build({ entryPoints: [`${demo}src/benchmark/${name}.ts`], bundle: true, format: "esm", write: false });
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/** The page with two small models beside it, of which the second is damaged if so wished. */
async function site({ damaged = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-benchmark-"));
  await cp(`${demo}dist`, folder, { recursive: true, filter: (path) => !path.endsWith(".ezb") });
  await mkdir(join(folder, "models"), { recursive: true });
  const small = { "static-en-micro": facts("static-en-micro").path, "two-layers": join(languageFolder, "two-layers.ezb") };
  for (const [name, path] of Object.entries(small)) await copyFile(path, join(folder, `models/${name}.ezb`));
  if (damaged) await writeFile(join(folder, "models/two-layers.ezb"), "no model at all");
  const manifest = JSON.parse(await readFile(join(folder, "models.json"), "utf8"));
  const [known] = manifest.models.filter(({ name }) => name === "static-en-micro");
  manifest.models = [known, { name: "two-layers", bytes: 67_080, source: "models/two-layers.ezb" }];
  await writeFile(join(folder, "models.json"), JSON.stringify(manifest));
  return folder;
}

const measured = (page) =>
  page.waitForFunction(() => document.documentElement.dataset.measured, undefined, { timeout: 120_000 });

async function save(page, path) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save the report" }).click()]);
  await download.saveAs(path);
  return [download.suggestedFilename(), JSON.parse(await readFile(path, "utf8"))];
}

test("a device is measured and its report saved", async () => {
  const { page, complaints, strangers, end } = await openPage(await site(), { acceptDownloads: true }, "benchmark.html");
  await page.getByLabel("What do you call this device?").fill("Test bench №1");
  await page.getByRole("button", { name: "Measure" }).click();
  await page.waitForFunction(() => document.getElementById("bar").value > 0);
  assert.match(await page.getByRole("status").textContent(), /Measuring static-en-micro …/);
  await measured(page);
  assert.equal(await page.getByRole("status").textContent(), "Done.");
  const [name, report] = await save(page, reportPath); // which Python reads afterwards
  assert.match(name, /^\d{4}-\d\d-\d\d-test-bench-№?1-.+\.json$/);
  const [table, language] = report.results;
  assert.deepEqual([report.producer, report.device.board, report.device.isolated], ["web", "Test bench №1", "true"]);
  assert.deepEqual([table.model, table.precision, table.shipped], ["static-en-micro", "int4", true]);
  assert.deepEqual([language.model, language.family], ["small-lm", "char-lstm"]);
  assert.equal(table.quality.current, true);
  assert.ok(table.probes.triplets > 0.8);
  assert.ok(report.device.clock_us < 50 && report.reference.median_us > 20);
  for (const { short, full } of [table.latency_metrics, language.latency_metrics]) {
    for (const { total, calls_per_sample, tokens } of [short, full]) {
      assert.ok(total.min_ms <= total.median_ms && total.median_ms <= total.p99_ms && total.p99_ms <= total.max_ms);
      assert.equal(total.samples_us.length, total.num_runs);
      assert.ok(calls_per_sample >= 1 && tokens <= 128);
    }
  }
  assert.ok(language.latency_metrics.full.total.median_ms > table.latency_metrics.full.total.median_ms);
  const { score, generate } = language.latency_metrics;
  assert.deepEqual([score.characters, generate.characters], [257, 256]);
  assert.ok(generate.per_second > 0 && generate.each.p99_ms >= score.each.min_ms && !table.latency_metrics.score);
  assert.deepEqual(table.throughput.map(({ batch }) => batch), [32, 512]);
  const cells = await page.locator("#rows tr").first().locator("th, td").allTextContents();
  assert.equal(cells.length, 9);
  assert.equal(cells[0], "static-en-micro");
  const written = await page.locator("#writer-rows tr").locator("th, td").allTextContents();
  assert.deepEqual([written.length, written[0]], [7, "small-lm"]); // of language models alone
  assert.equal(written[6], Math.round(generate.per_second).toLocaleString("en"));
  assert.deepEqual([complaints, strangers], [[], []]);
  await end();
});

test("a run is cancelled at once, a damaged model is named, and a file of one's own is measured", async () => {
  const { page, end } = await openPage(await site({ damaged: true }), {}, "benchmark.html");
  await page.getByRole("button", { name: "Measure" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await measured(page);
  assert.match(await page.getByRole("status").textContent(), /Cancelled; 0 of 2/);
  await page.evaluate(() => delete document.documentElement.dataset.measured);
  await page.getByLabel("static-en-micro").uncheck();
  await page.getByLabel("Another, from this device").setInputFiles(join(languageFolder, "one-layer-int4.ezb"));
  await page.getByRole("button", { name: "Measure" }).click();
  await measured(page);
  const rows = await page.locator("#rows tr").allTextContents();
  assert.equal(rows.length, 2);
  assert.match(rows[0], /two-layers.*not an edgezoo bundle/);
  assert.match(rows[1], /small-lm.*µs/);
  await end();
});

test("it can be read and used on a phone, light and dark", async () => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const { page, end } = await openPage(await site(), phone, "benchmark.html");
  await page.getByLabel("two-layers").waitFor();
  await page.evaluate(() => (document.getElementById("results").hidden = false));
  await readable(page, 360);
  await end();
});

test("the reference loop is Python's, and so are the figures of samples", async () => {
  const { Reference, LOOP } = await part("reference");
  assert.deepEqual([LOOP, ...new Reference().results()], expected.reference);
  const { distribution } = await part("distribution");
  assert.deepEqual(distribution(expected.rounds, expected.references), expected.distribution);
});
