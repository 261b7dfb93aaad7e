import * as cache from "./cache.js";
import { BundleError, EngineError, InputError } from "./errors.js";
import { Instance } from "./instance.js";
import { Model } from "./model.js";
import { engineModule, hasVectors, type EngineSource } from "./module.js";
import { begin, nameOf, readInto, type Progress, type Reading, type Region, type Source } from "./source.js";

export interface LoadOptions {
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: Progress) => void;
  /** Breaks off the download; `load` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * The model's digest, `model.sha256`, which is checked. Browsers then keep the model under it (Cache API) and
   * download it once.
   */
  readonly sha256?: string;
  /** Check the SHA-256 that the file itself names; its structure and checksum are always checked. */
  readonly verify?: boolean;
  /** Vector instructions: by default where there are any. Both builds give the same bits. */
  readonly simd?: boolean;
  /** Where engine.wasm is, if not beside this script; or its bytes, or the compiled module. */
  readonly engine?: EngineSource;
}

/**
 * Opens a model: `const model = await load("tinylstm-sts.ezb")`.
 *
 * Rejects with a BundleError for a damaged or foreign file, a ModelNotFoundError where there is none, an
 * EngineError where the engine is missing or cannot run, an InputError for another type of source.
 */
export async function load(source: Source, options: LoadOptions = {}): Promise<Model> {
  const { sha256, signal } = options;
  if (sha256 !== undefined && !/^[\da-f]{64}$/.test(sha256)) {
    throw new InputError(`sha256 must be 64 hexadecimal digits in lower case, not ${JSON.stringify(sha256)}`);
  }
  signal?.throwIfAborted();
  const kept = sha256 ? await cache.find(sha256) : undefined;
  if (kept && sha256) {
    // Whatever is wrong with what was kept, the source is still there.
    const model = await open(kept, options).catch(() => cache.forget(sha256));
    signal?.throwIfAborted();
    if (model) return model;
  }
  return await open(source, options, true);
}

async function open(source: Source, options: LoadOptions, fresh = false): Promise<Model> {
  const [module, begun] = await Promise.all([
    engineModule(options.engine, options.simd ?? hasVectors()),
    begin(source, options.signal),
  ]);
  const instance = new Instance(module);
  const region = await readInto(instance, begun, options satisfies Reading);
  const model = new Model(instance, region, nameOf(source));
  try {
    await check(instance, region, model, options, fresh);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

async function check(
  instance: Instance,
  region: Region,
  model: Model,
  options: LoadOptions,
  fresh: boolean,
): Promise<void> {
  const { sha256, verify } = options;
  if (sha256 !== undefined && sha256 !== model.sha256) {
    throw new BundleError(`${model.source}: its SHA-256 is ${model.sha256}, not ${sha256}: another version of the model`);
  }
  if (!verify && sha256 === undefined) return;
  const [begin, end] = model.segments;
  const found = await cache.digest(instance.bytes.subarray(region.start + begin, region.start + end));
  if (found === undefined && verify) throw new EngineError("SHA-256 needs a page that is served over https");
  if (found !== undefined && found !== model.sha256) {
    throw new BundleError(`${model.source}: SHA-256 is ${found}, the header says ${model.sha256}; get the file again`);
  }
  if (found !== undefined && sha256 !== undefined && fresh) {
    await cache.keep(sha256, instance.bytes.subarray(region.start, region.start + region.size));
  }
}
