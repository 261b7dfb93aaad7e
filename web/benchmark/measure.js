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
