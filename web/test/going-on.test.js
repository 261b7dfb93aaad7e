// The panel with the language model: Python's figures and texts, after the first answer, without a network, or not at all.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { languageFolder } from "./answers.js";
import { openPage, readable } from "./browser.js";

const demo = fileURLToPath(new URL("../demo/dist/", import.meta.url));
const MODEL = "charlstm-en";
const expected = JSON.parse(readFileSync(join(languageFolder, "page.json"), "utf8"));
const still = { reducedMotion: "reduce" }; // all is shown at once

const field = (page) => page.getByLabel("Say something.");
const continuation = (page) => page.textContent("#continuation");
const written = (page, text) =>
  page.waitForFunction((text) => document.getElementById("continuation").textContent === text, text);
const offline = (page) => page.waitForFunction(() => document.documentElement.dataset.offline === "ready");
const speak = (page, text, { temperature, seed }) =>
  page.evaluate(
    (values) => {
      for (const [id, value] of Object.entries(values)) {
        const input = document.getElementById(id);
        input.value = value;
        input.dispatchEvent(new Event("input"));
      }
    },
    { text, temperature, seed },
  );

/** A copy of the page whose list of models `change` may alter. */
async function site(change) {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-going-on-"));
  await cp(demo, folder, { recursive: true, filter: (path) => !path.includes("/models/") || path.includes(MODEL) });
  const manifest = JSON.parse(await readFile(join(folder, "models.json"), "utf8"));
  await change(folder, manifest);
  await writeFile(join(folder, "models.json"), JSON.stringify(manifest));
  return folder;
}

test("what is typed is read and gone on with as in Python, also without a network", async () => {
  const { page, context, server, complaints, strangers, end } = await openPage(demo, still);
  for (const { text, settings, generated, bits, surprisals } of expected) {
    await speak(page, text, settings);
    await written(page, generated); // which is asked for after the text was read
    assert.equal(await page.textContent("#surprise"), text);
    assert.equal(await page.textContent("#bits"), bits === null ? "–" : bits.toFixed(2));
    const shown = await page.locator("#surprise span").evaluateAll((all) => all.map((span) => span.style.getPropertyValue("--bits")));
    assert.deepEqual(shown, surprisals.map((value) => value.toFixed(2)));
  }
  assert.match(await page.textContent("#speed"), /^[\d,]+$/);
  await offline(page);

  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await context.setOffline(true);
  await page.reload();
  const [{ text, settings, generated }] = expected;
  await speak(page, text, settings);
  await written(page, generated);
  assert.deepEqual([complaints, strangers], [[], []]);
  await end();
});

test("the model is fetched only once the first answer is there", async () => {
  const { page, requests, end } = await openPage(demo);
  await page.waitForFunction(() => document.getElementById("speed").textContent !== "–");
  const request = requests.find((found) => found.url().includes(MODEL));
  const [first, origin] = await page.evaluate(() => [Number(document.documentElement.dataset.first), performance.timeOrigin]);
  assert.ok(first > 0 && request.timing().startTime >= origin + first, `${request.timing().startTime - origin}, ${first} ms`);
  await end();
});

test("it writes at a pace to read, leaves off when the text changes, and tries again with the next seed", async () => {
  const { page, complaints, end } = await openPage(demo);
  const [{ text, settings, generated }, another] = expected;
  await speak(page, text, settings);
  await page.waitForFunction(() => document.getElementById("continuation").textContent.length > 9);
  const begun = await continuation(page);
  assert.ok(generated.startsWith(begun) && begun.length < generated.length);
  await field(page).press("End");
  await field(page).pressSequentially("!"); // while it writes
  await page.waitForFunction((begun) => !document.getElementById("continuation").textContent.startsWith(begun), begun);
  await page.waitForFunction((text) => document.getElementById("surprise").textContent === text, `${text}!`);
  await speak(page, another.text, { ...another.settings, seed: another.settings.seed - 1 });
  await page.getByRole("button", { name: "Another try" }).click();
  assert.equal(await page.getByLabel("Seed").inputValue(), String(another.settings.seed));
  await written(page, another.generated);
  await page.waitForFunction((text) => document.getElementById("told").textContent.includes(text), another.generated);
  await page.getByLabel("Seed").fill("1.5");
  await page.waitForFunction(() => !document.getElementById("continuation").textContent);
  assert.deepEqual(complaints, []);
  await end();
});

test("each letter can be reached by keyboard and is explained in words", async () => {
  const { page, end } = await openPage(demo, still);
  const [{ text, settings, surprisals }] = expected;
  await speak(page, text, settings);
  await page.waitForFunction((text) => document.getElementById("surprise").textContent === text, text);
  const letters = page.getByRole("slider", { name: "Letter by letter" });
  const most = surprisals.indexOf(Math.max(...surprisals));
  assert.equal(await letters.getAttribute("aria-valuenow"), String(most));
  assert.match(await page.textContent("#readout"), /^Least expected: .+ \d+\.\d bits: /);
  await letters.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  assert.equal(await letters.getAttribute("aria-valuenow"), "1");
  const said = await letters.getAttribute("aria-valuetext");
  assert.ok(said.includes(`${surprisals[1].toFixed(1)} bits`), said);
  assert.equal(await page.textContent("#readout"), said);
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowRight");
  assert.equal(await letters.getAttribute("aria-valuenow"), await letters.getAttribute("aria-valuemax"));
  await end();
});

test("it can be read and used on a phone, light and dark, however surprising the text", async () => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, ...still };
  const { page, end } = await openPage(demo, phone);
  await field(page).fill("Hello there, qzxqj 中 ∮ wvkjx");
  await page.waitForFunction(() => document.getElementById("going-on").dataset.state === "done");
  assert.ok(await page.evaluate(() => document.querySelectorAll("#surprise .unknown").length > 0));
  await readable(page, 360);
  await end();
});

test("a zoo without the model has no such panel, and a damaged one is named in it", async () => {
  const bare = await site((_, manifest) => (manifest.models = manifest.models.filter(({ name }) => name !== MODEL)));
  const { page, complaints, end } = await openPage(bare);
  await page.locator("#going-on").waitFor({ state: "hidden" });
  assert.ok((await page.locator("#neighbours li").count()) >= 5);
  assert.deepEqual(complaints, []);
  await end();

  const damaged = await site((folder) => writeFile(join(folder, `models/${MODEL}.ezb`), "no model at all"));
  const other = await openPage(damaged);
  await other.page.getByText(/It could not be opened: .*not an edgezoo bundle/).waitFor();
  await field(other.page).fill("the soup was cold");
  await other.page.waitForFunction(() => /cold/.test(document.querySelector("#neighbours li")?.textContent));
  assert.deepEqual(other.complaints, []);
  await other.end();
});
