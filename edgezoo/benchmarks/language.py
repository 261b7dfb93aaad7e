"""What a character costs a language model: to score it, and to write it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgezoo.benchmarks.distribution import distribution
from edgezoo.sdk.model import Model

CHARACTERS = 256  # of the text that is scored, and of each continuation
SEED = 1


@dataclass(frozen=True)
class Language:
    """An open language model: `score` reads a text, `write` gives a continuation of so many characters."""

    score: Callable[[str], object]
    write: Callable[[int], str]


def language_of(model: Model) -> Language | None:
    """What a model can do with characters; None where it is no language model."""
    if model.dim or model.labels:
        return None
    return Language(
        model.score, lambda count: model.generate(max_new_tokens=count, seed=SEED, stop_on_eos=False).text
    )


def figures(
    language: Language, rounds: int, calls: int, longest: float, referenced: Callable[[], float]
) -> tuple[dict[str, Any], list[float]]:
    """Latency a character of "score" and of "generate", and the reference loop's time before each round.

    The text that is scored is the model's own, so that it knows every character. calls: in a round, fewer
    where they would take more than `longest` seconds.
    """
    text = language.write(CHARACTERS)
    parts: dict[str, tuple[Callable[[], object], int]] = {
        "score": (lambda: language.score(text), len(text) + 1),  # and the end
        "generate": (lambda: language.write(CHARACTERS), len(text)),
    }
    told: dict[str, Any] = {}
    references: list[float] = []
    for name, (call, characters) in parts.items():
        call()
        one = _timed(call)
        count = max(1, min(calls, int(longest * 1e6 / max(one * rounds, 1e-3))))
        times, own = [], []
        for _ in range(rounds):
            own.append(referenced())
            times.append([_timed(call) / characters for _ in range(count)])
        each = distribution(times, own)
        told[name] = {
            "characters": characters,
            "each": each,
            "per_second": round(1000 / each["median_ms"], 1),
        }
        references += own
    return told, references


def _timed(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    begin = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begin) / 1000
