// The package where JavaScript runs outside of browsers and Node: Deno, and Bun, whose engine is Safari's.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { facts, texts, vectors } from "./answers.js";

const NAME = "tinylstm";
const COUNT = 200;
const dist = new URL("../dist/index.js", import.meta.url).href;
const modules = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));

const SCRIPT = `import { load } from ${JSON.stringify(dist)};
const model = await load(${JSON.stringify(facts(NAME).path)});
const rows = model.embed(${JSON.stringify(texts.slice(0, COUNT))});
console.log(rows.map((row) => row.join(" ")).join(" "));
await load("missing.ezb").catch((error) => console.error(error.name));
`;

/** Bun itself: what npm puts in its place needs a script of the package to have run. */
async function bun() {
  const platform = (await readdir(modules("@oven"))).find((name) => name.startsWith("bun-"));
  return modules(`@oven/${platform}/bin/bun`);
}

const COMMANDS = {
  Deno: async () => ["deno", "run", "--quiet", "--allow-read"],
  Bun: async () => [await bun(), "run"],
};

for (const [name, command] of Object.entries(COMMANDS)) {
  test(`${name} gives Python's bits, and an error of the package for a file that is not there`, async () => {
    const script = join(await mkdtemp(join(tmpdir(), "edgezoo-")), "script.mjs");
    await writeFile(script, SCRIPT);
    const [program, ...flags] = await command();
    const { stdout, stderr } = await promisify(execFile)(program, [...flags, script], { maxBuffer: 1 << 24 });
    const found = Buffer.from(Float32Array.from(stdout.trim().split(" "), Number).buffer);
    assert.deepEqual(found, vectors(NAME).subarray(0, 4 * facts(NAME).dim * COUNT));
    assert.equal(stderr.trim(), "ModelNotFoundError");
  });
}
