/** As much of Node as is used; its own types would add globals that browsers lack. */
declare module "node:fs/promises" {
  interface FileHandle {
    stat(): Promise<{ size: number; isFile(): boolean }>;
    read(buffer: Uint8Array, offset: number, length: number): Promise<{ bytesRead: number }>;
    close(): Promise<void>;
  }
  interface Files {
    open(path: string | URL): Promise<FileHandle>;
    readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
  }
  export const open: Files["open"];
  export const readFile: Files["readFile"];
}

/** A module that is small enough to be part of the script. */
declare module "*.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
