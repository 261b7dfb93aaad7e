// Measures size and speed and writes report.json, which `./do docs` renders: ./do measure-web
// It names a folder with every model's `edgezoo export --format onnx` in int8 and fp32.
import { copyFile, mkdtemp, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Tokenizer } from "@huggingface/tokenizers";
import * as edgezoo from "edgezoo";
import * as ort from "onnxruntime-web";
import { build } from "esbuild";
import { addressOf, serve } from "../demo/serve.js";
import { openBrowser } from "../test/browser.js";
import { measure } from "./measure.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const MODELS = here("../../edgezoo/zoo/models/");
const ORT = here("../node_modules/onnxruntime-web/dist/");
const PRECISIONS = ["int8", "fp32"];
// Tweets, and words drawn by how frequent they are, as edgezoo.benchmarks measures with in Python.
const TEXTS = JSON.parse(await readFile(here("texts.json"), "utf8"));

/** The models that onnxruntime-web can run from ids. */
async function names(onnx) {
  const files = await readdir(onnx);
  return files.filter((name) => name.endsWith("-int8-ids.onnx")).map((name) => name.replace("-int8-ids.onnx", "")).sort();
}

const sizes = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: bytes.length < 1e6 ? brotliCompressSync(bytes).length : undefined,
});

async function installed() {
  const files = (await readdir(here("../dist"))).map((name) => here(`../dist/${name}`));
  const all = [...files, here("../package.json"), here("../README.md")];
  return (await Promise.all(all.map(async (path) => (await stat(path)).size))).reduce((a, b) => a + b);
}

async function inNode(onnx, name) {
  ort.env.wasm.numThreads = 1;
  const graphs = {};
  for (const precision of PRECISIONS) graphs[precision] = await readFile(join(onnx, `${name}-${precision}-ids.onnx`));
  const tokenizer = JSON.parse(await readFile(`${MODELS}${name}/tokenizer.json`, "utf8"));
  const bundle = `${MODELS}${name}/${name}.ezb`;
  return await measure({ edgezoo, ort, Tokenizer }, { bundle, graphs, tokenizer, texts: TEXTS });
}

/** A folder for Chromium: the same script and files, by address. */
async function site(onnx, chosen) {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-benchmark-"));
  for (const name of await readdir(here("../dist"))) await copyFile(here(`../dist/${name}`), join(folder, name));
  for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
    await copyFile(ORT + name, join(folder, name));
  }
  for (const name of chosen) {
    await copyFile(`${MODELS}${name}/${name}.ezb`, join(folder, `${name}.ezb`));
    await copyFile(`${MODELS}${name}/tokenizer.json`, join(folder, `${name}.json`));
    for (const precision of PRECISIONS) {
      await copyFile(join(onnx, `${name}-${precision}-ids.onnx`), join(folder, `${name}-${precision}.onnx`));
    }
  }
  await writeFile(join(folder, "texts.json"), JSON.stringify(TEXTS));
  await writeFile(join(folder, "index.html"), '<!doctype html><html lang="en"><link rel="icon" href="data:,">');
  const contents = `export { measure } from "./measure.js"; export { Tokenizer } from "@huggingface/tokenizers";`;
  const stdin = { contents, resolveDir: here("."), loader: "js" };
  await build({ stdin, bundle: true, format: "esm", outfile: join(folder, "measure.js") });
  return folder;
}

async function inChromium(onnx, chosen) {
  const server = await serve(await site(onnx, chosen));
  const { context, close } = await openBrowser();
  const page = await context.newPage();
  const results = { version: context.browser()?.version() ?? (await page.evaluate(() => navigator.userAgent)) };
  for (const name of chosen) {
    await page.goto(addressOf(server));
    results[name] = await page.evaluate(
      async ([model, precisions]) => {
        const at = (path) => new URL(path, location.href).href;
        const [edgezoo, ort, { measure, Tokenizer }] = await Promise.all(
          ["index.js", "ort.wasm.min.mjs", "measure.js"].map((path) => import(at(path))),
        );
        ort.env.wasm.numThreads = 1;
        const json = async (path) => (await fetch(path)).json();
        const graphs = {};
        for (const precision of precisions) graphs[precision] = at(`${model}-${precision}.onnx`);
        const texts = await json("texts.json");
        const files = { bundle: at(`${model}.ezb`), graphs, tokenizer: await json(`${model}.json`), texts };
        return await measure({ edgezoo, ort, Tokenizer }, files);
      },
      [name, PRECISIONS],
    );
    console.error(name, "in Chromium", results[name]);
  }
  await close();
  server.closeAllConnections();
  server.close();
  return results;
}

const [onnx] = process.argv.slice(2);
const chosen = await names(onnx);
const lock = JSON.parse(await readFile(here("../package-lock.json"), "utf8")).packages;
const version = (name) => lock[`node_modules/${name}`].version;
const report = {
  device: { processor: cpus()[0].model.trim(), cores: cpus().length, system: `${type()} ${process.arch}` },
  versions: { node: process.versions.node, "onnxruntime-web": version("onnxruntime-web"),
    "@huggingface/tokenizers": version("@huggingface/tokenizers") },
  sizes: {
    engine: sizes(await readFile(here("../dist/engine.wasm"))),
    "engine-scalar": sizes(await readFile(here("../dist/engine-scalar.wasm"))),
    loader: sizes(await readFile(here("../dist/index.js"))),
    package: { raw: await installed() },
    "onnxruntime-web": sizes(await readFile(`${ORT}ort-wasm-simd-threaded.wasm`)),
  },
  models: {},
};
for (const name of chosen) {
  report.models[name] = { bytes: (await stat(`${MODELS}${name}/${name}.ezb`)).size, node: await inNode(onnx, name) };
  console.error(name, "in Node", report.models[name].node);
}
const { version: chromium, ...pages } = await inChromium(onnx, chosen);
report.versions.chromium = chromium;
for (const name of chosen) report.models[name].chromium = pages[name];
await writeFile(here("report.json"), `${JSON.stringify(report, undefined, 1)}\n`);
