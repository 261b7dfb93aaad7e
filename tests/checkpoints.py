"""Small checkpoint directories with random weights, as recipes leave them."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from edgezoo.zoo.checkpoint import save_tensors
from edgezoo.zoo.tokenizers import char
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from tests.char_lstm import VOCABULARY as CHARACTERS
from tests.char_lstm import random_language_tensors
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, random_tensors

_SETTINGS: dict[str, Any] = {
    "hidden": 32,
    "layers": 1,
    "directions": 2,
    "pooling": "mean",
    "skip": True,
    "salience": True,
    "input_norm": True,
    "output_norm": True,
    "max_tokens": 128,
}


def static_checkpoint(directory: Path, name: str = "small") -> Path:
    """A random table [25, 64]."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = torch.randn(len(VOCABULARY), 64, generator=torch.Generator().manual_seed(0))
    rows[:4] = 0
    save_file({"embedding": rows.half()}, directory / "checkpoint.safetensors")
    build_tokenizer(VOCABULARY).save(str(directory / "tokenizer.json"))
    card = _card(name, "static-table") | {"dimension": 64}
    (directory / "card.json").write_text(json.dumps(card))
    return directory


def lstm_checkpoint(directory: Path, name: str = "small-lstm", *, labels: bool = True) -> Path:
    """A bidirectional layer of 2 x 32 states over a random table [25, 64], with or without a classifier."""
    tensors = random_tensors(norms=True, salience=True, labels=len(LABELS) if labels else 0)
    card = _card(name, "tiny-lstm") | {
        "dimension": 64,
        "architecture_settings": _SETTINGS | {"labels": list(LABELS) if labels else []},
    }
    weights = {key: torch.from_numpy(value) for key, value in tensors.items()}
    save_tensors(directory, weights, build_tokenizer(VOCABULARY), card)
    return directory


def language_checkpoint(
    directory: Path, name: str = "small-lm", *, layers: int = 2, hidden: int = 64, norm: bool = False
) -> Path:
    """A character language model of random weights over 32 columns."""
    tensors = random_language_tensors(layers=layers, hidden=hidden, norm=norm)
    settings = {"embedding": 32, "hidden": hidden, "layers": layers, "output_norm": norm, "dropout": 0.1}
    card = _card(name, "char-lstm") | {"architecture_settings": settings, "vocabulary_size": len(CHARACTERS)}
    weights = {key: torch.from_numpy(value) for key, value in tensors.items()}
    save_tensors(directory, weights, char.build(CHARACTERS), card)
    return directory


def _card(name: str, family: str) -> dict[str, Any]:
    return {
        "name": name,
        "family": family,
        "description": "Random weights, of no use but to test with.",
        "languages": ["en"],
        "license": "Apache-2.0",
        "vocabulary_size": len(VOCABULARY),
        "precision": "int8",
        "data": [],
        "limits": ["knows nothing"],
    }
