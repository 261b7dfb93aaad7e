/** What language models are asked for, and what they answer. */

/** How `score` answers. */
export interface ScoreOptions {
  /** "per_char" adds each character's surprisal; "summary", the default, is of the whole text. */
  readonly detail?: "summary" | "per_char";
  /** With "per_char": so many likeliest characters at each place. */
  readonly topK?: number;
}

/** A character that could have stood at a place ("" for the text's end), with its probability. */
export interface Likely {
  readonly character: string;
  readonly probability: number;
}

/** How surprising a character ("": the text's end) is after all before it, in bits. */
export interface CharScore {
  readonly character: string;
  readonly surprisal: number;
  /** False for a character that the model has no token for; its surprisal is that of any such. */
  readonly known: boolean;
  /** The likeliest at this place, if they were asked for. */
  readonly top: readonly Likely[];
}

/** How likely a text is, its end included. */
export interface Score {
  /** The text in NFC, which is what was scored. */
  readonly text: string;
  /** How many, the end among them. */
  readonly characters: number;
  /** Nats a character. */
  readonly loss: number;
  /** Bits a character. */
  readonly bits: number;
  readonly perplexity: number;
  /** Bits of the whole text. */
  readonly surprisal: number;
  /** The characters without a token, each time that they occur. */
  readonly unknown: readonly string[];
  /** Of each character; empty unless asked for. */
  readonly perChar: readonly CharScore[];
}

/** How to go on from a prompt. */
export interface StreamOptions {
  /** 1 to 1,000,000; 256 by default. */
  readonly maxNewTokens?: number;
  /** 0 always takes the likeliest character; else 0.01 to 100, 1 by default. */
  readonly temperature?: number;
  /** Draw among that many likeliest characters. */
  readonly topK?: number;
  /** Draw among the fewest characters whose share is more than that, up to 1. */
  readonly topP?: number;
  /** End where the model ends the text; otherwise it never does. By default true. */
  readonly stopOnEos?: boolean;
  /** End before any of these. */
  readonly stopSequences?: readonly string[];
  /** 0 to 2^64 - 1. The same one gives the same characters on every machine, and in Python. */
  readonly seed?: number | bigint;
}

/** How to go on from a prompt, and how often. */
export interface GenerateOptions extends StreamOptions {
  /** 1 to 1,000; 1 by default. */
  readonly numReturnSequences?: number;
}

/** A continuation, without the prompt. */
export interface Output {
  readonly text: string;
  /** What ended it: the model, `maxNewTokens`, or a stop sequence. */
  readonly finish: "eos" | "length" | "stop";
  readonly characters: number;
}

/** Continuations of a prompt, and what another call needs to give the same ones. */
export interface Generation {
  /** The first continuation. */
  readonly text: string;
  readonly outputs: readonly Output[];
  readonly meta: Required<Omit<GenerateOptions, "topK" | "topP">> & {
    readonly prompt: string;
    /** 0: all. */
    readonly topK: number;
    readonly topP: number;
    /** Characters of the prompt that the model has no token for. */
    readonly unknown: readonly string[];
  };
}
