// Builds the demo and the benchmark page into demo/dist, with the engine and all models; nothing is fetched from elsewhere.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here("dist/");
const ENGINE = here("../../edgezoo/runtimes/engine/");
const MODELS = here("../../edgezoo/zoo/models/");
const LANGUAGE_MODEL = "charlstm-en"; // which goes on with texts, if the zoo has it
const PAGES = ["index.html", "style.css", "icon.svg", "manifest.webmanifest", "sentences.txt"];
const COPIED = [
  ...[...PAGES, "benchmark.html", "benchmark.css", "suite.json"].map(here),
  ...["engine.wasm", "engine-scalar.wasm"].map((name) => ENGINE + name),
  `${MODELS}tinylstm/tinylstm.ezb`,
];
const options = { loader: { ".wasm": "binary" }, bundle: true, minify: true, target: "es2022", external: ["node:*"], logLevel: "warning" };

const SCRIPTS = {
  main: here("src/main.ts"),
  worker: here("src/worker.ts"),
  "language-worker": here("src/language-worker.ts"),
  benchmark: here("src/benchmark/page.ts"),
  "benchmark-worker": here("src/benchmark/worker.ts"),
};

/** The commit that this is built from, as reports name it; nothing outside a checkout. */
function commit() {
  const git = (...words) => execFileSync("git", ["-C", here("."), ...words], { stdio: "pipe" }).toString().trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return { id: git("rev-parse", "HEAD"), date: git("log", "-1", "--format=%cI"), changed };
  } catch {
    return {};
  }
}

/** Of what `edgezoo eval` wrote beside a model, what reports hold; undefined where there is nothing. */
async function evaluationOf(folder) {
  const text = await readFile(join(folder, "eval.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { bundle_sha256, precision, results } = JSON.parse(text);
  const kept = Object.entries(results).map(([task, result]) => {
    const { spearman, accuracy, bits } = result ?? {};
    return [task, JSON.parse(JSON.stringify({ spearman, accuracy, bits }))];
  });
  const scores = Object.fromEntries(kept.filter(([, score]) => Object.keys(score).length));
  return { bundle_sha256, precision, scores };
}

/** Copies the bundles of the zoo and writes down what there is; resolves to that. */
async function copyModels() {
  const models = [];
  await mkdir(`${OUT}models`);
  for (const name of (await readdir(MODELS)).sort()) {
    const bundle = `${MODELS}${name}/${name}.ezb`;
    const found = await stat(bundle).catch(() => undefined);
    if (!found) continue;
    await copyFile(bundle, `${OUT}models/${name}.ezb`);
    const evaluation = await evaluationOf(MODELS + name);
    models.push({ name, bytes: found.size, source: `models/${name}.ezb`, evaluation });
  }
  const { version } = JSON.parse(await readFile(here("../package.json"), "utf8"));
  await writeFile(`${OUT}models.json`, `${JSON.stringify({ version, commit: commit(), models }, undefined, 1)}\n`);
  return models;
}

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT);
await Promise.all(COPIED.map((path) => copyFile(path, OUT + basename(path))));
const models = await copyModels();
const defined = { LANGUAGE_MODEL: JSON.stringify(LANGUAGE_MODEL) };
await build({ ...options, format: "esm", entryPoints: SCRIPTS, outdir: OUT, define: defined });

// What the page keeps for later without a network; models to measure are fetched when they are.
const scripts = Object.keys(SCRIPTS).map((name) => `${name}.js`);
const language = models.filter(({ name }) => name === LANGUAGE_MODEL).map(({ source }) => source);
const files = [...COPIED.map((path) => basename(path)), "models.json", ...language, ...scripts];
const hash = createHash("sha256");
for (const name of files) hash.update(await readFile(OUT + name));
const define = {
  FILES: JSON.stringify(["./", ...files.filter((name) => name !== "index.html").map((name) => `./${name}`)]),
  VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
};
await build({ ...options, format: "iife", entryPoints: [here("src/service-worker.ts")], outdir: OUT, define });
