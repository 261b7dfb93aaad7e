// Where a model comes from, and what is said when it does not.
import assert from "node:assert/strict";
import { readFile, writeFile, mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { BundleError, EdgezooError, EngineError, InputError, load, ModelNotFoundError } from "edgezoo";
import { facts } from "./answers.js";

const { path, sha256 } = facts("static-en-micro");
const bytes = await readFile(path);
const expected = (await load(path)).embed("hello world");
let server, address;

const ROUTES = {
  "/model.ezb": (response) => response.writeHead(200, { "content-length": bytes.length }).end(bytes),
  "/chunked.ezb": (response) => {
    for (let at = 0; at < bytes.length; at += 10_007) response.write(bytes.subarray(at, at + 10_007));
    response.end();
  },
  "/gzip.ezb": (response) => {
    const packed = gzipSync(bytes);
    response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
  },
  "/page.ezb": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Hello"),
  "/cut.ezb": (response) => response.writeHead(200).end(bytes.subarray(0, 300_000)),
  "/broken.ezb": (response) => {
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, 100_000), () => response.destroy());
  },
  "/slow.ezb": (response) => response.writeHead(200, { "content-length": bytes.length }).write(bytes.subarray(0, 1000)),
};

before(async () => {
  server = createServer((request, response) => {
    const route = ROUTES[request.url];
    if (route) route(response);
    else response.writeHead(404).end();
  });
  server.keepAliveTimeout = 600_000; // a busy machine may take its time between two requests
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const offset = new Uint8Array(bytes.length + 3);
offset.set(bytes, 3);
const SOURCES = {
  "an address": () => `${address}/model.ezb`,
  "a URL": () => new URL(`${address}/model.ezb`),
  "an address without a length": () => `${address}/chunked.ezb`,
  "a compressed answer": () => `${address}/gzip.ezb`,
  "a path": () => path,
  "a file URL": () => pathToFileURL(path),
  "a Response": () => fetch(`${address}/model.ezb`),
  "a Blob": () => new Blob([bytes]),
  "a Buffer": () => bytes,
  "an ArrayBuffer": () => Uint8Array.from(bytes).buffer,
  "a Uint8Array inside a larger buffer": () => offset.subarray(3),
};
for (const [name, source] of Object.entries(SOURCES)) {
  test(`a model is loaded from ${name}`, async () => {
    const seen = [];
    const model = await load(await source(), { verify: true, sha256, onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(model.embed("hello world"), expected);
    assert.equal(seen.at(-1).loaded, bytes.length);
    assert.ok(seen.every(({ total }) => total === undefined || total === bytes.length));
  });
}

const ALTERED = Buffer.from(bytes);
ALTERED[ALTERED.length - 1000] ^= 1;
for (const [name, source, kind, message] of [
  ["a missing file", () => "absent.ezb", ModelNotFoundError, /absent\.ezb can't be read/],
  ["a folder", () => tmpdir(), ModelNotFoundError, /not a file/],
  ["status 404", () => `${address}/absent.ezb`, ModelNotFoundError, /status 404/],
  ["an address without a server", () => "http://127.0.0.1:1/x.ezb", ModelNotFoundError, /can't be fetched/],
  ["a web page", () => `${address}/page.ezb`, BundleError, /not an edgezoo bundle.*text\/html.*address right/],
  ["a download that was cut", () => `${address}/cut.ezb`, BundleError, /ends early/],
  ["a connection that breaks", () => `${address}/broken.ezb`, ModelNotFoundError, /broke off/],
  ["no bytes", () => new Uint8Array(), BundleError, /not an edgezoo bundle/],
  ["another kind of file", () => new TextEncoder().encode("PK\x03\x04".repeat(99)), BundleError, /not an edgezoo bundle/],
  ["an altered file", () => ALTERED, BundleError, /checksum does not match/],
  ["bytes behind the end", () => Buffer.concat([bytes, Buffer.alloc(64)]), BundleError, /disagree/],
  ["a number", () => 3, InputError, /a URL, a path, a Response/],
]) {
  test(`${name} is refused`, async () => {
    await assert.rejects(load(source()), (error) => {
      assert.ok(error instanceof kind && error instanceof EdgezooError, String(error));
      assert.equal(error.name, kind.name);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("wherever a file is cut, or a bit of its header flipped, it is refused", async () => {
  for (let size = 0; size < bytes.length; size += 4099) await assert.rejects(load(bytes.subarray(0, size)), BundleError);
  for (let byte = 0; byte < 4096; byte += 13) {
    const damaged = Buffer.from(bytes);
    damaged[byte] ^= 1 << (byte % 8);
    await assert.rejects(load(damaged), BundleError);
  }
});

test("a response that was read before is refused", async () => {
  const response = await fetch(`${address}/model.ezb`);
  await response.arrayBuffer();
  await assert.rejects(load(response), /was read before/);
});

test("loading is broken off before it begins and on its way", async () => {
  await assert.rejects(load(path, { signal: AbortSignal.abort() }), { name: "AbortError" });
  for (const source of [`${address}/slow.ezb`, await fetch(`${address}/slow.ezb`)]) {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("changed my mind"));
    await assert.rejects(load(source, { signal: controller.signal, onProgress }), /changed my mind/);
  }
  const waiting = new AbortController();
  setTimeout(() => waiting.abort(), 50);
  await assert.rejects(load(`${address}/slow.ezb`, { signal: waiting.signal }), { name: "AbortError" });
});

test("another model than the one asked for is refused", async () => {
  await assert.rejects(load(path, { sha256: "0".repeat(64) }), (error) => {
    return error instanceof BundleError && /another version of the model/.test(error.message);
  });
  await assert.rejects(load(path, { sha256: "abc" }), InputError);
});

test("the engine is found where it is said to be, or missed with a hint", async () => {
  const engine = await readFile(new URL("../dist/engine.wasm", import.meta.url));
  for (const given of [engine, new WebAssembly.Module(engine), new URL("../dist/engine-scalar.wasm", import.meta.url)]) {
    assert.deepEqual((await load(path, { engine: given })).embed("hello world"), expected);
  }
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-"));
  await writeFile(join(folder, "engine.wasm"), "<!doctype html>");
  for (const [given, message] of [
    [join(folder, "engine.wasm"), /no WebAssembly module.*option `engine`/],
    [join(folder, "absent.wasm"), /can't be read/],
    [`${address}/absent.wasm`, /status 404.*option `engine`/],
  ]) {
    await assert.rejects(load(path, { engine: given }), (error) => {
      return error instanceof EngineError && message.test(error.message);
    });
  }
});
