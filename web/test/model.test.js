// An open model: Python's bits from both builds, and clear words about wrong use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError, load } from "edgezoo";
import { bytesOf, facts, ids, names, probabilities, texts, vectors } from "./answers.js";

const LINEAR_MEMORY = 10_000_000;
// Without vector instructions recurrent models take long: of one, as many texts as are worth it.
const SCALAR = { "static-en-micro": texts.length, tinylstm: 200 };
const open = (name, options) => load(facts(name).path, options);

async function compare(name, simd, count) {
  const model = await open(name, { simd });
  const few = texts.slice(0, count);
  const prefix = (bytes, width) => bytes.subarray(0, 4 * width * count);
  if (model.dim) assert.deepEqual(bytesOf(model.embed(few)), prefix(vectors(name), model.dim));
  if (model.labels.length) {
    const found = model.classify(few).map((answer) => Object.values(answer.probabilities));
    assert.deepEqual(bytesOf(found), prefix(probabilities(name), model.labels.length));
  }
  const expected = ids(name);
  few.forEach((text, index) => assert.deepEqual(model.tokenize(text), expected[index]));
}

for (const name of names) {
  test(`${name} gives Python's bits`, () => compare(name, true, texts.length));

  if (SCALAR[name]) {
    test(`${name} gives Python's bits without vector instructions`, () => compare(name, false, SCALAR[name]));
  }

  test(`${name} tells what it is, in ten megabytes`, async () => {
    const model = await open(name);
    const { path, ...known } = facts(name);
    for (const [fact, value] of Object.entries(known)) assert.deepEqual(model[fact], value, fact);
    assert.equal(model.source, path);
    const sample = texts.filter((text) => text.length < 1000);
    if (model.dim) model.embed(sample);
    else if (model.labels.length) model.classify(sample);
    else sample.filter(Boolean).forEach((text) => model.score(text));
    assert.ok(model.memory <= LINEAR_MEMORY, `${model.memory} bytes`);
  });
}

test("a text alone has the bits that it has in a list", async () => {
  const model = await open("tinylstm");
  const few = texts.slice(0, 80);
  assert.deepEqual(few.map((text) => model.embed(text)), model.embed(few));
  assert.deepEqual(few.map((text) => model.classify(text)), model.classify(few));
  assert.deepEqual(model.embed([]), []);
});

test("vectors stay as they are while the model works on", async () => {
  const model = await open("static-en-micro");
  const first = model.embed("the cat sat");
  const kept = first.slice();
  model.embed("x".repeat(1_000_000));
  assert.deepEqual(first, kept);
  assert.equal(first.buffer.byteLength, 4 * model.dim);
});

test("a text of megabytes finds room, and later ones are right", async () => {
  const model = await open("static-en-micro");
  const before = model.embed("the cat sat");
  const long = "the cat sat on the mat, ".repeat(200_000);
  assert.equal(model.tokenize(long).length, 7 * 200_000);
  const mixed = model.embed(["the cat sat", long, "the cat sat"]);
  assert.deepEqual([mixed[0], mixed[2]], [before, before]);
});

test("similarity takes texts, lists and vectors", async () => {
  const model = await open("tinylstm-sts");
  const [cat, kitten, bond] = model.embed(["a cat", "a kitten", "the bond market"]);
  assert.equal(model.similarity("a cat", "a kitten"), model.similarity(cat, kitten));
  assert.ok(model.similarity("a cat", "a kitten") > model.similarity("a cat", "the bond market"));
  const ranks = model.similarity("a cat", ["a kitten", bond]);
  assert.ok(ranks instanceof Float32Array && ranks.length === 2 && ranks[0] > ranks[1]);
  assert.deepEqual(model.similarity(["a kitten", bond], cat), ranks);
  assert.deepEqual(model.similarity([cat], ["a kitten", bond]), [ranks]);
  assert.equal(model.similarity("", "a cat"), 0);
  assert.throws(() => model.similarity(new Float32Array(3), "a cat"), /3 numbers.*256/);
});

test("a classifier says what it is sure of", async () => {
  const model = await open("tinylstm-sst2");
  const answer = model.classify("A warm, funny, engaging film.");
  assert.equal(answer.label, "positive");
  assert.equal(answer.score, answer.probabilities.positive);
  assert.ok(Math.abs(answer.probabilities.positive + answer.probabilities.negative - 1) < 1e-6);
});

test("wrong use is named", async () => {
  const [embeds, classifies] = [await open("static-en-micro"), await open("tinylstm-sst2")];
  for (const [call, message] of [
    [() => embeds.embed(3), /array of strings, not Number/],
    [() => embeds.embed(null), /not null/],
    [() => embeds.embed(["a", undefined]), /texts\[1\] is undefined/],
    [() => embeds.tokenize(["a"]), /must be a string, not Array/],
    [() => embeds.classify("a"), /no classifier; it embeds/],
    [() => classifies.embed("a"), /no vectors; it classifies/],
  ]) {
    assert.throws(call, (error) => error instanceof InputError && message.test(error.message));
  }
});

test("a model that was disposed of says so", async () => {
  const model = await open("static-en-micro");
  model.dispose();
  model.dispose();
  assert.equal(model.memory, 0);
  assert.equal(model.name, "static-en-micro");
  assert.throws(() => model.embed("a"), /disposed of; load it again/);
  assert.throws(() => model.tokenize("a"), InputError);
});
