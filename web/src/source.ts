import { BundleError, InputError, ModelNotFoundError } from "./errors.js";
import type { Instance } from "./instance.js";
import { isFile, openFile } from "./node.js";

/** Where a model comes from: an address, in Node a path, an answer of `fetch`, or the bytes themselves. */
export type Source = string | URL | Response | Blob | ArrayBuffer | ArrayBufferView;

/** How much of a model has arrived; `total` is undefined where the server does not say. */
export interface Progress {
  readonly loaded: number;
  readonly total: number | undefined;
}

/** @internal */
export interface Reading {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** @internal A bundle's bytes in the instance's memory. */
export interface Region {
  readonly start: number;
  readonly size: number;
}

const MAGIC = "EZB1"; // at byte 4
const CHUNK = 1 << 20;

/** @internal What to call a source in messages. */
export function nameOf(source: Source): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  if (source instanceof Response) return source.url || "the response";
  return "the model";
}

/** @internal Sends for what has to be fetched, so that it is under way while the engine is made ready. */
export async function begin(source: Source, signal: AbortSignal | undefined): Promise<Source> {
  const fetched = (typeof source === "string" || source instanceof URL) && !isFile(String(source));
  return fetched ? await download(source, signal) : source;
}

/** @internal Reads a source straight into the instance's memory: no second copy of it is ever held. */
export async function readInto(instance: Instance, source: Source, reading: Reading): Promise<Region> {
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

async function download(source: string | URL, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(source, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw new ModelNotFoundError(`${nameOf(source)} can't be fetched (${String(error)}); check address and connection`);
  }
}

async function answer(instance: Instance, response: Response, reading: Reading): Promise<Region> {
  const name = nameOf(response);
  if (response.bodyUsed) throw new InputError(`the body of ${name} was read before; fetch it again, or .clone() it`);
  if (!response.ok) throw new ModelNotFoundError(`${name}: the server answered with status ${response.status}`);
  // Of a compressed answer, the length that is sent is not the length that arrives.
  const plain = !response.headers.get("content-encoding");
  const length = plain ? Number(response.headers.get("content-length")) : 0;
  return await stream(instance, response, name, length || undefined, reading);
}

async function stream(
  instance: Instance,
  response: Response,
  name: string,
  total: number | undefined,
  reading: Reading,
): Promise<Region> {
  const reader = (response.body ?? new Response(new Uint8Array()).body!).getReader();
  const abort = (): void => void reader.cancel().catch(() => {});
  reading.signal?.addEventListener("abort", abort);
  const start = instance.reserve(0);
  if (total) instance.extend(start + total);
  let size = 0;
  try {
    for (;;) {
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
    await reader.cancel().catch(() => {});
    reading.signal?.throwIfAborted();
    throw error instanceof TypeError ? new ModelNotFoundError(`${name} broke off (${error.message}); try again`) : error;
  } finally {
    reading.signal?.removeEventListener("abort", abort);
  }
  instance.extend(start + size);
  return { start, size };
}

/** Many servers answer with a page where there is no file: better to say so than to read it all. */
function checkMagic(instance: Instance, start: number, name: string, response: Response): void {
  if (String.fromCharCode(...instance.bytes.subarray(start + 4, start + 8)) === MAGIC) return;
  const type = response.headers.get("content-type");
  const page = type?.startsWith("text/") ? `; the server sent ${type}: is the address right?` : "";
  throw new BundleError(`${name}: this is not an edgezoo bundle (no ${MAGIC} at byte 4)${page}`);
}

function copy(instance: Instance, bytes: Uint8Array, reading: Reading): Region {
  const start = instance.reserve(bytes.length);
  instance.bytes.set(bytes, start);
  reading.onProgress?.({ loaded: bytes.length, total: bytes.length });
  return { start, size: bytes.length };
}

async function file(instance: Instance, path: string, reading: Reading): Promise<Region> {
  const handle = await openFile(path).catch((error: unknown) => {
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
