"""Do all runtimes score and write alike? What `parity` asks of language models.

Every character of the texts is scored: bits a character must be near those of torch in float32, and the
likeliest character at each place one that torch holds nearly as likely as its own likeliest. The texts are
those that a model's recipe held out, where the data is at hand, else what the model itself writes. With seeds
every runtime writes texts; WebAssembly's must be the native engine's, and its scores the same bits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgezoo import sdk
from edgezoo.benchmarks.parity import Row
from edgezoo.benchmarks.texts import HOSTILE
from edgezoo.zoo.language_material import Holdout
from edgezoo.zoo.language_material import texts as held_out

HELD_OUT, WRITTEN = 20_000, 4_000  # characters to score, of held-out texts and of those that a model writes
LONGEST = 1000
SEEDS, CONTINUATION = 8, 200  # texts that are written, and their length
LIKELIEST = 5  # characters that are looked at in each place
NEARLY = 0.8  # times the probability of the likeliest: between such two, rounding decides


@dataclass(frozen=True)
class Bar:
    """What a precision must reach: most change of bits a character, and share of alike likeliest ones."""

    bits: float
    alike: float


BARS = {
    "fp32": Bar(0.0001, 1),
    "int8": Bar(0.01, 0.995),
    "mixed": Bar(0.05, 0.95),
    "int4": Bar(0.05, 0.95),
}


@dataclass(frozen=True)
class LanguageAnswers:
    """What a runtime makes of the texts: their ids, what it says of each place, what it writes by seeds."""

    bytes: int
    ids: list[list[int]]
    surprisals: list[float]  # bits
    likeliest: list[dict[str, float]]  # the first is the likeliest; with their probabilities
    written: list[str]


def questions(model: sdk.Model, data: Path | None, work: Path | None = None) -> list[str]:
    """The texts to score: held-out ones of the model's languages under `data`, or its own.

    Raises DataError where `data` lacks them or the card does not say which were held out.
    """
    if data is None:
        return list(_up_to(_written(model), WRITTEN))
    chosen = Holdout.of_recipe(model.card.get("recipe", {}))
    found = held_out(chosen, data, work)
    mixed = [text for code in chosen.languages for text in found[code].test]
    random.Random(0).shuffle(mixed)
    return list(_up_to(mixed, HELD_OUT))


def _written(model: sdk.Model) -> Iterator[str]:
    """What a model writes, by one seed after the other."""
    for seed in range(WRITTEN):
        yield model.generate(max_new_tokens=LONGEST, seed=seed).text


def _up_to(texts: Iterator[str] | Sequence[str], characters: int) -> Iterator[str]:
    """The first texts that are not empty, cut to LONGEST, until they have so many characters."""
    left = characters
    for text in texts:
        if text:
            yield text[:LONGEST]
            left -= len(text[:LONGEST]) + 1
        if left <= 0:
            return


def answers(model: str, texts: Sequence[str], runtime: str, precision: str) -> LanguageAnswers:
    """Those of a runtime; raises as `sdk.load` does."""
    with sdk.load(model, runtime=runtime, precision=precision) as handle:
        path = Path(handle.path)
        scores = [handle.score(text, detail="per_char", top_k=LIKELIEST) for text in texts]
        places = [place for score in scores for place in score.per_char]
        return LanguageAnswers(
            bytes=path.stat().st_size if path.is_file() else 0,
            ids=[handle.tokenize(text).tolist() for text in (*texts, *HOSTILE)],
            surprisals=[place.surprisal for place in places],
            likeliest=[{each.character: each.probability for each in place.top} for place in places],
            written=[
                handle.generate(max_new_tokens=CONTINUATION, seed=seed, stop_on_eos=False).text
                for seed in range(SEEDS)
            ],
        )


def judge(
    runtime: str,
    precision: str,
    found: LanguageAnswers,
    exact: LanguageAnswers,
    native: LanguageAnswers | None = None,
) -> Row:
    """The row of what a runtime found, beside the `exact` answers and, if given, the native engine's bits."""
    bits, wanted = (sum(each.surprisals) / len(each.surprisals) for each in (found, exact))
    row = Row(
        runtime,
        precision,
        bytes=found.bytes,
        compared=len(exact.ids),
        ids_equal=_share(found.ids, exact.ids),
        same_bits=None if native is None else _bits(found) == _bits(native),
        bits=bits,
        bits_change=bits - wanted,
        likeliest_alike=_alike(found.likeliest, exact.likeliest),
        texts_equal=_share(found.written, (native or exact).written),
    )
    return replace(row, failures=tuple(_failures(row)))


def _share(found: Sequence[object], wanted: Sequence[object]) -> float:
    """The share of equal pairs."""
    return sum(a == b for a, b in zip(found, wanted, strict=True)) / len(wanted)


def _alike(found: Sequence[dict[str, float]], exact: Sequence[dict[str, float]]) -> float:
    """The share of places whose likeliest character is nearly as likely as the likeliest of `exact`."""
    chosen = [next(iter(here)) for here in found]
    pairs = zip(chosen, exact, strict=True)
    return sum(there.get(best, 0) >= NEARLY * max(there.values()) for best, there in pairs) / len(exact)


def _bits(each: LanguageAnswers) -> tuple[object, ...]:
    return each.ids, each.surprisals, each.likeliest, each.written


def _failures(row: Row) -> Iterator[str]:
    bar = BARS[row.precision]
    if row.ids_equal != 1:
        yield "token ids differ"
    if row.bits_change is not None and not abs(row.bits_change) <= bar.bits:
        yield f"bits a character are more than {bar.bits:g} apart"
    if row.likeliest_alike is not None and row.likeliest_alike < bar.alike:
        yield f"fewer than {100 * bar.alike:g} % of likeliest characters alike"
    if row.same_bits is False:
        yield "other bits than the native engine's"
