import { EngineError } from "./errors.js";
import { isFile, readFile } from "./node.js";

/** What the engine's module can be given as: compiled, as bytes, or by address. */
export type EngineSource = WebAssembly.Module | BufferSource | URL | string;

// A function that returns what i8x16.popcnt makes of a vector: valid only where vectors are.
const VECTOR_PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);

/** @internal Whether WebAssembly has vector instructions here. */
export function hasVectors(): boolean {
  return WebAssembly.validate(VECTOR_PROBE);
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** @internal The engine's module: as given, or the one that lies beside this script; compiled once for all models. */
export async function engineModule(source: EngineSource | undefined, vectors: boolean): Promise<WebAssembly.Module> {
  if (typeof WebAssembly !== "object") throw new EngineError("this browser has no WebAssembly; use a newer one");
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return await compile(source, "the given bytes");
  // Bundlers look for these very expressions and bring the files along.
  const url =
    source ??
    (vectors ? new URL("./engine.wasm", import.meta.url) : new URL("./engine-scalar.wasm", import.meta.url));
  const key = String(url);
  let module = compiled.get(key);
  if (!module) {
    module = fetchModule(key);
    compiled.set(key, module);
    module.catch(() => compiled.delete(key));
  }
  return await module;
}

async function fetchModule(url: string): Promise<WebAssembly.Module> {
  let bytes: BufferSource;
  if (isFile(url)) {
    bytes = await readFile(url).catch((error: unknown) => {
      throw new EngineError(`the engine ${url} can't be read (${String(error)}); install edgezoo again`);
    });
  } else {
    const response = await fetch(url).catch((error: unknown) => {
      throw new EngineError(`the engine ${url} can't be fetched (${String(error)})`);
    });
    if (!response.ok) throw new EngineError(`the engine ${url} can't be fetched: status ${response.status}; ${WHERE}`);
    bytes = await response.arrayBuffer();
  }
  return await compile(bytes, url);
}

const WHERE = "serve engine.wasm beside the script, or say where it is with the option `engine`";

async function compile(bytes: BufferSource, name: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new EngineError(`${name} is no WebAssembly module that runs here (${String(error)}); ${WHERE}`);
  }
}
