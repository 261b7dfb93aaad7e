// The demo page in Chromium: quick from a cold start, Python's bits, at work without a network, clear when it fails.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { facts, names, texts, vectors } from "./answers.js";
import { nameless, openPage, weakTexts } from "./browser.js";

const demo = fileURLToPath(new URL("../demo/dist/", import.meta.url));
const FIRST_ANSWER = 1000; // milliseconds
const STARTS = 4; // of which one must keep to it

/** How many times longer than alone a program takes here at the moment, because others work too. */
function crowding() {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  while (performance.now() - start < 200);
  const { user, system } = process.cpuUsage(cpu);
  return Math.max(1, ((performance.now() - start) * 1000) / (user + system));
}

const firstAnswer = (page) => page.waitForFunction(() => Number(document.documentElement.dataset.first));
const neighbours = (page) => page.locator("#neighbours li");

test("the first answer comes within a second of opening the page, everything fetched anew", async (context) => {
  const seen = [];
  for (let start = 0; start < STARTS && !(Math.min(...seen) <= FIRST_ANSWER); start++) {
    const before = crowding();
    const { page, end } = await openPage(demo);
    const elapsed = await (await firstAnswer(page)).jsonValue();
    seen.push(elapsed / Math.max(before, crowding()));
    context.diagnostic(`${Math.round(elapsed)} ms, ${Math.round(seen.at(-1))} ms of an idle machine`);
    assert.ok((await neighbours(page).count()) >= 5);
    await end();
  }
  assert.ok(Math.min(...seen) <= FIRST_ANSWER, `${seen} ms`);
});

test("typing re-ranks and judges, the page asks nobody else, and reloads without a network", async () => {
  const { page, context, server, complaints, strangers, end } = await openPage(demo);
  await firstAnswer(page);
  await page.waitForFunction(() => document.documentElement.dataset.offline === "ready");
  const input = page.getByLabel("Say something.");
  await input.fill("");
  await input.pressSequentially("the soup was cold");
  await page.waitForFunction(() => document.querySelector("#neighbours li")?.textContent.includes("was cold when it came"));
  assert.match(await page.textContent("#verdict"), /bad, \d+ %/);
  assert.ok(Number(await page.getAttribute("#scale", "aria-valuenow")) < 50);
  await page.getByRole("button", { name: "walking along the beach at dawn" }).click();
  await page.waitForFunction(() => /The beach at dawn/.test(document.querySelector("#neighbours li").textContent));

  await neighbours(page).first().getByRole("button").focus();
  await page.keyboard.press("ArrowDown");
  const chosen = await page.evaluate(() => document.activeElement.firstChild.textContent);
  await page.keyboard.press("Enter");
  await page.waitForFunction((text) => document.getElementById("text").value === text, chosen);
  assert.equal(await neighbours(page).count(), 8);

  await input.fill("");
  await page.waitForFunction(() => !document.querySelector("#neighbours li"));
  assert.match(await page.textContent("#verdict"), /no words/);

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await context.setOffline(true);
  await page.reload();
  await firstAnswer(page);
  assert.ok((await neighbours(page).count()) >= 5);
  assert.deepEqual([complaints, strangers], [[], []]);
  await end();
});

test("every field and button has a name, and text keeps its contrast, light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, end } = await openPage(demo, { colorScheme });
    await firstAnswer(page);
    await page.waitForFunction(() => document.documentElement.dataset.offline === "ready");
    assert.deepEqual(await weakTexts(page), []);
    assert.deepEqual(await nameless(page), []);
    await end();
  }
});

test("on a phone nothing is wider than the screen", async () => {
  const { page, end } = await openPage(demo, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  await firstAnswer(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await end();
});

test("a damaged model is said to be so on the page", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-damaged-"));
  await cp(demo, folder, { recursive: true });
  const damaged = await readFile(join(folder, "tinylstm.ezb"));
  damaged[damaged.length - 100_000] ^= 4;
  await writeFile(join(folder, "tinylstm.ezb"), damaged);
  const { page, complaints, end } = await openPage(folder);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.match(await alert.textContent(), /could not be opened.*tinylstm\.ezb: the checksum does not match/s);
  assert.ok(await page.getByRole("button", { name: "Try again" }).isVisible());
  assert.deepEqual(complaints, []);
  await end();
});

test("in a page and in its workers, models give Python's bits and are kept by their digest", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-page-"));
  await cp(fileURLToPath(new URL("../dist", import.meta.url)), folder, { recursive: true });
  const chosen = ["static-en-micro", "tinylstm"].filter((name) => names.includes(name));
  for (const name of chosen) await cp(facts(name).path, join(folder, `${name}.ezb`));
  await writeFile(join(folder, "texts.json"), JSON.stringify(texts));
  await writeFile(join(folder, "run.js"), RUN);
  await writeFile(join(folder, "worker.js"), WORKER);
  await writeFile(join(folder, "index.html"), '<!doctype html><html lang="en"><link rel="icon" href="data:,">');
  const { page, complaints, strangers, end } = await openPage(folder);
  for (const name of chosen) {
    const expected = vectors(name).toString("base64");
    for (const inWorker of [false, true]) assert.equal(await page.evaluate(INVOKE, [name, {}, inWorker]), expected);
  }
  const [name] = chosen;
  assert.equal(await page.evaluate(INVOKE, [name, { simd: false }, false]), vectors(name).toString("base64"));
  const { sha256 } = facts(name);
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  for (let round = 0; round < 2; round++) {
    assert.equal(await page.evaluate(INVOKE, [name, { sha256 }, false]), vectors(name).toString("base64"));
  }
  assert.equal(fetched.filter((url) => url.endsWith(".ezb")).length, 1);
  assert.deepEqual([complaints, strangers], [[], []]);
  await end();
});

const RUN = `
import { load } from "./index.js";
export async function run(name, options) {
  const texts = await (await fetch("texts.json")).json();
  const model = await load(name + ".ezb", options);
  const bytes = new Uint8Array(Float32Array.from(model.embed(texts).flatMap((row) => [...row])).buffer);
  model.dispose();
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}`;
const WORKER = `
import { run } from "./run.js";
onmessage = async ({ data }) => postMessage(await run(...data));`;
const INVOKE = async ([name, options, inWorker]) => {
  const address = new URL("run.js", location.href).href;
  if (!inWorker) return (await import(address)).run(name, options);
  const worker = new Worker("worker.js", { type: "module" });
  worker.postMessage([name, options]);
  return await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
};
