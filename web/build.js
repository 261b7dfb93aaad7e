// Builds dist/: the package as an ES module and for CommonJS, its types, and the engine's two modules.
// The ES module is also what an export to WebAssembly brings along, so a copy is kept for those without Node.
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ENGINE = "../edgezoo/runtimes/engine/";
const LOADER = "../edgezoo/exporters/wasm_loader.js";
const { version } = JSON.parse(await readFile(here("package.json"), "utf8"));
const BANNER = `// edgezoo ${version}, Apache-2.0. Built from web/src by \`npm run build\`.`;
const HEEDED = "/* webpackIgnore: true */ /* @vite-ignore */ "; // as src/node.ts has them

// Each after what it needs; index.ts says which of their names are public.
const DECLARED = ["errors", "module", "source", "language", "model", "load"];

const options = {
  loader: { ".wasm": "binary" },
  external: ["node:*"],
  entryPoints: [here("src/index.ts")], bundle: true,
  target: "es2022",
  logLevel: "warning",
};

/** The package as one ES module; `small`: without what only readers need. */
export async function loader(small = false) {
  const minified = { minifySyntax: small, minifyWhitespace: small };
  const { outputFiles } = await build({ ...options, ...minified, format: "esm", banner: { js: BANNER }, write: false });
  // Bundlers heed comments in imports, which minifying takes away.
  return small ? outputFiles[0].text.replace('import("node:', `import(${HEEDED}"node:`) : outputFiles[0].text;
}

/** All public types in one file, which an import and a require may both read. */
async function declarations() {
  const folder = await mkdtemp(join(tmpdir(), "edgezoo-"));
  const tsc = here("node_modules/typescript/bin/tsc");
  const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", folder];
  execFileSync(process.execPath, [tsc, "-p", here("tsconfig.json"), "--rootDir", here("."), ...flags]);
  const parts = [];
  for (const name of DECLARED) {
    const text = await readFile(join(folder, `src/${name}.d.ts`), "utf8");
    parts.push(text.replace(/^import .*\n/gm, "").replace(/^export (\{\};\n)?/gm, ""));
  }
  await rm(folder, { recursive: true });
  const index = await readFile(here("src/index.ts"), "utf8");
  return parts.join("") + index.replace(/ from .*;/g, ";");
}

async function main() {
  await rm(here("dist"), { recursive: true, force: true });
  const types = await declarations();
  await mkdir(here("dist"));
  await writeFile(here("dist/index.js"), await loader(true));
  await writeFile(here(LOADER), await loader());
  await build({
    ...options,
    format: "cjs",
    platform: "node",
    minify: true,
    banner: { js: `${BANNER}\nconst moduleUrl = require("node:url").pathToFileURL(__filename).href;` },
    define: { "import.meta.url": "moduleUrl" },
    outfile: here("dist/index.cjs"),
  });
  for (const name of ["engine.wasm", "engine-scalar.wasm"]) await copyFile(here(ENGINE + name), here(`dist/${name}`));
  await copyFile(here("../LICENSE"), here("dist/LICENSE"));
  for (const name of ["index.d.ts", "index.d.cts"]) await writeFile(here(`dist/${name}`), types);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
