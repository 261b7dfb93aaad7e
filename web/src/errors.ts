/** The base of edgezoo's errors; each message says what was wrong and what to do. */
export class EdgezooError extends Error {
  override name = "EdgezooError";
}

/** A model file is damaged, hostile, or of a version that this edgezoo does not read. */
export class BundleError extends EdgezooError {
  override name = "BundleError";
}

/** There is no model at that address or path. */
export class ModelNotFoundError extends EdgezooError {
  override name = "ModelNotFoundError";
}

/** An argument has the wrong type or a value out of range, or the model cannot do that. */
export class InputError extends EdgezooError {
  override name = "InputError";
}

/** The engine's WebAssembly module is missing, or cannot run here. */
export class EngineError extends EdgezooError {
  override name = "EngineError";
}
