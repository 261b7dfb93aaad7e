// Language models: Python's figures and Python's texts, in Node, in a page and in its workers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { InputError, load } from "edgezoo";
import { facts, languageFolder } from "./answers.js";
import { openPage } from "./browser.js";

const answers = JSON.parse(readFileSync(join(languageFolder, "answers.json"), "utf8"));
const { path } = answers["two-layers"];
const near = (a, b, tolerance) => assert.ok(Math.abs(a / b - 1) < tolerance, `${a} is not near ${b}`);
const settingsOf = ({ settings }) => ({ ...settings, seed: BigInt(settings.seed) });

/** Everything that Python answered, from one build of the engine. */
function check(model, { scores, tops, generations }) {
  for (const { given, perplexity, ...expected } of scores) {
    const { perplexity: found, ...rest } = model.score(given, { detail: "per_char" });
    assert.deepEqual(rest, expected);
    near(found, perplexity, 1e-14); // each language has its own exponential
    assert.deepEqual(model.score(given), { ...rest, perplexity: found, perChar: [] });
  }
  tops.forEach((places, index) => {
    const found = model.score(scores[index].given, { detail: "per_char", topK: 6 }).perChar;
    const characters = found.map(({ top }) => top.map(({ character }) => character));
    assert.deepEqual(characters, places.map((top) => top.map(([character]) => character)));
    found.forEach(({ top }, place) => top.forEach(({ probability }, i) => near(probability, places[place][i][1], 1e-6)));
    assert.deepEqual(found.map(({ surprisal }) => surprisal), scores[index].perChar.map(({ surprisal }) => surprisal));
  });
  for (const each of generations) {
    const { text, outputs, meta } = model.generate(each.prompt, settingsOf(each));
    assert.deepEqual(outputs, each.outputs);
    assert.equal(text, outputs[0].text);
    assert.deepEqual({ ...meta, seed: meta.seed.toString() }, { ...each.meta, seed: each.settings.seed });
  }
}

for (const [name, expected] of Object.entries(answers)) {
  test(`${name} gives Python's bits and texts`, async () => check(await load(expected.path), expected));
}

test("both give Python's bits and texts without vector instructions", async () => {
  for (const { path: place, scores, tops, generations } of [answers["two-layers"], answers["one-layer-int4"]]) {
    const short = scores.filter(({ given }) => given.length < 300); // longer ones take long
    check(await load(place, { simd: false }), { scores: short, tops: tops.slice(0, 2), generations: generations.slice(0, 16) });
  }
});

/** What a stream gives, in all and how many pieces. */
async function collect(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return [pieces.join(""), pieces.length];
}

test("a stream gives in pieces what generate gives, several of them at once", async () => {
  const model = await load(path);
  for (const each of answers["two-layers"].generations) {
    const { numReturnSequences, ...settings } = settingsOf(each);
    const [text, pieces] = await collect(model.stream(each.prompt, settings));
    assert.equal(text, each.outputs[0].text);
    if (!settings.stopSequences) assert.equal(pieces, each.outputs[0].characters);
  }
  const options = [1, 2, 3].map((seed) => ({ seed, maxNewTokens: 200, stopOnEos: false }));
  const alone = options.map((settings) => model.generate("k", settings).text);
  const together = await Promise.all(options.map((settings) => collect(model.stream("k", settings))));
  assert.deepEqual(together.map(([text]) => text), alone);
});

test("a stream lets others have their turn, can be left, and ends with its model", async () => {
  const model = await load(path);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await collect(model.stream("", { maxNewTokens: 30_000, stopOnEos: false, seed: 1 }));
  clearInterval(timer);
  assert.ok(turns > 2, `${turns} turns`);
  for await (const piece of model.stream("", { seed: 1, stopOnEos: false })) {
    assert.equal([...piece].length, 1);
    break;
  }
  const stream = model.stream("", { seed: 1, stopOnEos: false });
  await stream.next();
  model.dispose();
  await assert.rejects(collect(stream), /disposed of; load it again/);
});

test("without a seed, meta tells the one that was drawn", async () => {
  const model = await load(path);
  const { text, meta } = model.generate("k", { maxNewTokens: 90 });
  assert.equal(model.generate("k", { maxNewTokens: 90, seed: meta.seed }).text, text);
  assert.notEqual(model.generate("k").meta.seed, meta.seed);
  assert.equal(model.generate().meta.prompt, "");
});

test("a text longer than its room is scored whole", async () => {
  const model = await load(path);
  const { characters, perChar } = model.score("ŋ".repeat(20_000), { detail: "per_char" });
  assert.deepEqual([characters, perChar.length, perChar.at(-1).character], [20_001, 20_001, ""]);
});

test("each wrong argument is named", async () => {
  const model = await load(path);
  for (const [options, named] of [
    [{ maxNewTokens: 0 }, /maxNewTokens must be a whole number from 1 to 1000000, not 0/],
    [{ maxNewTokens: 1.5 }, /maxNewTokens/],
    [{ maxNewTokens: "9" }, /maxNewTokens .* not "9"/],
    [{ temperature: -1 }, /temperature must be 0 or a number from 0.01 to 100, not -1/],
    [{ temperature: 0.001 }, /temperature/],
    [{ temperature: NaN }, /temperature/],
    [{ temperature: "hot" }, /temperature/],
    [{ temperature: 0, topK: 3 }, /leave out topK/],
    [{ temperature: 0, topP: 0.5 }, /leave out topP/],
    [{ topK: 0 }, /topK/],
    [{ topP: 0 }, /topP/],
    [{ topP: 1.1 }, /topP/],
    [{ stopOnEos: 1 }, /stopOnEos must be true or false, not 1/],
    [{ stopSequences: "end" }, /stopSequences must be an array/],
    [{ stopSequences: ["end", ""] }, /stopSequences\[1\]/],
    [{ stopSequences: ["\ud83d"] }, /stopSequences\[0\]/],
    [{ seed: -1 }, /seed/],
    [{ seed: 2 ** 53 }, /seed .* or a bigint/],
    [{ seed: 2n ** 64n }, /seed/],
    [{ max_new_tokens: 3 }, /no option max_new_tokens; it has maxNewTokens/],
    [null, /options of .* not null/],
  ]) {
    for (const ask of ["generate", "stream"]) {
      assert.throws(() => model[ask]("a", options), (error) => error instanceof InputError && named.test(error.message));
    }
  }
  for (const [call, named] of [
    [() => model.generate(3), /prompt must be a string, not 3/],
    [() => model.generate("", { numReturnSequences: 0 }), /numReturnSequences/],
    [() => model.generate("", { numReturnSequences: 2, temperature: 0 }), /leave out numReturnSequences/],
    [() => model.stream("", { numReturnSequences: 2 }), /stream has no option numReturnSequences/],
    [() => model.score(""), /text is empty/],
    [() => model.score(["a"]), /text must be a string, not Array/],
    [() => model.score("a", { detail: "all" }), /detail must be one of "summary", "per_char", not "all"/],
    [() => model.score("a", { topK: 2 }), /topK goes with/],
    [() => model.score("a", { detail: "per_char", topK: 0 }), /topK/],
    [() => model.score("a", { detail: "per_char", topK: model.vocabularySize + 1 }), /topK/],
    [() => model.embed("a"), /no vectors; it is a language model: use score/],
    [() => model.classify("a"), /no classifier; it is a language model/],
  ]) {
    assert.throws(call, (error) => error instanceof InputError && named.test(error.message));
  }
  const table = await load(facts("static-en-micro").path);
  assert.throws(() => table.score("a"), /no language model; it embeds: use embed/);
  assert.throws(() => table.stream("a"), InputError);
});

test("a page and its workers give the same bits and texts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-page-"));
  await cp(fileURLToPath(new URL("../dist", import.meta.url)), folder, { recursive: true });
  await cp(path, join(folder, "model.ezb"));
  const { scores, generations } = answers["two-layers"];
  const streamed = generations.filter(({ settings }) => !settings.numReturnSequences);
  await writeFile(join(folder, "asked.json"), JSON.stringify({ scores, streamed }));
  await writeFile(join(folder, "run.js"), RUN);
  await writeFile(join(folder, "worker.js"), 'import { run } from "./run.js"; onmessage = async () => postMessage(await run());');
  await writeFile(join(folder, "index.html"), '<!doctype html><html lang="en"><link rel="icon" href="data:,">');
  const { page, complaints, end } = await openPage(folder);
  const expected = {
    surprisals: scores.map(({ perChar }) => perChar.map(({ surprisal }) => surprisal)),
    losses: scores.map(({ loss }) => loss),
    texts: streamed.map(({ outputs }) => outputs[0].text),
  };
  assert.deepEqual(await page.evaluate(INVOKE, false), expected);
  assert.deepEqual(await page.evaluate(INVOKE, true), expected);
  assert.deepEqual(complaints, []);
  await end();
});

const RUN = `
import { load } from "./index.js";
export async function run() {
  const { scores, streamed } = await (await fetch("asked.json")).json();
  const model = await load("model.ezb");
  const found = scores.map(({ given }) => model.score(given, { detail: "per_char" }));
  const texts = [];
  for (const { prompt, settings } of streamed) {
    let text = "";
    for await (const piece of model.stream(prompt, { ...settings, seed: BigInt(settings.seed) })) text += piece;
    texts.push(text);
  }
  const surprisals = found.map(({ perChar }) => perChar.map(({ surprisal }) => surprisal));
  return { surprisals, losses: found.map(({ loss }) => loss), texts };
}`;
const INVOKE = async (inWorker) => {
  if (!inWorker) return (await import(new URL("run.js", location.href).href)).run();
  const worker = new Worker("worker.js", { type: "module" });
  worker.postMessage("run");
  return await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
};
