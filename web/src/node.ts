/** What Node, and Deno and Bun in its place, have and browsers lack: files. */

import type { FileHandle, Files } from "node:fs/promises";

/** Whether files can be read here. */
export function hasFiles(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return typeof process?.versions?.node === "string";
}

/** Whether a source is a file: a file: URL, or where files can be read, whatever has no scheme. */
export function isFile(source: string): boolean {
  // A scheme of one letter is a drive.
  return hasFiles() && (source.startsWith("file:") || !/^[a-z][a-z\d+.-]+:/i.test(source));
}

function files(): Promise<Files> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs/promises");
}

function location(source: string): string | URL {
  return source.startsWith("file:") ? new URL(source) : source;
}

export async function readFile(source: string): Promise<Uint8Array<ArrayBuffer>> {
  return await (await files()).readFile(location(source));
}

export async function openFile(source: string): Promise<FileHandle> {
  return await (await files()).open(location(source));
}
