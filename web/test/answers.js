// What Python's engine answers; tests/web/test_web.py writes it and says where it is.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.EDGEZOO_ANSWERS;
assert.ok(folder, "run these tests with ./do test: Python writes the answers that they expect");
/** Where language models and their answers are. */
export const languageFolder = join(folder, "language");
/** What figures come to, and where the page's report is left for Python to read. */
export const suiteFolder = join(folder, "suite");
export const reportPath = join(suiteFolder, "report.json");
const read = (name) => readFileSync(join(folder, name));

export const texts = JSON.parse(read("texts.json"));
export const names = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "texts.json")
  .map((name) => name.replace(".json", ""));
export const facts = (name) => JSON.parse(read(`${name}.json`));
export const vectors = (name) => read(`${name}.vectors`);
export const probabilities = (name) => read(`${name}.probabilities`);

/** The ids of each text. */
export function ids(name) {
  const bytes = read(`${name}.ids`);
  const all = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const lists = [];
  for (let start = 0, end; start < all.length; start = end + 1) {
    end = all.indexOf(0xffffffff, start);
    lists.push(all.slice(start, end));
  }
  return lists;
}

/** The bytes of rows of float32, one after the other. */
export function bytesOf(rows) {
  return Buffer.concat(rows.map((row) => Buffer.from(Float32Array.from(row).buffer)));
}
