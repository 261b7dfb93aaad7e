// Builds the demo into demo/dist: three scripts, the engine, the model and the sentences; nothing is fetched from elsewhere.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here("dist/");
const ENGINE = here("../../edgezoo/runtimes/engine/");
const COPIED = [
  ...["index.html", "style.css", "icon.svg", "manifest.webmanifest", "sentences.txt"].map(here),
  ...["engine.wasm", "engine-scalar.wasm"].map((name) => ENGINE + name),
  here("../../edgezoo/zoo/models/tinylstm/tinylstm.ezb"),
];
const options = { bundle: true, minify: true, target: "es2022", external: ["node:*"], logLevel: "warning" };

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT);
await Promise.all(COPIED.map((path) => copyFile(path, OUT + basename(path))));
await build({ ...options, format: "esm", entryPoints: [here("src/main.ts"), here("src/worker.ts")], outdir: OUT });

const files = [...COPIED.map((path) => basename(path)), "main.js", "worker.js"];
const hash = createHash("sha256");
for (const name of files) hash.update(await readFile(OUT + name));
const define = {
  FILES: JSON.stringify(["./", ...files.filter((name) => name !== "index.html").map((name) => `./${name}`)]),
  VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
};
await build({ ...options, format: "iife", entryPoints: [here("src/service-worker.ts")], outdir: OUT, define });
