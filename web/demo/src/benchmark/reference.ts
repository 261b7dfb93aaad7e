/** The loop that every report times, so that devices can be compared: edgezoo/benchmarks/reference.py. */

const LENGTH = 8192;
const REPEATS = 8;
export const LOOP =
  `${REPEATS} times: out[i] = out[i - 1] + 0.001f, then out[i] = out[i - 1] * 1664525 modulo 2**32, for i ` +
  `below ${LENGTH}, through memory`;

// JavaScript has no addition of float32, so the loop is WebAssembly, as the engine is:
//   (memory (export "memory") 1)  ;; sums at 0, products at 32768
//   (func (export "run") (local $i i32)
//     (f32.store (i32.const 0) (f32.const 0.001))
//     (i32.store offset=32768 (i32.const 0) (i32.const 1664525))
//     (loop (f32.store offset=4 (local.get $i) (f32.add (f32.load (local.get $i)) (f32.const 0.001)))
//       (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 32764))))
//     (local.set $i (i32.const 0))
//     (loop (i32.store offset=32772 (local.get $i) (i32.mul (i32.load offset=32768 (local.get $i)) (i32.const 1664525)))
//       (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 32764)))))
const MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 16, 2, 6, 109, 101, 109, 111, 114],
  ...[121, 2, 0, 3, 114, 117, 110, 0, 0, 10, 102, 1, 100, 1, 1, 127, 65, 0, 67, 111, 18, 131, 58, 56, 2, 0, 65, 0, 65],
  ...[141, 204, 229, 0, 54, 2, 128, 128, 2, 3, 64, 32, 0, 32, 0, 42, 2, 0, 67, 111, 18, 131, 58, 146, 56, 2, 4, 32, 0],
  ...[65, 4, 106, 34, 0, 65, 252, 255, 1, 73, 13, 0, 11, 65, 0, 33, 0, 3, 64, 32, 0, 32, 0, 40, 2, 128, 128, 2, 65, 141],
  ...[204, 229, 0, 108, 54, 2, 132, 128, 2, 32, 0, 65, 4, 106, 34, 0, 65, 252, 255, 1, 73, 13, 0, 11, 11],
);

export class Reference {
  readonly #exports = new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports as unknown as {
    readonly memory: WebAssembly.Memory;
    run(): void;
  };

  readonly run = (): void => {
    for (let repeat = 0; repeat < REPEATS; repeat++) this.#exports.run();
  };

  /** What the two loops end with, which is the same everywhere. */
  results(): readonly [number, number] {
    this.run();
    const { buffer } = this.#exports.memory;
    return [new Float32Array(buffer)[LENGTH - 1]!, new Uint32Array(buffer)[2 * LENGTH - 1]!];
  }
}
