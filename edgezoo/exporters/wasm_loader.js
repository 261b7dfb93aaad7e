// edgezoo 0.1.0, Apache-2.0. Built from web/src by `npm run build`.

// src/errors.ts
var EdgezooError = class extends Error {
  name = "EdgezooError";
};
var BundleError = class extends EdgezooError {
  name = "BundleError";
};
var ModelNotFoundError = class extends EdgezooError {
  name = "ModelNotFoundError";
};
var InputError = class extends EdgezooError {
  name = "InputError";
};
var EngineError = class extends EdgezooError {
  name = "EngineError";
};

// src/cache.ts
var NAME = "edgezoo";
function keyOf(sha256) {
  return `https://edgezoo.invalid/sha256/${sha256}`;
}
async function open() {
  return typeof caches === "undefined" ? void 0 : await caches.open(NAME).catch(() => void 0);
}
async function find(sha256) {
  const cache = await open();
  return await cache?.match(keyOf(sha256)).catch(() => void 0);
}
async function keep(sha256, bytes) {
  const cache = await open();
  const headers = { "content-length": String(bytes.length), "content-type": "application/octet-stream" };
  await cache?.put(keyOf(sha256), new Response(bytes, { headers })).catch(() => void 0);
}
async function forget(sha256) {
  const cache = await open();
  await cache?.delete(keyOf(sha256)).catch(() => void 0);
}
async function digest(bytes) {
  if (typeof crypto === "undefined" || !crypto.subtle) return void 0;
  return hexadecimal(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// src/instance.ts
var PAGE = 65536;
var ALIGNMENT = 64;
var LARGEST = 2 ** 31;
var Instance = class {
  exports;
  /** All of the memory; another array after each growth, so never to be kept. */
  bytes;
  words;
  floats;
  #top;
  constructor(module) {
    this.exports = new WebAssembly.Instance(module).exports;
    this.#top = Number(this.exports.__heap_base.value);
    const buffer = this.exports.memory.buffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
  }
  /** The aligned address of `size` fresh bytes. */
  reserve(size) {
    const start = Math.ceil(this.#top / ALIGNMENT) * ALIGNMENT;
    this.extend(start + size);
    return start;
  }
  /** Makes all bytes up to `end` usable, behind what was reserved last. */
  extend(end) {
    const lacking = end - this.bytes.length;
    if (end > LARGEST) throw new EngineError(`${end} bytes are more than a WebAssembly memory holds here`);
    if (lacking > 0) this.#grow(Math.ceil(lacking / PAGE));
    this.#top = end;
  }
  #grow(pages) {
    try {
      this.exports.memory.grow(pages);
    } catch {
      throw new EngineError(`no memory is left for ${pages * PAGE} bytes more; dispose of models not in use`);
    }
    const buffer = this.exports.memory.buffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
  }
  /** The bytes up to a NUL, which are ASCII. */
  readString(start) {
    return String.fromCharCode(...this.bytes.subarray(start, this.bytes.indexOf(0, start)));
  }
};

// src/model.ts
var ERROR = { size: 16, status: 0, reason: 1, offset: 2 };
var DESCRIPTION_SIZE = 48;
var BATCH = 64;
var TEXT_ROOM = 16384;
var BYTES_A_UNIT = 3;
var Model = class {
  name;
  /** The length of a vector; 0 for a model that only classifies. */
  dim;
  /** The classes; none for a model that only embeds. */
  labels;
  vocabularySize;
  /** How many tokens of a text count; 0: all. */
  maxTokens;
  /** The digest of the model's contents, in hexadecimal. */
  sha256;
  /** Where it was loaded from. */
  source;
  /** @internal The digest's range in the file. */
  segments;
  #instance;
  #model;
  #cardText;
  #encoder = new TextEncoder();
  // Where a call's numbers are: the ends of its texts, its answers, and last, with room to grow, the texts.
  #ends;
  #answers;
  #texts;
  #room = 0;
  #textView = new Uint8Array();
  /** @internal */
  constructor(instance, bundle, source) {
    this.source = source;
    this.#instance = instance;
    this.#model = this.#open(instance, bundle);
    const place = instance.reserve(DESCRIPTION_SIZE);
    instance.exports.ez_describe(this.#model, place);
    const at = place >>> 2;
    const [name, nameSize, card, cardSize, digest2, begin2, end, tokens, dim, labels, , maxTokens] = instance.words.subarray(at, at + 12);
    this.name = this.#decode(instance, name, nameSize);
    this.#cardText = this.#decode(instance, card, cardSize);
    this.sha256 = hexadecimal(instance.bytes.subarray(digest2, digest2 + 32));
    this.segments = [begin2, end];
    this.vocabularySize = tokens;
    this.dim = dim;
    this.maxTokens = maxTokens;
    this.labels = Object.freeze(Array.from({ length: labels }, (_, index) => this.#label(instance, index, place)));
    this.#ends = instance.reserve(4 * BATCH);
    this.#answers = instance.reserve(4 * BATCH * Math.max(this.dim, this.labels.length));
    this.#texts = instance.reserve(0);
    this.#makeRoom(instance, TEXT_ROOM);
  }
  #open(instance, bundle) {
    const { exports } = instance;
    const error = instance.reserve(ERROR.size);
    const needed = exports.ez_memory_size(bundle.start, bundle.size, error);
    this.#check(instance, error);
    const memory = instance.reserve(needed);
    const model = exports.ez_open(bundle.start, bundle.size, memory, needed, error);
    this.#check(instance, error);
    return model;
  }
  #check(instance, error) {
    const at = error >>> 2;
    if (!instance.words[at + ERROR.status]) return;
    const reason = instance.readString(instance.words[at + ERROR.reason]);
    const offset = instance.words[at + ERROR.offset];
    throw new BundleError(`${this.source}: ${reason}${offset ? ` (byte ${offset})` : ""}`);
  }
  #decode(instance, start, size) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(instance.bytes.subarray(start, start + size));
    } catch {
      throw new BundleError(`${this.source}: the name, the card or a label is not UTF-8 text`);
    }
  }
  #label(instance, index, place) {
    const start = instance.exports.ez_label(this.#model, index, place);
    return this.#decode(instance, start, instance.words[place >>> 2]);
  }
  /** The card, as it lies in the file. Throws a BundleError if it is not a JSON object. */
  get card() {
    let card;
    try {
      card = JSON.parse(this.#cardText);
    } catch {
      card = void 0;
    }
    if (typeof card === "object" && card !== null && !Array.isArray(card)) return card;
    throw new BundleError(`${this.source}: the card is not a JSON object; get the file again`);
  }
  /** Bytes of WebAssembly memory in use, the model included; 0 once it is disposed of. */
  get memory() {
    return this.#instance?.bytes.length ?? 0;
  }
  embed(texts) {
    const instance = this.#live();
    if (!this.dim) throw new InputError(`the model '${this.name}' has no vectors; it classifies: use classify`);
    if (typeof texts !== "string") return this.#batch(instance, checked(texts), this.dim);
    const length = this.#write(instance, texts, 0);
    instance.exports.ez_embed(this.#model, this.#texts, length, this.#answers);
    const at = this.#answers >>> 2;
    return instance.floats.slice(at, at + this.dim);
  }
  classify(texts) {
    const instance = this.#live();
    if (!this.labels.length) throw new InputError(`the model '${this.name}' has no classifier; it embeds: use embed`);
    if (typeof texts !== "string") {
      return this.#batch(instance, checked(texts), this.labels.length).map((row) => this.#judge(row));
    }
    const length = this.#write(instance, texts, 0);
    instance.exports.ez_classify(this.#model, this.#texts, length, this.#answers);
    const at = this.#answers >>> 2;
    return this.#judge(instance.floats.subarray(at, at + this.labels.length));
  }
  similarity(a, b) {
    if (!isItem(a) && !isItem(b)) {
      const right = this.#vectors(b);
      return this.#vectors(a).map((left2) => Float32Array.from(right, (vector) => cosine(left2, vector)));
    }
    if (!isItem(a)) return this.similarity(b, a);
    const left = this.#vector(a);
    return isItem(b) ? cosine(left, this.#vector(b)) : Float32Array.from(this.#vectors(b), (right) => cosine(left, right));
  }
  /** The token ids of a text. */
  tokenize(text) {
    const instance = this.#live();
    const length = this.#write(instance, text, 0);
    const { ez_tokenize } = instance.exports;
    const count = ez_tokenize(this.#model, this.#texts, length, 0, 0);
    const ids = Math.ceil((this.#texts + length) / 4) * 4;
    this.#makeRoom(instance, ids + 4 * count - this.#texts);
    ez_tokenize(this.#model, this.#texts, length, ids, count);
    return instance.words.slice(ids >>> 2, (ids >>> 2) + count);
  }
  /** Frees the memory; using the model afterwards throws an InputError. */
  dispose() {
    this.#instance = void 0;
    this.#textView = new Uint8Array();
  }
  #live() {
    if (!this.#instance) throw new InputError(`the model '${this.name}' was disposed of; load it again`);
    return this.#instance;
  }
  #makeRoom(instance, room) {
    if (room <= this.#room) return;
    instance.extend(this.#texts + room);
    this.#room = room;
    this.#textView = instance.bytes.subarray(this.#texts, this.#texts + room);
  }
  /** Writes a text as UTF-8 behind `used` bytes of others and returns how many bytes it has. */
  #write(instance, text, used) {
    if (typeof text !== "string") throw new InputError(`a text must be a string, not ${kindOf(text)}`);
    this.#makeRoom(instance, used + BYTES_A_UNIT * text.length);
    const view = used ? this.#textView.subarray(used) : this.#textView;
    return this.#encoder.encodeInto(text, view).written;
  }
  #batch(instance, texts, width) {
    const rows = [];
    for (let first = 0; first < texts.length; ) {
      const count = this.#writeBatch(instance, texts, first);
      const run = width === this.dim ? instance.exports.ez_embed_batch : instance.exports.ez_classify_batch;
      run(this.#model, this.#texts, this.#ends, count, this.#answers);
      for (let i = 0, at = this.#answers >>> 2; i < count; i++, at += width) {
        rows.push(instance.floats.slice(at, at + width));
      }
      first += count;
    }
    return rows;
  }
  /** Writes as many texts as there is room for, one at least, and returns their number. */
  #writeBatch(instance, texts, first) {
    let used = 0;
    let count = 0;
    for (; count < BATCH && first + count < texts.length; count++) {
      const text = texts[first + count];
      if (count && used + BYTES_A_UNIT * text.length > this.#room) break;
      used += this.#write(instance, text, used);
      instance.words[(this.#ends >>> 2) + count] = used;
    }
    return count;
  }
  #judge(row) {
    let best = 0;
    const probabilities = {};
    row.forEach((probability, index) => {
      if (probability > row[best]) best = index;
      probabilities[this.labels[index]] = probability;
    });
    return { label: this.labels[best], score: row[best], probabilities };
  }
  #vector(item) {
    if (typeof item === "string") return this.embed(item);
    if (item.length === this.dim) return item;
    throw new InputError(`a vector has ${item.length} numbers; those of '${this.name}' have ${this.dim}`);
  }
  #vectors(items) {
    if (!Array.isArray(items)) throw new InputError(`expected texts or vectors, not ${kindOf(items)}`);
    if (items.every((item) => typeof item === "string")) return this.embed(items);
    return items.map((item) => this.#vector(item));
  }
};
function isItem(value) {
  return typeof value === "string" || value instanceof Float32Array;
}
function checked(texts) {
  if (!Array.isArray(texts)) throw new InputError(`texts must be a string or an array of strings, not ${kindOf(texts)}`);
  texts.forEach((text, index) => {
    if (typeof text !== "string") throw new InputError(`texts[${index}] is ${kindOf(text)}; every text must be a string`);
  });
  return texts;
}
function kindOf(value) {
  return value === null ? "null" : value?.constructor?.name ?? typeof value;
}
function cosine(a, b) {
  let product = 0;
  let left = 0;
  let right = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    product += x * y;
    left += x * x;
    right += y * y;
  }
  const lengths = Math.sqrt(left * right);
  return lengths ? Math.min(1, Math.max(-1, product / lengths)) : 0;
}

// src/node.ts
function hasFiles() {
  const { process } = globalThis;
  return typeof process?.versions?.node === "string";
}
function isFile(source) {
  return hasFiles() && (source.startsWith("file:") || !/^[a-z][a-z\d+.-]+:/i.test(source));
}
function files() {
  return import(
    /* webpackIgnore: true */
    /* @vite-ignore */
    "node:fs/promises"
  );
}
function location(source) {
  return source.startsWith("file:") ? new URL(source) : source;
}
async function readFile(source) {
  return await (await files()).readFile(location(source));
}
async function openFile(source) {
  return await (await files()).open(location(source));
}

// src/module.ts
var VECTOR_PROBE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  10,
  1,
  8,
  0,
  65,
  0,
  253,
  15,
  253,
  98,
  11
);
function hasVectors() {
  return WebAssembly.validate(VECTOR_PROBE);
}
var compiled = /* @__PURE__ */ new Map();
async function engineModule(source, vectors) {
  if (typeof WebAssembly !== "object") throw new EngineError("this browser has no WebAssembly; use a newer one");
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return await compile(source, "the given bytes");
  const url = source ?? (vectors ? new URL("./engine.wasm", import.meta.url) : new URL("./engine-scalar.wasm", import.meta.url));
  const key = String(url);
  let module = compiled.get(key);
  if (!module) {
    module = fetchModule(key);
    compiled.set(key, module);
    module.catch(() => compiled.delete(key));
  }
  return await module;
}
async function fetchModule(url) {
  let bytes;
  if (isFile(url)) {
    bytes = await readFile(url).catch((error) => {
      throw new EngineError(`the engine ${url} can't be read (${String(error)}); install edgezoo again`);
    });
  } else {
    const response = await fetch(url).catch((error) => {
      throw new EngineError(`the engine ${url} can't be fetched (${String(error)})`);
    });
    if (!response.ok) throw new EngineError(`the engine ${url} can't be fetched: status ${response.status}; ${WHERE}`);
    bytes = await response.arrayBuffer();
  }
  return await compile(bytes, url);
}
var WHERE = "serve engine.wasm beside the script, or say where it is with the option `engine`";
async function compile(bytes, name) {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new EngineError(`${name} is no WebAssembly module that runs here (${String(error)}); ${WHERE}`);
  }
}

// src/source.ts
var MAGIC = "EZB1";
var CHUNK = 1 << 20;
function nameOf(source) {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  if (source instanceof Response) return source.url || "the response";
  return "the model";
}
async function begin(source, signal) {
  const fetched = (typeof source === "string" || source instanceof URL) && !isFile(String(source));
  return fetched ? await download(source, signal) : source;
}
async function readInto(instance, source, reading) {
  reading.signal?.throwIfAborted();
  if (source instanceof ArrayBuffer) return copy(instance, new Uint8Array(source), reading);
  if (ArrayBuffer.isView(source)) {
    return copy(instance, new Uint8Array(source.buffer, source.byteOffset, source.byteLength), reading);
  }
  if (source instanceof Blob) return await stream(instance, new Response(source), "the model", source.size, reading);
  if (source instanceof Response) return await answer(instance, source, reading);
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new InputError("a model is loaded from a URL, a path, a Response, a Blob, an ArrayBuffer or a Uint8Array");
  }
  if (isFile(String(source))) return await file(instance, String(source), reading);
  return await answer(instance, await download(source, reading.signal), reading);
}
async function download(source, signal) {
  try {
    return await fetch(source, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw new ModelNotFoundError(`${nameOf(source)} can't be fetched (${String(error)}); check address and connection`);
  }
}
async function answer(instance, response, reading) {
  const name = nameOf(response);
  if (response.bodyUsed) throw new InputError(`the body of ${name} was read before; fetch it again, or .clone() it`);
  if (!response.ok) throw new ModelNotFoundError(`${name}: the server answered with status ${response.status}`);
  const plain = !response.headers.get("content-encoding");
  const length = plain ? Number(response.headers.get("content-length")) : 0;
  return await stream(instance, response, name, length || void 0, reading);
}
async function stream(instance, response, name, total, reading) {
  const reader = (response.body ?? new Response(new Uint8Array()).body).getReader();
  const abort = () => void reader.cancel().catch(() => {
  });
  reading.signal?.addEventListener("abort", abort);
  const start = instance.reserve(0);
  if (total) instance.extend(start + total);
  let size = 0;
  try {
    for (; ; ) {
      const { done, value } = await reader.read();
      reading.signal?.throwIfAborted();
      if (done) break;
      instance.extend(Math.max(start + size + value.length, start + (total ?? 0)));
      instance.bytes.set(value, start + size);
      if (size < 8 && size + value.length >= 8) checkMagic(instance, start, name, response);
      size += value.length;
      reading.onProgress?.({ loaded: size, total });
    }
  } catch (error) {
    await reader.cancel().catch(() => {
    });
    reading.signal?.throwIfAborted();
    throw error instanceof TypeError ? new ModelNotFoundError(`${name} broke off (${error.message}); try again`) : error;
  } finally {
    reading.signal?.removeEventListener("abort", abort);
  }
  instance.extend(start + size);
  return { start, size };
}
function checkMagic(instance, start, name, response) {
  if (String.fromCharCode(...instance.bytes.subarray(start + 4, start + 8)) === MAGIC) return;
  const type = response.headers.get("content-type");
  const page = type?.startsWith("text/") ? `; the server sent ${type}: is the address right?` : "";
  throw new BundleError(`${name}: this is not an edgezoo bundle (no ${MAGIC} at byte 4)${page}`);
}
function copy(instance, bytes, reading) {
  const start = instance.reserve(bytes.length);
  instance.bytes.set(bytes, start);
  reading.onProgress?.({ loaded: bytes.length, total: bytes.length });
  return { start, size: bytes.length };
}
async function file(instance, path, reading) {
  const handle = await openFile(path).catch((error) => {
    throw new ModelNotFoundError(`${path} can't be read (${String(error)})`);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new ModelNotFoundError(`${path} is not a file; name the .ezb in it`);
    const start = instance.reserve(stat.size);
    let loaded = 0;
    while (loaded < stat.size) {
      const { bytesRead } = await handle.read(instance.bytes, start + loaded, Math.min(CHUNK, stat.size - loaded));
      reading.signal?.throwIfAborted();
      if (!bytesRead) break;
      loaded += bytesRead;
      reading.onProgress?.({ loaded, total: stat.size });
    }
    return { start, size: loaded };
  } finally {
    await handle.close();
  }
}

// src/load.ts
async function load(source, options = {}) {
  const { sha256, signal } = options;
  if (sha256 !== void 0 && !/^[\da-f]{64}$/.test(sha256)) {
    throw new InputError(`sha256 must be 64 hexadecimal digits in lower case, not ${JSON.stringify(sha256)}`);
  }
  signal?.throwIfAborted();
  const kept = sha256 ? await find(sha256) : void 0;
  if (kept && sha256) {
    const model = await open2(kept, options).catch(() => forget(sha256));
    signal?.throwIfAborted();
    if (model) return model;
  }
  return await open2(source, options, true);
}
async function open2(source, options, fresh = false) {
  const [module, begun] = await Promise.all([
    engineModule(options.engine, options.simd ?? hasVectors()),
    begin(source, options.signal)
  ]);
  const instance = new Instance(module);
  const region = await readInto(instance, begun, options);
  const model = new Model(instance, region, nameOf(source));
  try {
    await check(instance, region, model, options, fresh);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}
async function check(instance, region, model, options, fresh) {
  const { sha256, verify } = options;
  if (sha256 !== void 0 && sha256 !== model.sha256) {
    throw new BundleError(`${model.source}: its SHA-256 is ${model.sha256}, not ${sha256}: another version of the model`);
  }
  if (!verify && sha256 === void 0) return;
  const [begin2, end] = model.segments;
  const found = await digest(instance.bytes.subarray(region.start + begin2, region.start + end));
  if (found === void 0 && verify) throw new EngineError("SHA-256 needs a page that is served over https");
  if (found !== void 0 && found !== model.sha256) {
    throw new BundleError(`${model.source}: SHA-256 is ${found}, the header says ${model.sha256}; get the file again`);
  }
  if (found !== void 0 && sha256 !== void 0 && fresh) {
    await keep(sha256, instance.bytes.subarray(region.start, region.start + region.size));
  }
}
export {
  BundleError,
  EdgezooError,
  EngineError,
  InputError,
  ModelNotFoundError,
  load
};
