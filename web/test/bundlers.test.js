// A page of three lines, built by Vite and by webpack, run in Chromium.
import assert from "node:assert/strict";
import { copyFile, cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, createServer } from "vite";
import webpack from "webpack";
import { addressOf, serve } from "../demo/serve.js";
import { facts, texts, vectors } from "./answers.js";
import { openBrowser } from "./browser.js";

const NAME = "static-en-micro";
const APP = `import { load } from "edgezoo";
const model = await load("${NAME}.ezb");
document.title = Array.from(model.embed(${JSON.stringify(texts.at(-1))})).join(" ");
`;
const PAGE = '<!doctype html><html lang="en"><link rel="icon" href="data:,"><script type="module" src="SCRIPT"></script>';
const web = fileURLToPath(new URL("..", import.meta.url));
let browser;

before(async () => {
  browser = await openBrowser();
});
after(() => browser.close());

/** A project that uses the package. */
async function project() {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-app-"));
  await mkdir(join(folder, "node_modules"));
  await mkdir(join(folder, "public"));
  for (const part of ["dist", "package.json"]) {
    await cp(join(web, part), join(folder, "node_modules/edgezoo", part), { recursive: true });
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "app.js"), APP);
  await writeFile(join(folder, "index.html"), PAGE.replace("SCRIPT", "/app.js"));
  await copyFile(facts(NAME).path, join(folder, `public/${NAME}.ezb`));
  return folder;
}

/** What the page at an address makes of the last text. */
async function run(address) {
  const page = await browser.context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(address);
  await page.waitForFunction(() => document.title, undefined, { timeout: 15_000 }).catch(() => assert.fail(complaints.join("\n")));
  const title = await page.title();
  await page.close();
  return Buffer.from(Float32Array.from(title.split(" "), Number).buffer);
}

function expected() {
  const all = vectors(NAME);
  return all.subarray(all.length - 4 * facts(NAME).dim);
}

test("Vite builds it", async () => {
  const root = await project();
  await build({ root, logLevel: "silent", configFile: false, build: { target: "es2022", outDir: "out" } });
  const server = await serve(join(root, "out"));
  assert.deepEqual(await run(addressOf(server)), expected());
  server.closeAllConnections();
  server.close();
});

test("Vite serves it while it is developed", async () => {
  const root = await project();
  const server = await createServer({ root, logLevel: "silent", configFile: false, server: { port: 0, hmr: false, ws: false } });
  await server.listen();
  assert.deepEqual(await run(server.resolvedUrls.local[0]), expected());
  await server.close();
});

test("webpack builds it", async () => {
  const root = await project();
  const stats = await promisify(webpack)({
    context: root,
    mode: "production",
    entry: "./app.js",
    output: { path: join(root, "public"), filename: "bundle.js" },
    performance: { hints: false },
  });
  const { errors, warnings } = stats.toJson();
  assert.deepEqual([errors, warnings], [[], []]);
  await writeFile(join(root, "public/index.html"), PAGE.replace("SCRIPT", "bundle.js"));
  const server = await serve(join(root, "public"));
  assert.deepEqual(await run(addressOf(server)), expected());
  server.closeAllConnections();
  server.close();
});
