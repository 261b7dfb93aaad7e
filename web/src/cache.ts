/** Models kept by the browser under the SHA-256 of what is in them (`Model.sha256`), until it needs the room. */

const NAME = "edgezoo";

function keyOf(sha256: string): string {
  return `https://edgezoo.invalid/sha256/${sha256}`;
}

// Only pages served securely, and their workers, have `caches`; some browsers refuse it in private windows.
async function open(): Promise<Cache | undefined> {
  return typeof caches === "undefined" ? undefined : await caches.open(NAME).catch(() => undefined);
}

/** What is kept under a digest, if anything. */
export async function find(sha256: string): Promise<Response | undefined> {
  const cache = await open();
  return await cache?.match(keyOf(sha256)).catch(() => undefined);
}

/** Keeps bytes under their digest; where there is no room, or no cache, nothing happens. */
export async function keep(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const cache = await open();
  const headers = { "content-length": String(bytes.length), "content-type": "application/octet-stream" };
  await cache?.put(keyOf(sha256), new Response(bytes, { headers })).catch(() => undefined);
}

/** Forgets what is kept under a digest. */
export async function forget(sha256: string): Promise<void> {
  const cache = await open();
  await cache?.delete(keyOf(sha256)).catch(() => undefined);
}

/** SHA-256 in hexadecimal; undefined where the platform has no cryptography (pages that are not served securely). */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  if (typeof crypto === "undefined" || !crypto.subtle) return undefined;
  return hexadecimal(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
