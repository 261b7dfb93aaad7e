"""The checkpoint directory of a character language model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from edgezoo.zoo import language_figures
from edgezoo.zoo.architectures.char_lstm import CharLstm, tensors
from edgezoo.zoo.checkpoint import save_tensors
from edgezoo.zoo.language_training import Loss
from edgezoo.zoo.tokenizers.char import Manifest, write_manifest

LOGS = ("steps.jsonl", "epochs.jsonl")
LIMITS = (
    "A small model of small corpora: what it writes sounds like the language and means little.",
    "It repeats what its texts say, whatever that is; do not take it for advice.",
)
LIMITS_IPA = (
    "It reads and writes IPA as epitran makes it: broad, without stress, from rules of spelling. Characters "
    "of other scripts are unknown to it, and told so."
)
LIMITS_ENGLISH = "Encyclopaedic prose; other kinds of English surprise it more."


@dataclass(frozen=True)
class Facts:
    """What a recipe knows of the model that it made; losses are those on test, by language."""

    name: str
    description: str
    languages: tuple[str, ...]
    recipe: Mapping[str, Any]
    held_out: Mapping[str, Loss]
    data: Sequence[Mapping[str, Any]]
    read: int  # characters of them, in an epoch
    after: str = ""  # the model whose weights were the beginning


def write(
    out: Path, model: CharLstm, tokenizer: Tokenizer, manifest: Manifest, facts: Facts, training: Path
) -> None:
    """Write `out`: weights, tokenizer, manifest, card, metrics, and the training's logs and curve."""
    metrics = json.loads((training / "metrics.json").read_text(encoding="utf-8"))
    metrics["test"] = {
        language: {
            "nats": round(loss.nats, 6),
            "bits": round(loss.bits, 6),
            "perplexity": round(loss.perplexity, 6),
            "characters": loss.characters,
        }
        for language, loss in facts.held_out.items()
    }
    card = {
        "name": facts.name,
        "description": facts.description,
        "precision": "int8",
        "family": "char-lstm",
        "languages": list(facts.languages),
        "license": "Apache-2.0",
        "architecture": (
            f"{model.shape.layers}-layer LSTM of {model.shape.hidden} over characters of "
            f"{model.shape.embedding}, the head tied to the embedding"
        ),
        "architecture_settings": asdict(model.shape),
        "vocabulary_size": len(model.embedding),
        "parameters": sum(tensor.numel() for tensor in tensors(model).values()),
        "recipe": dict(facts.recipe),
        "held_out": metrics["test"],
        "data": [dict(source) for source in facts.data],
        "characters_read_in_an_epoch": facts.read,
        "limits": [*LIMITS, *_limits(facts.languages)],
        "reproduce": _reproduce(facts),
    }
    save_tensors(out, tensors(model), tokenizer, card)
    write_manifest(out / "manifest.json", manifest)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    for log in LOGS:
        shutil.copyfile(training / log, out / log)
    language_figures.curves(training / "steps.jsonl", out / "training.png")


def _limits(languages: Sequence[str]) -> list[str]:
    return [LIMITS_ENGLISH if tuple(languages) == ("en",) else LIMITS_IPA]


def _reproduce(facts: Facts) -> list[str]:
    first = [f"edgezoo train {facts.after} --data DATA --work WORK --out BEFORE"] if facts.after else []
    bundle = f"OUT/{facts.name}.ezb"
    return [
        *first,
        f"edgezoo train {facts.name} --data DATA --work WORK --out OUT",
        "python -m edgezoo.exporters.flatbuffer OUT",
        f"edgezoo eval {bundle} --data DATA --work WORK --out OUT/eval.json",
        "python -m edgezoo.exporters.flatbuffer OUT  # again: the figures go into the bundle's card",
    ]
