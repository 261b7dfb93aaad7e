"""How well a language model foretells held-out texts, beside what an n-gram model makes of the same ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

from edgezoo.zoo.language_material import Holdout, texts

Results = dict[str, dict[str, float | int]]


class Score(Protocol):
    """What a language model says of a text."""

    @property
    def characters(self) -> int:
        """How many, the end among them."""

    @property
    def surprisal(self) -> float:
        """Bits of the whole text."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Characters without a token, each time that they occur."""


def evaluate_texts(score: Callable[[str], Score], found: Iterable[str]) -> dict[str, float | int]:
    """`bits` a character (each text's end is one), `perplexity`, `characters`, `unknown` ones, `texts`."""
    surprisal, characters, unknown, count = 0.0, 0, 0, 0
    for text in found:
        answer = score(text)
        surprisal += answer.surprisal
        characters += answer.characters
        unknown += len(answer.unknown)
        count += 1
    bits = surprisal / max(characters, 1)
    return {
        "bits": round(bits, 6),
        "perplexity": round(2**bits, 6),
        "characters": characters,
        "unknown": unknown,
        "texts": count,
    }


def evaluate(score: Callable[[str], Score], chosen: Holdout, data: Path, work: Path | None = None) -> Results:
    """`evaluate_texts` of each language's test texts, by "LANGUAGE-test"; raises as `texts` does."""
    found = texts(chosen, data, work)
    return {f"{code}-test": evaluate_texts(score, found[code].test) for code in chosen.languages}


def baselines(chosen: Holdout) -> dict[str, Results]:
    """The figures kept of the n-gram model, of just these texts: none of texts held out otherwise."""
    found: dict[str, Results] = {}
    settings = json.loads(json.dumps(asdict(chosen)))
    del settings["languages"]
    for entry in _kept():
        if entry["texts"] == {"languages": entry["texts"]["languages"], **settings}:
            for system, results in entry["results"].items():
                own = {
                    task: figures for task, figures in results.items() if _language(task) in chosen.languages
                }
                if own:
                    found.setdefault(system, {}).update(own)
    return found


def _language(task: str) -> str:
    return task.removesuffix("-test")


def _kept() -> list[Mapping[str, Any]]:
    file = resources.files(__package__) / "language_baselines.json"
    content: list[Mapping[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return content
