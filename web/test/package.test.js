// What is published: small, whole, and of use to every kind of caller.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { loader } from "../build.js";
import { facts } from "./answers.js";

const web = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(join(web, path));
const manifest = JSON.parse(read("package.json"));
const { path } = facts("static-en-micro");

test("the engine is at most 40 kB in gzip", () => {
  assert.ok(gzipSync(read("dist/engine.wasm"), { level: 9 }).length <= 40_000);
});

test("the package is at most 200 kB installed, and has no dependencies", () => {
  const files = [...readdirSync(join(web, "dist")).map((name) => `dist/${name}`), "package.json", "README.md"];
  const size = files.reduce((sum, name) => sum + statSync(join(web, name)).size, 0);
  assert.ok(size <= 200_000, `${size} bytes`);
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies], [undefined, undefined]);
});

test("the modules ask for nothing from outside", () => {
  for (const name of ["engine.wasm", "engine-scalar.wasm"]) {
    assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(read(`dist/${name}`))), []);
  }
});

test("the loader that exports bring along is this package", async () => {
  assert.equal(read("../edgezoo/exporters/wasm_loader.js").toString(), await loader(), "run: npm run build");
});

test("the lock file names no registry", () => {
  assert.doesNotMatch(read("package-lock.json").toString(), /"resolved"/);
});

test("CommonJS callers are served", async () => {
  const edgezoo = createRequire(import.meta.url)("edgezoo");
  const model = await edgezoo.load(path);
  assert.equal(model.embed("hello").length, model.dim);
  await assert.rejects(edgezoo.load("absent.ezb"), edgezoo.ModelNotFoundError);
});

const CALLER = `
const model: edgezoo.Model = await edgezoo.load(new URL("https://example.org/a.ezb"), { simd: false });
const vector: Float32Array = model.embed("a");
const vectors: Float32Array[] = model.embed(["a", "b"] as const);
const score: number = model.similarity("a", vector);
const label: string = model.classify("a").label;
const loss: number = model.score("a", { detail: "per_char", topK: 2 }).perChar[0]!.top[0]!.probability;
const more: string = model.generate("a", { seed: 3n, stopSequences: ["."] as const }).text;
const stream: AsyncIterable<string> = model.stream("a", { temperature: 0 });
const error: Error = new edgezoo.BundleError("x");
// @ts-expect-error: a number is no text
model.embed(3);
// @ts-expect-error: a stream has one continuation
model.stream("a", { numReturnSequences: 2 });
export { vectors, score, label, loss, more, stream, error };
`;

test("strict TypeScript callers of both kinds are served", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgezoo-types-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(web, join(folder, "node_modules/edgezoo"));
  writeFileSync(join(folder, "module.mts"), `import * as edgezoo from "edgezoo";${CALLER}`);
  const wrapped = CALLER.replace(/export .*/, "").replace("await ", "await ");
  writeFileSync(join(folder, "common.cts"), `import edgezoo = require("edgezoo");\nasync function run() {${wrapped}
    return [vectors, score, label, loss, more, stream, error];\n}\nexport = run;`);
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"];
  const tsc = join(web, "node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [tsc, ...flags, "module.mts", "common.cts"], { cwd: folder });
  } catch (error) {
    assert.fail(String(error.stdout));
  }
});
