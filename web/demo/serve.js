// A small server of files: node demo/serve.js [--port N] [--host ADDRESS] [--folder DIR]; port 0 takes a free one.
// --host 0.0.0.0 lets other devices in, a phone for instance.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

// Pages that nobody else shares a process with get a finer clock, which the benchmark is better for.
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** Serves a folder, to this machine only unless told otherwise; resolves to the server once it listens. */
export function serve(folder, port = 0, host = "127.0.0.1") {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const file = join(folder, normalize(path.endsWith("/") ? `${path}index.html` : path));
    const found = file.startsWith(folder) ? await stat(file).catch(() => undefined) : undefined;
    if (!found?.isFile()) return response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const headers = { "content-type": type, "content-length": found.size, "cache-control": "no-cache" };
    response.writeHead(200, { ...headers, ...ISOLATED });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

export const addressOf = (server) => `http://localhost:${server.address().port}/`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { port: { type: "string" }, host: { type: "string" }, folder: { type: "string" } },
  });
  const folder = values.folder ?? fileURLToPath(new URL("dist", import.meta.url));
  const server = await serve(folder, Number(values.port ?? 8000), values.host).catch((error) => {
    console.error(error.code === "EADDRINUSE" ? "that port is taken; choose another: ./do web --port 8001" : error.message);
    process.exit(1);
  });
  console.log(`The demo is at ${addressOf(server)} (stop with Ctrl-C)`);
}
