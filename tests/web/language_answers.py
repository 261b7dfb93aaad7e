"""What language models answer here, for the tests of the package for web pages and Node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgezoo import sdk
from edgezoo.benchmarks.texts import HOSTILE, TWEETS
from edgezoo.zoo import registry
from tests.char_lstm import TEXTS, random_language_tensors, write_language_model

SCORED = [text for text in (*TEXTS, *TWEETS[:4], *HOSTILE, "\ud800 and \ude02", "e\u0301 ʃ\u0303") if text]
PROMPTS = ("", "ˈkɑːt͡ʃɑ", "The old captain has ", "kΩ\ud800 1", "e\u0301")
SETTINGS: tuple[dict[str, Any], ...] = (
    {"seed": 0},
    {"seed": 2**64 - 1, "max_new_tokens": 300, "stop_on_eos": False},
    {"seed": 2**53 - 1, "temperature": 0.3, "max_new_tokens": 65},
    {"temperature": 0, "seed": 1, "max_new_tokens": 40, "stop_on_eos": False},
    {"seed": 3, "top_k": 5, "num_return_sequences": 4, "max_new_tokens": 50},
    {"seed": 4, "top_p": 0.7, "temperature": 2.5, "num_return_sequences": 3},
    {"seed": 5, "top_k": 9, "top_p": 0.5, "stop_sequences": ["s", "ɑːx", "\n"], "stop_on_eos": False},
    {"seed": 6, "stop_sequences": ["中😂", "sh", "e\u0301"], "max_new_tokens": 200, "stop_on_eos": False},
)
PAGE_MODEL = "charlstm-en"
PAGE_LENGTH = 280  # characters of a continuation
PAGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("The city was founded by ", {"temperature": 0.7, "seed": 1}),
    ("grandma's secret recipe", {"temperature": 1.2, "seed": 41}),
    ("", {"temperature": 0.5, "seed": 2**53 - 1}),
)


def write_language_answers(folder: Path) -> None:
    """Bundles, and answers.json: floats in it are whole, so that equal ones have equal bits."""
    folder.mkdir()
    small = {
        "two-layers": write_language_model(folder / "two-layers.ezb", random_language_tensors(seed=4)),
        "one-layer-int4": write_language_model(
            folder / "one-layer-int4.ezb", random_language_tensors(layers=1, norm=True, seed=5), "int4"
        ),
    }
    shipped = {entry.name: Path(entry.path) for entry in registry.models()}
    found = {}
    for name, path in {**small, **shipped}.items():
        with sdk.load(path) as model:
            if not model.dim and not model.labels:
                found[name] = {
                    "path": str(path),
                    "scores": [_score(model, text) for text in SCORED],
                    "tops": [_tops(model, text) for text in SCORED[:4]],
                    "generations": list(_generations(model)),
                }
    folder.joinpath("answers.json").write_text(json.dumps(found), encoding="ascii")
    folder.joinpath("page.json").write_text(json.dumps(_page()), encoding="ascii")


def _page() -> list[dict[str, Any]]:
    """What the demo page shows of texts: bits without those of the texts' ends, and how they go on."""
    found = []
    with sdk.load(PAGE_MODEL) as model:
        for text, settings in PAGE:
            places = model.score(text, detail="per_char").per_char[:-1] if text else ()
            surprisals = [place.surprisal for place in places]
            generated = model.generate(text, max_new_tokens=PAGE_LENGTH, stop_on_eos=False, **settings).text
            bits = sum(surprisals) / len(surprisals) if surprisals else None
            found.append(
                {
                    "text": text,
                    "settings": settings,
                    "generated": generated,
                    "surprisals": surprisals,
                    "bits": bits,
                }
            )
    return found


def _score(model: sdk.Model, text: str) -> dict[str, Any]:
    found = model.score(text, detail="per_char")
    return {
        "given": text,
        **{name: getattr(found, name) for name in ("text", "characters", "loss", "bits", "perplexity")},
        **{name: getattr(found, name) for name in ("surprisal", "unknown")},
        "perChar": [
            {"character": place.character, "surprisal": place.surprisal, "known": place.known, "top": []}
            for place in found.per_char
        ],
    }


def _tops(model: sdk.Model, text: str) -> list[list[tuple[str, float]]]:
    return [list(place.top) for place in model.score(text, detail="per_char", top_k=6).per_char]


def _generations(model: sdk.Model) -> Iterator[dict[str, Any]]:
    for prompt in PROMPTS:
        for settings in SETTINGS:
            found = model.generate(prompt, **settings)
            named = {_camel(name): value for name, value in settings.items()}
            yield {
                "prompt": prompt,
                "settings": {**named, "seed": str(settings["seed"])},
                "outputs": [output._asdict() for output in found.outputs],
                "meta": {_camel(name): value for name, value in found.meta.items()},
            }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
