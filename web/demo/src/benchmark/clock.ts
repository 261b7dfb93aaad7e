/** Times, by a clock that browsers make coarse: from 5 µs where a page is isolated to a whole millisecond. */

const STEPS = 10;
const STEPS_A_SAMPLE = 20; // so that the clock adds no more than a twentieth to a sample
const CALIBRATION = 10; // milliseconds

/** Microseconds between two readings of the clock that differ. */
export function clockStep(): number {
  let least = Infinity;
  for (let i = 0; i < STEPS; i++) {
    const start = performance.now();
    let next = start;
    while (next === start) next = performance.now();
    least = Math.min(least, next - start);
  }
  return least * 1000;
}

/** Microseconds a call, of so many. */
export function timed(calls: number, run: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return ((performance.now() - start) * 1000) / calls;
}

/** How many calls are long enough for the clock. */
export function callsASample(run: () => unknown, step: number): number {
  let calls = 0;
  const start = performance.now();
  let end = start;
  for (; end - start < CALIBRATION; end = performance.now()) {
    run();
    calls++;
  }
  return Math.max(1, Math.ceil((STEPS_A_SAMPLE * step * calls) / ((end - start) * 1000)));
}
