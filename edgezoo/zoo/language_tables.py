"""What is told of language models: sections of a card, and the README's tables of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgezoo.zoo.language_figures import MAPS
from edgezoo.zoo.markdown import cell, table
from edgezoo.zoo.registry import ModelEntry

FAMILY = "char-lstm"
TRANSFER, TRANSFER_MAP = "transfer.json", "transfer.png"
_UNKNOWN = 20  # characters without an id that a card names
_QUALITY = (
    "Bits a character (a text's end is one) on texts held out of training, less being better; the bundle is "
    "measured by `edgezoo eval`, float32 when the model was made, the n-gram model on the same split:"
)
PARITY = (
    "The exports beside torch in float32, by `edgezoo verify`: ids of characters, bits a character and its "
    "change, places with the same likeliest character, and seeds that write the same text."
)
_TRANSFER = (
    "A model was pretrained on each source; with its embeddings frozen it was then fine-tuned on each target "
    "(`python -m edgezoo.zoo.recipes.transfer`). Rows are sources; where source and target are one, it is "
    "the pretraining. The less is needed at first, on the way and at the end, the more of the target the "
    "source has taught."
)


def quality(evaluation: Mapping[str, Any], exact: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A line for each language: the bundle's bits a character, float32's (`exact`), the baselines'."""
    systems = evaluation.get("baselines", {})
    columns = ["", f"**{evaluation['model']}**, {evaluation['precision']}", "float32", *systems]
    rows = []
    for task, found in evaluation["results"].items():
        language = language_of(task)
        others = (results.get(task) for results in systems.values())
        rows.append(
            [
                language,
                f"**{_bits(found)}**",
                _bits(exact.get(language)),
                *map(_bits, others),
                f"{found['perplexity']:.3f}",
                f"{found['characters']:,}",
                f"{found['unknown']:,}",
            ]
        )
    return [_QUALITY, table([*columns, "perplexity", "characters", "unknown"], rows)]


def language_of(task: str) -> str:
    """The language of what `edgezoo eval` calls a test."""
    return task.removesuffix("-test")


def _bits(found: Mapping[str, float] | None) -> str:
    return "–" if not found else f"{found['bits']:.3f}"


def vocabulary(folder: Path) -> list[str]:
    """What the vocabulary covers, from manifest.json; nothing where there is none."""
    path = folder / "manifest.json"
    if not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    unknown = [f"{_visible(c)} {count:,}" for c, count in [*found["unknown"].items()][:_UNKNOWN]]
    more = len(found["unknown"]) - len(unknown)
    rows = [
        ("tokens, special ones among them", cell(found["token_count"])),
        ("characters of the training texts", cell(found["characters"])),
        ("of these with a token of their own", f"{100 * found['coverage']:.4f} %"),
        ("of the held-out texts' without one", f"{100 * found['oov_rate']:.4f} %"),
        ("seen at least", f"{found['min_frequency']:,} times"),
        ("texts held out", f"{100 * found['holdout']:g} %, half to choose by, half to report on"),
        ("seed", cell(found["seed"])),
        ("characters left out", ", ".join(unknown) + (f" and {more:,} others" if more else "") or "–"),
    ]
    return ["## Vocabulary", table(["", ""], rows)]


def _visible(character: str) -> str:
    return f"U+{ord(character):04X}" if not character.isalnum() else character


def transfer(folder: Path) -> list[str]:
    """Which language helps with which, from transfer.json: a table and a map of each figure."""
    path = folder / TRANSFER
    if not path.is_file():
        return []
    study = json.loads(path.read_text(encoding="utf-8"))["table"]
    parts = ["## Which language helps with which", _TRANSFER]
    for name, title in MAPS.items():
        rows = [
            [f"**{source}**", *(_figure(study[source].get(target), name) for target in study)]
            for source in study
        ]
        parts += [f"{title[:1].upper()}{title[1:]}:", table(["source", *study], rows)]
    return [*parts, *([f"![transfer]({TRANSFER_MAP})"] if (folder / TRANSFER_MAP).is_file() else [])]


def _figure(found: Mapping[str, float] | None, name: str) -> str:
    return "–" if not found else f"{found[name]:.3f}"


def readme_tables(entries: Iterable[ModelEntry]) -> str:
    """Size and speed of the language models, then bits a character by language; nothing without such."""
    models = [entry for entry in entries if entry.family == FAMILY]
    if not models:
        return ""
    evaluations = {entry.name: _beside(entry, "eval.json") for entry in models}
    return "\n\n".join([_costs(models), _languages(evaluations)])


def _costs(models: Sequence[ModelEntry]) -> str:
    rows = []
    for entry in models:
        latency = _beside(entry, "latency.json")
        scoring, generating = latency.get("scoring", {}), latency.get("generating", {})
        rate = generating.get("edgezoo_per_second")
        rows.append(
            [
                f"[`{entry.name}`](edgezoo/zoo/models/{entry.name}/README.md)",
                entry.description,
                f"{entry.vocabulary_size:,}",
                f"{entry.size / 1e6:.2f} MB",
                _microseconds(scoring),
                _microseconds(generating),
                "–" if rate is None else f"{rate:,.0f}",
            ]
        )
    columns = ["model", "what", "tokens", "size", "score, µs a character", "generate, µs a character"]
    return table([*columns, "characters a second"], rows)


def _microseconds(part: Mapping[str, float]) -> str:
    if not part:
        return "–"
    return f"{part['edgezoo_us']:.1f}, {part['onnxruntime_int8_ratio']:.1f} × ONNX Runtime"


def _languages(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    systems: dict[str, dict[str, Any]] = {}
    for model, evaluation in evaluations.items():
        systems[f"`{model}`"] = evaluation.get("results", {})
    for evaluation in evaluations.values():
        for name, results in evaluation.get("baselines", {}).items():
            systems.setdefault(name, {}).update(results)
    tasks = list(dict.fromkeys(task for results in systems.values() for task in results))
    rows = [[name, *(_bits(results.get(task)) for task in tasks)] for name, results in systems.items()]
    return table(["bits a character", *map(language_of, tasks)], rows)


def _beside(entry: ModelEntry, name: str) -> dict[str, Any]:
    path = Path(entry.path).with_name(name)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
