"""The checkpoint directory: what a recipe leaves, exporters read and a model's folder keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from edgezoo.atomic import write_bytes
from edgezoo.errors import DataError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint directory in memory: float32 tensors by the names they have in a bundle."""

    directory: Path
    tensors: dict[str, NDArray[np.float32]]
    vocabulary: list[str]
    card: dict[str, Any]
    scores: list[float] | None = None  # of the tokens, where the tokenizer is a Unigram

    @property
    def embedding(self) -> NDArray[np.float32]:
        """The table, [tokens, dimension], weights folded in."""
        return self.tensors["embedding"]


def save_tensors(
    out: Path, tensors: Mapping[str, Tensor], tokenizer: Tokenizer, card: dict[str, Any]
) -> None:
    """Write what `read_checkpoint` needs: `embedding` in float16, all other tensors in float32."""
    import torch
    from safetensors.torch import save

    out.mkdir(parents=True, exist_ok=True)
    stored = {
        name: tensor.detach().to("cpu", torch.float16 if name == "embedding" else torch.float32).contiguous()
        for name, tensor in tensors.items()
    }
    write_bytes(out / "checkpoint.safetensors", save(stored))
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    write_card(out, card)


def write_card(directory: Path, card: dict[str, Any]) -> None:
    """Write card.json."""
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (directory / "card.json").write_text(text, encoding="utf-8")


def read_checkpoint(directory: Path) -> Checkpoint:
    """Read a checkpoint directory.

    The results of eval.json, where there is one, become the card's `quality`. Raises DataError if a file is
    missing or the table and the vocabulary differ in length.
    """
    for name in ("checkpoint.safetensors", "tokenizer.json", "card.json"):
        if not (directory / name).is_file():
            raise DataError(
                f"{directory} is no checkpoint directory: {name} is missing; make it with: edgezoo train"
            )
    stored = load_file(directory / "checkpoint.safetensors")
    tensors = {name: tensor.astype(np.float32) for name, tensor in stored.items()}
    model = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    vocabulary, scores = _vocabulary(model["vocab"])
    rows = len(tensors["embedding"])
    if len(vocabulary) != rows:
        raise DataError(f"{directory}: {len(vocabulary)} tokens but {rows} rows; train it again")
    card = json.loads((directory / "card.json").read_text(encoding="utf-8"))
    evaluation = directory / "eval.json"
    if evaluation.is_file():
        card["quality"] = json.loads(evaluation.read_text(encoding="utf-8"))["results"]
    return Checkpoint(directory, tensors, vocabulary, card, scores)


def _vocabulary(stored: dict[str, int] | list[tuple[str, float]]) -> tuple[list[str], list[float] | None]:
    """Tokens by id, and their scores where tokenizer.json has them."""
    if isinstance(stored, dict):
        return sorted(stored, key=lambda token: stored[token]), None
    return [token for token, _ in stored], [score for _, score in stored]
