// edgezoo 0.1.0, Apache-2.0. Built from web/src by `npm run build`.
var __toBinary = Uint8Array.fromBase64 || /* @__PURE__ */ (() => {
  var table = new Uint8Array(128);
  for (var i = 0; i < 64; i++) table[i < 26 ? i + 65 : i < 52 ? i + 71 : i < 62 ? i - 4 : i * 4 - 205] = i;
  return (base64) => {
    var n = base64.length, bytes = new Uint8Array((n - (base64[n - 1] == "=") - (base64[n - 2] == "=")) * 3 / 4 | 0);
    for (var i2 = 0, j = 0; i2 < n; ) {
      var c0 = table[base64.charCodeAt(i2++)], c1 = table[base64.charCodeAt(i2++)];
      var c2 = table[base64.charCodeAt(i2++)], c3 = table[base64.charCodeAt(i2++)];
      bytes[j++] = c0 << 2 | c1 >> 4;
      bytes[j++] = c1 << 4 | c2 >> 2;
      bytes[j++] = c2 << 6 | c3;
    }
    return bytes;
  };
})();

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

// ../edgezoo/runtimes/engine/matrix-relaxed.wasm
var matrix_relaxed_default = __toBinary("AGFzbQEAAAABCAFgBH9/f38AAigCA2VudgZtZW1vcnkCAAAGZW5naW5lD211bHRpcGx5X21hdHJpeAAAAwIBAAQFAXABAQEGBgF/AUEACwcTAQ9tdWx0aXBseV9tYXRyaXgAAQqnBQGkBQYHfwJ7An8EewF/AnsCQCAAKAIQQcAARg0AIAAgASACIAMQgICAgAAPCwJAIAJFDQAgACgCDCIEQXxxIQUgACgCCCIGQQJ0IQdBACEIA0BBACEJAkAgBEUNAEEAIQlBACEKAkACQCAEQQRJDQD9DAAAAAAAAAAAAAAAAAAAAAAhC0EAIQkDQCALIAEgCWr9XAAA/YcB/acB/a4BIQsgBSAJQQRqIglHDQALIAsgCyAL/Q0ICQoLDA0ODwABAgMAAQID/a4BIgsgCyAL/Q0EBQYHAAECAwABAgMAAQID/a4B/RsAIQogBSEJIAQgBUYNAQsDQCAKIAEgCWosAABqIQogBCAJQQFqIglHDQALC0EAIApBBnRrIQkLAkAgBkUNACAJ/REhDEEAIQ0DQCADIA1BAnRqIQ4gDCEPIAwhECAMIREgDCESAkAgBEUNACAAKAIAIA0gBGxqIQlBACEKIAwhDyAMIRAgDCERIAwhEgNAIAEgCmoiE0EEav0JAAAiCyAJQfAAav0AAAD9kgIgE/0JAAAiFCAJQTBq/QAAAP2SAv2OAf0MAQABAAEAAQABAAEAAQABACIV/boBIA/9rgEhDyALIAlB4ABq/QAAAP2SAiAUIAlBIGr9AAAA/ZIC/Y4BIBX9ugEgEP2uASEQIAsgCUHQAGr9AAAA/ZICIBQgCUEQav0AAAD9kgL9jgEgFf26ASAR/a4BIREgCyAJQcAAav0AAAD9kgIgFCAJ/QAAAP2SAv2OASAV/boBIBL9rgEhEiAJQYABaiEJIApBCGoiCiAESQ0ACwsgDiAP/QsAMCAOIBD9CwAgIA4gEf0LABAgDiAS/QsAACANQRBqIg0gBkkNAAsLIAEgBGohASADIAdqIQMgCEEBaiIIIAJHDQALCws=");

// src/relaxed.ts
var module;
function relaxedModule() {
  return module ??= WebAssembly.validate(matrix_relaxed_default) && new WebAssembly.Module(matrix_relaxed_default);
}
function relax(engine) {
  const found = engine.ez_matrix_kernel && relaxedModule();
  if (!found || !engine.ez_matrix_kernel) return;
  const place = engine.ez_matrix_kernel();
  const { memory, __indirect_function_table: table } = engine;
  const imports = { env: { memory }, engine: { multiply_matrix: table.get(place) } };
  table.set(place, new WebAssembly.Instance(found, imports).exports.multiply_matrix);
}

// src/text_room.ts
var ROOM = 16384;
var BYTES_A_UNIT = 3;
var TextRoom = class {
  start;
  #instance;
  #encoder = new TextEncoder();
  #size = 0;
  #view = new Uint8Array();
  constructor(instance) {
    this.#instance = instance;
    this.start = instance.reserve(0);
    this.grow(ROOM);
  }
  /** Makes room for so many bytes in all. */
  grow(size) {
    if (size <= this.#size) return;
    this.#instance.extend(this.start + size);
    this.#size = size;
    this.#view = this.#instance.bytes.subarray(this.start, this.start + size);
  }
  /** Whether a text surely fits behind `used` bytes of others without more room. */
  fits(text, used) {
    return used + BYTES_A_UNIT * text.length <= this.#size;
  }
  /** Writes a text behind `used` bytes of others and returns how many bytes it has. */
  write(text, used) {
    if (typeof text !== "string") throw new InputError(`a text must be a string, not ${kindOf(text)}`);
    this.grow(used + BYTES_A_UNIT * text.length);
    const view = used ? this.#view.subarray(used) : this.#view;
    return this.#encoder.encodeInto(text, view).written;
  }
  /** The address, for numbers of 32 bits, behind a text of `length` bytes, where there is room for `count` of them. */
  behind(length, count) {
    const start = Math.ceil((this.start + length) / 4) * 4;
    this.grow(start + 4 * count - this.start);
    return start;
  }
};
function kindOf(value) {
  return value === null ? "null" : value?.constructor?.name ?? typeof value;
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
  #texts;
  constructor(module2) {
    this.exports = new WebAssembly.Instance(module2).exports;
    relax(this.exports);
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
  /** Room for texts; after its first use nothing more is to be reserved. */
  get texts() {
    return this.#texts ??= new TextRoom(this);
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

// src/requests.ts
var MAX_NEW_TOKENS = 1e6;
var MAX_SEQUENCES = 1e3;
var MAX_SEED = 2n ** 64n - 1n;
var MAX_TOP_K = 2 ** 31;
var TEMPERATURES = [0.01, 100];
var HALF = /\p{Surrogate}/u;
var HALVES = /\p{Surrogate}/gu;
var DETAILS = ["summary", "per_char"];
var SCORE_OPTIONS = ["detail", "topK"];
var STREAM_OPTIONS = ["maxNewTokens", "temperature", "topK", "topP", "stopOnEos", "stopSequences", "seed"];
function checkedScoring(given, options, tokens) {
  const text = checkedText("text", given);
  if (!text) throw new InputError("the text is empty; there is nothing to score");
  const { detail = "summary", topK } = checkedOptions("score", options, SCORE_OPTIONS);
  if (!DETAILS.includes(detail)) refuse("detail", 'one of "summary", "per_char"', detail);
  if (topK === void 0) return { text, perChar: detail === "per_char", topK: 0 };
  if (detail !== "per_char") throw new InputError('topK goes with detail: "per_char"; leave one of them out');
  return { text, perChar: true, topK: checkedWhole("topK", topK, 1, tokens) };
}
function checkedGenerating(prompt, options) {
  const { numReturnSequences, ...rest } = checkedOptions("generate", options, [...STREAM_OPTIONS, "numReturnSequences"]);
  const request = checkedStreaming(prompt, rest);
  const count = checkedWhole("numReturnSequences", numReturnSequences ?? 1, 1, MAX_SEQUENCES);
  if (request.temperature === 0 && count > 1) {
    throw new InputError("temperature: 0 gives one continuation; leave out numReturnSequences");
  }
  return { request, count };
}
function checkedStreaming(prompt, options) {
  const { temperature = 1, topK, topP, ...rest } = checkedOptions("stream", options, STREAM_OPTIONS);
  const { maxNewTokens = 256, stopOnEos = true, stopSequences = [], seed } = rest;
  checkTemperature(temperature);
  if (temperature === 0 && (topK !== void 0 || topP !== void 0)) {
    const name = topK === void 0 ? "topP" : "topK";
    throw new InputError(`temperature: 0 always takes the likeliest character; leave out ${name}`);
  }
  if (topP !== void 0 && !(typeof topP === "number" && topP > 0 && topP <= 1)) {
    refuse("topP", "a number above 0 and at most 1", topP);
  }
  if (typeof stopOnEos !== "boolean") refuse("stopOnEos", "true or false", stopOnEos);
  return {
    prompt: checkedText("prompt", prompt),
    maxNewTokens: checkedWhole("maxNewTokens", maxNewTokens, 1, MAX_NEW_TOKENS),
    temperature,
    topK: topK === void 0 ? 0 : checkedWhole("topK", topK, 1, MAX_TOP_K),
    topP: topP ?? 1,
    stopOnEos,
    stopSequences: checkedStops(stopSequences),
    seed: seed === void 0 ? crypto.getRandomValues(new Uint32Array(1))[0] : checkedSeed(seed)
  };
}
function checkTemperature(value) {
  const [lowest, highest] = TEMPERATURES;
  const fits = typeof value === "number" && (value === 0 || value >= lowest && value <= highest);
  if (!fits) refuse("temperature", `0 or a number from ${lowest} to ${highest}`, value);
}
function checkedStops(stops) {
  if (!Array.isArray(stops)) refuse("stopSequences", "an array of strings", stops);
  stops.forEach((stop, index) => {
    const whole = typeof stop === "string" && stop && !HALF.test(stop);
    if (!whole) refuse(`stopSequences[${index}]`, "a string of at least one whole character", stop);
  });
  return stops.map((stop) => stop.normalize("NFC"));
}
function checkedSeed(seed) {
  const whole = typeof seed === "bigint" || typeof seed === "number" && Number.isSafeInteger(seed);
  if (!whole || seed < 0 || seed > MAX_SEED) {
    refuse("seed", `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or a bigint up to ${MAX_SEED}`, seed);
  }
  return seed;
}
function checkedWhole(name, value, lowest, highest) {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    refuse(name, `a whole number from ${lowest} to ${highest}`, value);
  }
  return value;
}
function checkedText(name, text) {
  if (typeof text !== "string") refuse(name, "a string", text);
  return text.replace(HALVES, "\uFFFD").normalize("NFC");
}
function checkedOptions(method, options, known) {
  if (typeof options !== "object" || options === null) refuse(`the options of ${method}`, "an object", options);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new InputError(`${method} has no option ${name}; it has ${known.join(", ")}`);
  }
  return options;
}
function refuse(name, expected, value) {
  const plain = ["string", "number", "boolean", "bigint", "undefined"].includes(typeof value);
  const found = typeof value === "string" ? JSON.stringify(value) : plain ? String(value) : kindOf(value);
  throw new InputError(`${name} must be ${expected}, not ${found}`);
}

// src/tokens.ts
function tokenIds(instance, model, text) {
  const { exports, texts } = instance;
  const length = texts.write(text, 0);
  let capacity = text.length;
  for (; ; ) {
    const ids = texts.behind(length, capacity);
    const count = exports.ez_tokenize(model, texts.start, length, ids, capacity);
    if (count <= capacity) return instance.words.slice(ids >>> 2, (ids >>> 2) + count);
    capacity = count;
  }
}

// src/turn.ts
function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(void 0);
  });
}

// src/language_model.ts
var UNKNOWN = 1;
var BEGIN = 2;
var END = 3;
var SLICE = 64;
var PATIENCE = 10;
var SEQUENCE = { temperature: 0, topP: 1, topK: 2, stop: 3, random: 4, last: 6 };
var STATE = 32;
var SUMMED = 2 ** 250;
function workspaceSize(stateSize, tokens) {
  return 8 * Math.ceil((STATE + stateSize) / 8) + 4 * Math.max(SLICE, tokens);
}
var LanguageModel = class {
  #live;
  #model;
  #stateSize;
  #size;
  // Where a sequence is, and behind it ids or a row of logarithms.
  #sequence;
  #answers;
  #tokens;
  /** `live` gives the instance, or throws; `workspace` is the address of `workspaceSize` bytes. */
  constructor(live, model, stateSize, tokens, workspace) {
    this.#live = live;
    this.#model = model;
    this.#stateSize = stateSize;
    this.#size = tokens;
    this.#sequence = workspace;
    this.#answers = workspace + workspaceSize(stateSize, tokens) - 4 * Math.max(SLICE, tokens);
  }
  score(given, options) {
    const { text, perChar, topK } = checkedScoring(given, options, this.#size);
    const characters = [...text];
    const ids = this.#ids(text);
    const top = [];
    const nats = topK ? this.#scoreEach(ids, topK, top) : this.#scoreAll(text, characters.length + 1);
    const bits = Array.from(nats, (value) => value / Math.LN2);
    const loss = sum(nats) / nats.length;
    const places = [...characters, ""].map((character, place) => {
      return { character, surprisal: bits[place], known: ids[place] !== UNKNOWN, top: top[place] ?? [] };
    });
    return {
      text,
      characters: nats.length,
      loss,
      bits: loss / Math.LN2,
      perplexity: Math.exp(loss),
      surprisal: sum(bits),
      unknown: unknownOf(text, ids),
      perChar: perChar ? places : []
    };
  }
  generate(prompt, options) {
    const { request, count } = checkedGenerating(prompt, options);
    const [sequence, ids] = this.#read(request);
    const outputs = Array.from({ length: count }, (_, index) => {
      this.#seed(sequence, request.seed, index);
      const pieces = [...this.#pieces({ bytes: sequence.bytes.slice() }, request, SLICE)];
      const text = pieces.map((piece) => piece.text).join("");
      return { text, finish: pieces.at(-1).finish, characters: [...text].length };
    });
    const meta = { ...request, numReturnSequences: count, unknown: unknownOf(request.prompt, ids) };
    return { text: outputs[0].text, outputs, meta };
  }
  stream(prompt, options) {
    return this.#stream(checkedStreaming(prompt, options));
  }
  async *#stream(request) {
    const [sequence] = this.#read(request);
    this.#seed(sequence, request.seed, 0);
    let start = performance.now();
    for (const { text } of this.#pieces(sequence, request, 1)) {
      if (text) yield text;
      if (performance.now() - start < PATIENCE) continue;
      await turn();
      start = performance.now();
    }
  }
  /** The vocabulary by id. */
  get #vocabulary() {
    return this.#tokens ??= this.#readVocabulary();
  }
  #readVocabulary() {
    const instance = this.#live();
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return Array.from({ length: this.#size }, (_, id) => {
      const start = instance.exports.ez_token(this.#model, id, this.#answers);
      const length = instance.words[this.#answers >>> 2];
      try {
        return decoder.decode(instance.bytes.subarray(start, start + length));
      } catch {
        throw new BundleError(`the token ${id} is not UTF-8 text; get the model again`);
      }
    });
  }
  #ids(text) {
    return tokenIds(this.#live(), this.#model, text);
  }
  /** Nats of each of `count` characters, the end among them. */
  #scoreAll(text, count) {
    const instance = this.#live();
    const { exports, texts } = instance;
    const length = texts.write(text, 0);
    const nats = texts.behind(length, count);
    exports.ez_score(this.#model, texts.start, length, nats, count);
    return instance.floats.slice(nats >>> 2, (nats >>> 2) + count);
  }
  /** The same, one step after the other, and the likeliest at each place. */
  #scoreEach(ids, topK, top) {
    const instance = this.#live();
    const { exports, bytes, floats } = instance;
    const state = this.#sequence + STATE;
    const at = this.#answers >>> 2;
    const vocabulary = this.#vocabulary;
    bytes.fill(0, state, state + this.#stateSize);
    const nats = new Float32Array(ids.length + 1);
    for (let place = 0; place <= ids.length; place++) {
      exports.ez_step(this.#model, state, place ? ids[place - 1] : BEGIN, this.#answers);
      const row = floats.subarray(at, at + this.#size);
      nats[place] = -row[ids[place] ?? END];
      top.push(
        likeliest(row, topK).map((id) => {
          return { character: id === END ? "" : vocabulary[id], probability: Math.fround(Math.exp(row[id])) };
        })
      );
    }
    return nats;
  }
  /** A sequence that has read the prompt but its last character, and the prompt's ids. */
  #read(request) {
    const ids = this.#ids(request.prompt);
    const { exports, bytes, words, floats } = this.#live();
    const state = this.#sequence + STATE;
    const at = this.#sequence >>> 2;
    bytes.fill(0, this.#sequence, state + this.#stateSize);
    floats[at + SEQUENCE.temperature] = request.temperature;
    floats[at + SEQUENCE.topP] = request.topP;
    words[at + SEQUENCE.topK] = request.topK;
    words[at + SEQUENCE.stop] = Number(request.stopOnEos);
    let last = BEGIN;
    for (const id of ids) {
      exports.ez_step(this.#model, state, last, 0);
      last = id;
    }
    words[at + SEQUENCE.last] = last;
    return [{ bytes: bytes.slice(this.#sequence, state + this.#stateSize) }, ids];
  }
  /** Sets the generator of a sequence to where continuation `index` of a seed begins: SPECIFICATION.md. */
  #seed(sequence, seed, index) {
    const first = mixed(BigInt(seed) + (BigInt(index) + 1n) * 0x9e3779b97f4a7c15n);
    new DataView(sequence.bytes.buffer).setBigUint64(4 * SEQUENCE.random, first, true);
  }
  /** Pieces of a continuation; what may be the beginning of a stop sequence is held back until that is known. */
  *#pieces(sequence, request, slice) {
    const { stopSequences } = request;
    let held = "";
    for (let left = request.maxNewTokens; left > 0; ) {
      const ids = this.#advance(sequence, Math.min(slice, left));
      left -= ids.length;
      const ended = ids.at(-1) === END;
      held += Array.from(ended ? ids.subarray(0, -1) : ids, (id) => this.#vocabulary[id]).join("");
      const stops = stopSequences.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
      if (stops.length) return yield { text: held.slice(0, Math.min(...stops)), finish: "stop" };
      if (ended) return yield { text: held, finish: "eos" };
      const ready = held.length - begun(held, stopSequences);
      yield { text: held.slice(0, ready) };
      held = held.slice(ready);
    }
    yield { text: held, finish: "length" };
  }
  /** The next ids of a sequence, up to `count`, at most SLICE. */
  #advance(sequence, count) {
    const { exports, bytes, words } = this.#live();
    const { bytes: kept } = sequence;
    const start = this.#sequence;
    bytes.set(kept, start);
    const last = start + 4 * SEQUENCE.last;
    const written = exports.ez_generate(this.#model, start + STATE, last, start, this.#answers, count);
    kept.set(bytes.subarray(start, start + kept.length));
    return words.slice(this.#answers >>> 2, (this.#answers >>> 2) + written);
  }
};
function mixed(state) {
  let z = BigInt.asUintN(64, state);
  z = BigInt.asUintN(64, (z ^ z >> 30n) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ z >> 27n) * 0x94d049bb133111ebn);
  return z ^ z >> 31n;
}
function likeliest(row, count) {
  return Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b).slice(0, count);
}
function unknownOf(text, ids) {
  return [...text].filter((_, place) => ids[place] === UNKNOWN);
}
function sum(values) {
  let total = 0n;
  for (const value of values) total += BigInt(value * SUMMED);
  return Number(total) / SUMMED;
}
function begun(text, stops) {
  const longest = Math.max(0, ...stops.map((stop) => stop.length));
  for (let size = Math.min(longest - 1, text.length); size > 0; size--) {
    if (stops.some((stop) => stop.startsWith(text.slice(-size)))) return size;
  }
  return 0;
}

// src/model.ts
var ERROR = { size: 16, status: 0, reason: 1, offset: 2 };
var DESCRIPTION_SIZE = 48;
var BATCH = 64;
var Model = class {
  name;
  /** The length of a vector; 0 for a model that only classifies, or goes on with texts. */
  dim;
  /** The classes; none for a model that is no classifier. */
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
  #language;
  // Where a call's numbers are: the ends of its texts, and its answers.
  #ends;
  #answers;
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
    const width = Math.max(this.dim, this.labels.length);
    const stateSize = instance.exports.ez_state_size(this.#model);
    this.#answers = instance.reserve(stateSize ? workspaceSize(stateSize, tokens) : 4 * BATCH * width);
    if (stateSize) this.#language = new LanguageModel(() => this.#live(), this.#model, stateSize, tokens, this.#answers);
    instance.texts.grow(0);
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
    if (!this.dim) throw new InputError(`the model '${this.name}' has no vectors; ${this.#use()}`);
    if (typeof texts !== "string") return this.#batch(instance, checked(texts), this.dim);
    const length = instance.texts.write(texts, 0);
    instance.exports.ez_embed(this.#model, instance.texts.start, length, this.#answers);
    const at = this.#answers >>> 2;
    return instance.floats.slice(at, at + this.dim);
  }
  classify(texts) {
    const instance = this.#live();
    if (!this.labels.length) throw new InputError(`the model '${this.name}' has no classifier; ${this.#use()}`);
    if (typeof texts !== "string") {
      return this.#batch(instance, checked(texts), this.labels.length).map((row) => this.#judge(row));
    }
    const length = instance.texts.write(texts, 0);
    instance.exports.ez_classify(this.#model, instance.texts.start, length, this.#answers);
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
  /**
   * How likely a text is to a language model, and with `detail: "per_char"` each of its characters. The text is brought
   * to NFC, and its end is scored too. The same bits on every machine, and as in Python.
   */
  score(text, options = {}) {
    return this.#languageModel().score(text, options);
  }
  /**
   * Continuations of a prompt (of nothing, if it is empty), by a language model. With a seed they are the same on
   * every machine, and in Python; without one, `meta` tells the one that was drawn.
   */
  generate(prompt = "", options = {}) {
    return this.#languageModel().generate(prompt, options);
  }
  /**
   * The first continuation that `generate` gives, in pieces as they are drawn: `for await (const piece of …)`. Leaves
   * the page time to draw and to answer; `break` ends it. What is wrong with an argument is thrown by the call.
   */
  stream(prompt = "", options = {}) {
    return this.#languageModel().stream(prompt, options);
  }
  /** The token ids of a text. */
  tokenize(text) {
    return tokenIds(this.#live(), this.#model, text);
  }
  /** Frees the memory; using the model afterwards throws an InputError. */
  dispose() {
    this.#instance = void 0;
  }
  #live() {
    if (!this.#instance) throw new InputError(`the model '${this.name}' was disposed of; load it again`);
    return this.#instance;
  }
  #languageModel() {
    this.#live();
    if (!this.#language) throw new InputError(`the model '${this.name}' is no language model; ${this.#use()}`);
    return this.#language;
  }
  /** What the model can do, for who asked for something else. */
  #use() {
    if (this.#language) return "it is a language model: use score, generate or stream";
    return this.dim ? "it embeds: use embed" : "it classifies: use classify";
  }
  #batch(instance, texts, width) {
    const rows = [];
    for (let first = 0; first < texts.length; ) {
      const count = this.#writeBatch(instance, texts, first);
      const run = width === this.dim ? instance.exports.ez_embed_batch : instance.exports.ez_classify_batch;
      run(this.#model, instance.texts.start, this.#ends, count, this.#answers);
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
      if (count && !instance.texts.fits(text, used)) break;
      used += instance.texts.write(text, used);
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
  let module2 = compiled.get(key);
  if (!module2) {
    module2 = fetchModule(key);
    compiled.set(key, module2);
    module2.catch(() => compiled.delete(key));
  }
  return await module2;
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
  const [module2, begun2] = await Promise.all([
    engineModule(options.engine, options.simd ?? hasVectors()),
    begin(source, options.signal)
  ]);
  const instance = new Instance(module2);
  const region = await readInto(instance, begun2, options);
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
