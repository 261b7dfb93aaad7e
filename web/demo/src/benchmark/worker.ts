/** Measures one model in a process of its own, as far as browsers have such. */
import { hasVectors } from "../../../src/module.js";
import { Measurement } from "./measurement.js";
import type { Job, Word } from "./suite.js";

const scope = self as unknown as {
  postMessage(word: Word): void;
  onmessage: ((event: MessageEvent<Job>) => void) | null;
};

async function bytesOf(source: string | Blob | URL): Promise<ArrayBuffer> {
  if (source instanceof Blob) return await source.arrayBuffer();
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${String(source)} can't be fetched: status ${response.status}`);
  return await response.arrayBuffer();
}

async function run({ source, suite }: Job): Promise<Word> {
  const engine = new URL(hasVectors() ? "./engine.wasm" : "./engine-scalar.wasm", import.meta.url);
  const [bytes, module] = await Promise.all([bytesOf(source), bytesOf(engine)]);
  const measurement = new Measurement(suite, (share) => scope.postMessage({ kind: "progress", share }));
  return { kind: "measured", ...(await measurement.measure(bytes, module)) };
}

scope.onmessage = ({ data }) => {
  run(data).then(
    (word) => scope.postMessage(word),
    (error: unknown) => {
      scope.postMessage({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    },
  );
};
