r"""The baseline of character language models: an interpolated Kneser-Ney n-gram model.

Kneser and Ney, Improved backing-off for m-gram language modeling, 1995, in the interpolated form of Chen and
Goodman, 1999: one discount n1 / (n1 + 2 n2) an order, continuation counts below the highest order, and at the
bottom the uniform distribution.

    python -m edgezoo.zoo.evaluation.kneser_ney charlstm-turkic charlstm-en --data DATA --work WORK \
        --out edgezoo/zoo/evaluation/language_baselines.json

Entries of recipes that are not named stay as they are.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgezoo.atomic import write_bytes
from edgezoo.zoo.language_material import Holdout, material
from edgezoo.zoo.tokenizers.char import BOS, EOS, PAD

Gram = tuple[int, ...]
ORDER = 5
SYSTEM = f"interpolated Kneser-Ney, {ORDER} characters"
NEVER = (PAD, BOS)  # ids that are never predicted


class KneserNey:
    """An n-gram model of ids; texts begin with [BOS], repeated to fill a context, and end with [EOS]."""

    def __init__(
        self, texts: Iterable[Sequence[int] | NDArray[np.uint16]], tokens: int, order: int = ORDER
    ) -> None:
        self.order = order
        self.outcomes = tokens - len(NEVER)
        counts: list[dict[Gram, int]] = [defaultdict(int) for _ in range(order)]  # by length - 1
        for text in texts:
            padded = self._padded(text)
            for end in range(order - 1, len(padded)):
                counts[-1][padded[end - order + 1 : end + 1]] += 1
        for length in range(order - 1, 0, -1):  # in how many contexts, one longer to the left, it is seen
            for gram in counts[length]:
                counts[length - 1][gram[1:]] += 1
        self.grams = [dict(found) for found in counts]
        self.discounts = [_discount(found.values()) for found in self.grams]
        # Of each context: the sum of its counts, and how many different ids follow it.
        self.contexts: list[dict[Gram, tuple[int, int]]] = []
        for found in self.grams:
            sums: dict[Gram, tuple[int, int]] = {}
            for gram, count in found.items():
                total, kinds = sums.get(gram[:-1], (0, 0))
                sums[gram[:-1]] = (total + count, kinds + 1)
            self.contexts.append(sums)

    def _padded(self, text: Sequence[int] | NDArray[np.uint16]) -> Gram:
        return (BOS,) * (self.order - 1) + tuple(map(int, text)) + (EOS,)

    def probability(self, context: Gram, following: int) -> float:
        """Of `following` after the `order` - 1 ids of `context`; all but [PAD] and [BOS] sum to 1."""
        p = 1.0 / self.outcomes
        for length in range(self.order):
            before = context[len(context) - length :]
            total, kinds = self.contexts[length].get(before, (0, 0))
            if not total:
                break
            discount = self.discounts[length]
            count = self.grams[length].get((*before, following), 0)
            p = (max(count - discount, 0.0) + discount * kinds * p) / total
        return p

    def bits(self, texts: Iterable[Sequence[int] | NDArray[np.uint16]]) -> float:
        """Bits for each id and [EOS] of `texts`."""
        total, characters = 0.0, 0
        for text in texts:
            padded = self._padded(text)
            for end in range(self.order - 1, len(padded)):
                total -= math.log2(self.probability(padded[end - self.order + 1 : end], padded[end]))
                characters += 1
        return total / characters


def _discount(counts: Iterable[int]) -> float:
    once = twice = 0
    for count in counts:
        once += count == 1
        twice += count == 2
    return once / (once + 2 * twice) if once and twice else 0.5


def measure(chosen: Holdout, data: Path, work: Path | None = None) -> dict[str, dict[str, float | int]]:
    """`bits` and `characters` of each language's test texts, learnt from its training texts alone.

    work: as `edgezoo.zoo.language_material.texts` has it; raises as that does.
    """
    found = material(chosen, data, work)
    results = {}
    for language in chosen.languages:
        model = KneserNey(found.ids(language, "train"), len(found.tokens))
        texts = found.ids(language, "test")
        bits = round(model.bits(texts), 6)
        results[f"{language}-test"] = {"bits": bits, "characters": sum(len(text) + 1 for text in texts)}
    return results


def main() -> None:
    """The command line: keep what each recipe that is named has to beat."""
    from edgezoo.zoo.recipes.char_lstm import RECIPES

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="+", choices=RECIPES)
    for name in ("data", "work", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    kept = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else []
    for recipe in arguments.recipes:
        chosen = RECIPES[recipe].held_out()
        found = {
            "texts": asdict(chosen),
            "results": {SYSTEM: measure(chosen, arguments.data, arguments.work)},
        }
        found = json.loads(json.dumps(found))  # its tuples are lists
        kept = [entry for entry in kept if entry["texts"] != found["texts"]] + [found]
    write_bytes(arguments.out, (json.dumps(kept, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
