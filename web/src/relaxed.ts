import bytes from "../../edgezoo/runtimes/engine/matrix-relaxed.wasm";

/** What an engine with vector instructions exports for this. */
export interface Replaceable {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
  /** Where in the table multiply_matrix is; the scalar engine has none to replace. */
  ez_matrix_kernel?(): number;
}

let module: WebAssembly.Module | false | undefined;

/** The product of matrices by relaxed instructions; false where WebAssembly does not know them. */
function relaxedModule(): WebAssembly.Module | false {
  return (module ??= WebAssembly.validate(bytes) && new WebAssembly.Module(bytes));
}

/** Has an engine multiply its matrices by relaxed instructions, where there are any: the same integers, sooner. */
export function relax(engine: Replaceable): void {
  const found = engine.ez_matrix_kernel && relaxedModule();
  if (!found || !engine.ez_matrix_kernel) return;
  const place = engine.ez_matrix_kernel();
  const { memory, __indirect_function_table: table } = engine;
  const imports = { env: { memory }, engine: { multiply_matrix: table.get(place) } };
  table.set(place, new WebAssembly.Instance(found, imports).exports.multiply_matrix);
}
