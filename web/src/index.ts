export { BundleError, EdgezooError, EngineError, InputError, ModelNotFoundError } from "./errors.js";
export type {
  CharScore,
  GenerateOptions,
  Generation,
  Likely,
  Output,
  Score,
  ScoreOptions,
  StreamOptions,
} from "./language.js";
export { load } from "./load.js";
export type { LoadOptions } from "./load.js";
export type { Card, Classification, Model, Vectors } from "./model.js";
export type { EngineSource } from "./module.js";
export type { Progress, Source } from "./source.js";
