// How long a text takes, in Node and in a page alike: the package beside onnxruntime-web, in turns, on one thread.

// Short rounds, many of them: what else the machine does then falls upon few, and the median does not see it.
const ROUND = 2.5; // milliseconds
const ROUNDS = 151;
const WARM = 300; // milliseconds until compilers are done

/** A function from a text to an answer, by onnxruntime-web and a tokenizer of Hugging Face. */
export async function peer(ort, graph, tokenizer) {
  const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  const output = session.outputNames[0];
  const encode = (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const run = async (ids) => {
    const shape = [1, ids.length];
    const feeds = {
      input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new ort.Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
    };
    return (await session.run(feeds, [output]))[output].data;
  };
  return { encode, run, whole: (text) => run(encode(text)), release: () => session.release() };
}

/** Microseconds a text of each system, the median of rounds that take turns. */
export async function compare(systems, texts) {
  const turns = [];
  for (const [name, system] of Object.entries(systems)) {
    const turn = { name, times: [], cursor: 0, calls: 1, run: system };
    const calls = [];
    for (const end = performance.now() + WARM; performance.now() < end; ) calls.push(await round(turn, texts));
    turn.calls = Math.max(1, Math.round((ROUND * 1000) / Math.max(median(calls.slice(calls.length / 2)), 1)));
    turns.push(turn);
  }
  for (let i = 0; i < ROUNDS; i++) for (const turn of turns) turn.times.push(await round(turn, texts));
  return Object.fromEntries(turns.map(({ name, times }) => [`${name}_us`, median(times)]));
}

/** Microseconds a call of so many calls, each with the next text; only what answers with a promise is waited for. */
async function round(turn, texts) {
  const start = performance.now();
  for (let i = 0; i < turn.calls; i++) {
    turn.cursor = (turn.cursor + 1) % texts.length;
    const answer = turn.run(texts[turn.cursor]);
    if (answer instanceof Promise) await answer;
  }
  return ((performance.now() - start) * 1000) / turn.calls;
}

function median(values) {
  return Number(values.toSorted((a, b) => a - b)[values.length >> 1].toFixed(2));
}

export function leastCosine(ours, theirs) {
  return Math.min(
    ...ours.map((a, i) => {
      const b = theirs[i];
      const dot = (x, y) => x.reduce((sum, value, k) => sum + value * y[k], 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }),
  );
}

/** Everything about one model; `parts` are its files and the libraries. */
export async function measure({ edgezoo, ort, Tokenizer }, { bundle, graphs, tokenizer, texts: kinds }) {
  const model = await edgezoo.load(bundle);
  const ours = model.dim ? (text) => model.embed(text) : (text) => Object.values(model.classify(text).probabilities);
  const memory = model.memory;
  const texts = kinds[model.maxTokens ? "of 16 tokens" : "tweets"];
  const systems = { edgezoo: ours };
  const agreement = {};
  const encoder = new Tokenizer(tokenizer, {});
  const peers = [];
  for (const [precision, graph] of Object.entries(graphs)) {
    const other = await peer(ort, graph, encoder);
    peers.push(other);
    const name = `onnxruntime_web_${precision}`;
    const theirs = [];
    for (const text of texts) theirs.push(Array.from(await other.whole(text)));
    agreement[name] = Number(leastCosine(texts.map((text) => Array.from(ours(text))), theirs).toFixed(5));
    systems[name] = other.whole;
    const known = new Map(texts.map((text) => [text, other.encode(text)]));
    systems[`${name}_from_ids`] = (text) => other.run(known.get(text));
  }
  systems.tokenizers = (text) => peers[0].encode(text);
  const times = await compare(systems, texts);
  for (const other of peers) await other.release();
  model.dispose();
  return { texts: texts.length, memory, least_cosine: agreement, ...times };
}

const [BEGIN, END] = [2, 3]; // ids
const CHARACTERS = 64; // of a call
const SPANS = 10;

/** Steps through ids, each logits from the state before it; `write` feeds itself the likeliest, which costs least. */
async function stepper(ort, graph) {
  const session = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  const [layers, , hidden] = session.inputMetadata.find(({ name }) => name === "h").shape;
  const zeros = () => new ort.Tensor("float32", new Float32Array(layers * hidden), [layers, 1, hidden]);
  const step = (id, { next_h: h, next_c: c }) => session.run({ ids: new ort.Tensor("int64", [BigInt(id)], [1]), h, c });
  const begin = () => ({ next_h: zeros(), next_c: zeros() });
  const read = async (ids) => {
    const rows = [];
    let state = begin();
    for (const id of ids) rows.push((state = await step(id, state)).logits.data);
    return rows;
  };
  const write = async (count) => {
    let state = begin();
    for (let id = BEGIN; count > 0; count--) {
      state = await step(id, state);
      id = likeliest(state.logits.data);
    }
  };
  return { read, write, release: () => session.release() };
}

function likeliest(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/** Nats of what follows each place, by its logits. */
function nats(rows, ids) {
  return ids.map((id, place) => {
    const row = Array.from(rows[place]);
    const most = Math.max(...row);
    return most + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) - row[id];
  });
}

/** Microseconds a character of a language model, to score and to write, on texts that it wrote itself. */
export async function measureCharacters({ edgezoo, ort }, { bundle, graphs }) {
  const model = await edgezoo.load(bundle);
  const { memory } = model;
  const written = (seed) => model.generate("", { maxNewTokens: CHARACTERS - 1, seed, stopOnEos: false }).text;
  const texts = Array.from({ length: SPANS }, (_, seed) => written(seed));
  const asked = new Map(texts.map((text) => [text, [BEGIN, ...model.tokenize(text)]])); // as many as are scored
  const systems = { edgezoo_score: (text) => model.score(text), edgezoo_write: () => written(1) };
  const bits = { edgezoo: mean(texts.map((text) => model.score(text).loss)) / Math.LN2 };
  const peers = [];
  for (const [precision, graph] of Object.entries(graphs)) {
    const peer = await stepper(ort, graph);
    peers.push(peer);
    const name = `onnxruntime_web_${precision}`;
    systems[`${name}_score`] = (text) => peer.read(asked.get(text));
    systems[`${name}_write`] = () => peer.write(CHARACTERS - 1);
    const found = [];
    for (const text of texts) {
      const [, ...ids] = asked.get(text);
      found.push(mean(nats(await peer.read(asked.get(text)), [...ids, END])));
    }
    bits[name] = mean(found) / Math.LN2;
  }
  const times = await compare(systems, texts);
  for (const peer of peers) await peer.release();
  model.dispose();
  for (const name of Object.keys(times)) {
    times[name] = Number((times[name] / (name.includes("write") ? CHARACTERS - 1 : CHARACTERS)).toFixed(3));
  }
  for (const name of Object.keys(bits)) bits[name] = Number(bits[name].toFixed(4));
  return { characters: CHARACTERS, memory, bits, ...times };
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
