import type { Outcome } from "./report.js";
import type { Candidate, Job, Suite, Word } from "./suite.js";

/** Measures models one after the other, each in a worker of its own, which `cancel` ends at once. */
export class Runner {
  #worker: Worker | undefined;
  #cancelled = false;

  /** `told` hears which one is under way and how much of all is done. */
  async run(
    candidates: readonly Candidate[],
    suite: Suite,
    told: (candidate: Candidate, share: number) => void,
    done: (outcome: Outcome) => void,
  ): Promise<void> {
    for (const [place, candidate] of candidates.entries()) {
      if (this.#cancelled) return;
      const tell = (share: number): void => told(candidate, (place + share) / candidates.length);
      tell(0);
      const outcome = await this.#measure(candidate, suite, tell);
      if (outcome) done(outcome);
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#worker?.dispatchEvent(new Event("cancel"));
  }

  #measure(candidate: Candidate, suite: Suite, tell: (share: number) => void): Promise<Outcome | undefined> {
    const worker = new Worker(new URL("./benchmark-worker.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    return new Promise<Outcome | undefined>((resolve) => {
      worker.onmessage = ({ data: word }: MessageEvent<Word>) => {
        if (word.kind === "progress") tell(word.share);
        else resolve({ candidate, ...word });
      };
      worker.onerror = (event) => resolve({ candidate, message: event.message || "the worker could not be started" });
      worker.addEventListener("cancel", () => resolve(undefined));
      const source = candidate.source instanceof Blob ? candidate.source : new URL(candidate.source, location.href).href;
      worker.postMessage({ source, suite } satisfies Job);
    }).finally(() => worker.terminate());
  }
}
