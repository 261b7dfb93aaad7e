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
import { measure, measureCharacters } from "./measure.js";

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

/** The language models, whose graphs read ids and nothing else. */
async function languageNames(onnx) {
  const files = await readdir(onnx);
  const whole = files.filter((name) => name.endsWith("-int8.onnx")).map((name) => name.replace("-int8.onnx", ""));
  return whole.filter((name) => !files.includes(`${name}-int8-ids.onnx`)).sort();
}

/** The graph of a model, of either kind. */
const graphOf = (onnx, name, precision, language) => join(onnx, `${name}-${precision}${language ? "" : "-ids"}.onnx`);

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

async function inNode(onnx, name, language) {
  ort.env.wasm.numThreads = 1;
  const graphs = {};
  for (const precision of PRECISIONS) graphs[precision] = await readFile(graphOf(onnx, name, precision, language));
  const bundle = `${MODELS}${name}/${name}.ezb`;
  if (language) return await measureCharacters({ edgezoo, ort }, { bundle, graphs });
  const tokenizer = JSON.parse(await readFile(`${MODELS}${name}/tokenizer.json`, "utf8"));
  return await measure({ edgezoo, ort, Tokenizer }, { bundle, graphs, tokenizer, texts: TEXTS });
}

/** A folder for Chromium: the same script and files, by address. */
async function site(onnx, chosen, languages) {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-benchmark-"));
  for (const name of await readdir(here("../dist"))) await copyFile(here(`../dist/${name}`), join(folder, name));
  for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
    await copyFile(ORT + name, join(folder, name));
  }
  for (const name of [...chosen, ...languages]) {
    await copyFile(`${MODELS}${name}/${name}.ezb`, join(folder, `${name}.ezb`));
    if (chosen.includes(name)) await copyFile(`${MODELS}${name}/tokenizer.json`, join(folder, `${name}.json`));
    for (const precision of PRECISIONS) {
      const graph = graphOf(onnx, name, precision, languages.includes(name));
      await copyFile(graph, join(folder, `${name}-${precision}.onnx`));
    }
  }
  await writeFile(join(folder, "texts.json"), JSON.stringify(TEXTS));
  await writeFile(join(folder, "index.html"), '<!doctype html><html lang="en"><link rel="icon" href="data:,">');
  const contents = `export { measure, measureCharacters } from "./measure.js"; export { Tokenizer } from "@huggingface/tokenizers";`;
  const stdin = { contents, resolveDir: here("."), loader: "js" };
  await build({ stdin, bundle: true, format: "esm", outfile: join(folder, "measure.js") });
  return folder;
}

async function inChromium(onnx, chosen, languages) {
  const server = await serve(await site(onnx, chosen, languages));
  const { context, close } = await openBrowser();
  const page = await context.newPage();
  const results = { version: context.browser()?.version() ?? (await page.evaluate(() => navigator.userAgent)) };
  for (const name of [...chosen, ...languages]) {
    await page.goto(addressOf(server));
    results[name] = await page.evaluate(
      async ([model, precisions, language]) => {
        const at = (path) => new URL(path, location.href).href;
        const [edgezoo, ort, { measure, measureCharacters, Tokenizer }] = await Promise.all(
          ["index.js", "ort.wasm.min.mjs", "measure.js"].map((path) => import(at(path))),
        );
        ort.env.wasm.numThreads = 1;
        const json = async (path) => (await fetch(path)).json();
        const graphs = {};
        for (const precision of precisions) graphs[precision] = at(`${model}-${precision}.onnx`);
        if (language) return await measureCharacters({ edgezoo, ort }, { bundle: at(`${model}.ezb`), graphs });
        const texts = await json("texts.json");
        const files = { bundle: at(`${model}.ezb`), graphs, tokenizer: await json(`${model}.json`), texts };
        return await measure({ edgezoo, ort, Tokenizer }, files);
      },
      [name, PRECISIONS, languages.includes(name)],
    );
    console.error(name, "in Chromium", results[name]);
  }
  await close();
  server.closeAllConnections();
  server.close();
  return results;
}

const [onnx] = process.argv.slice(2);
const [chosen, languages] = [await names(onnx), await languageNames(onnx)];
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
  language_models: {},
};
for (const [kind, names] of Object.entries({ models: chosen, language_models: languages })) {
  for (const name of names) {
    const { size } = await stat(`${MODELS}${name}/${name}.ezb`);
    report[kind][name] = { bytes: size, node: await inNode(onnx, name, kind === "language_models") };
    console.error(name, "in Node", report[kind][name].node);
  }
}
const { version: chromium, ...pages } = await inChromium(onnx, chosen, languages);
report.versions.chromium = chromium;
for (const name of chosen) report.models[name].chromium = pages[name];
for (const name of languages) report.language_models[name].chromium = pages[name];
await writeFile(here("report.json"), `${JSON.stringify(report, undefined, 1)}\n`);
