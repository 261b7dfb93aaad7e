export interface Sentence {
  readonly text: string;
  /** The number of its ending, which it shares with seven others. */
  readonly ending: number;
}

/** The sentences of sentences.txt, every beginning with every ending, in an order that mixes the subjects. */
export function expand(text: string): Sentence[] {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  const parts = lines.map((line) => line.split(" | "));
  const sentences: Sentence[] = [];
  let endings = 0;
  for (let i = 0; i + 1 < parts.length; i += 2) {
    for (const words of parts[i + 1]!) {
      for (const beginning of parts[i]!) sentences.push({ text: `${beginning} ${words}.`, ending: endings });
      endings++;
    }
  }
  // A step that shares no factor with the count visits each once: first answers come from all over.
  const step = firstCoprime(sentences.length, Math.floor(sentences.length * 0.618));
  return sentences.map((_, index) => sentences[(index * step) % sentences.length]!);
}

function firstCoprime(count: number, from: number): number {
  const divisor = (a: number, b: number): number => (b ? divisor(b, a % b) : a);
  let step = from;
  while (divisor(step, count) !== 1) step++;
  return step;
}
