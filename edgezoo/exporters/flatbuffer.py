"""Checkpoint -> edgezoo bundle (.ezb), what the engine runs.

`python -m edgezoo.exporters.flatbuffer DIR` writes the bundle that a model's folder keeps.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgezoo.bundle.layout import (
    Architecture,
    Char,
    CharLstm,
    StaticTable,
    TinyLstm,
    Tokenizer,
    Unigram,
    WordPiece,
)
from edgezoo.bundle.precision import Tensors, quantise_recurrent
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import DataError
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint

# Of "mixed" the table is in int4, the other matrices are in int8; the engine knows no float32 matrices.
PRECISIONS = ("int8", "int4", "mixed")


def export(checkpoint: Checkpoint, precision: str, out: Path) -> list[Path]:
    """Write `out`/<name>-<precision>.ezb; the card in it is the checkpoint's with this precision.

    Raises DataError for an unknown family, InputError for a precision that does not fit the tensors.
    """
    return [write(checkpoint, precision, out / f"{checkpoint.card['name']}-{precision}.ezb")]


def export_own(directory: Path) -> Path:
    """Write the bundle of a checkpoint directory into it, in its card's precision: DIR/<name>.ezb."""
    checkpoint = read_checkpoint(directory)
    card = checkpoint.card
    return write(checkpoint, card["precision"], directory / f"{card['name']}.ezb")


def write(checkpoint: Checkpoint, precision: str, path: Path) -> Path:
    """Write the bundle of a checkpoint to `path`; raises as `export` does."""
    architecture, tensors = model(checkpoint, precision)
    write_bundle(
        path,
        name=checkpoint.card["name"],
        card={**checkpoint.card, "precision": precision},
        tokenizer=tokenizer(checkpoint),
        vocabulary=checkpoint.vocabulary,
        architecture=architecture,
        tensors={**tensors, **tokenizer_tensors(checkpoint)},
    )
    return path


def tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    """The settings of a checkpoint's tokenizer."""
    if checkpoint.card.get("family") == "char-lstm":
        return Char()
    return WordPiece() if checkpoint.scores is None else Unigram()


def tokenizer_tensors(checkpoint: Checkpoint) -> Tensors:
    """What a tokenizer needs beside its vocabulary: of a Unigram the costs and the normaliser's tables.

    Raises DataError for a Unigram that is not as `edgezoo.zoo.tokenizers.unigram` makes them.
    """
    if checkpoint.scores is None:
        return {}
    from edgezoo.zoo.tokenizers import normalisation, unigram

    costs = unigram.costs_of(checkpoint.vocabulary, checkpoint.scores)
    unigram.check_definition(checkpoint.directory / "tokenizer.json", checkpoint.vocabulary, costs)
    return {"vocabulary.costs": np.array(costs, np.uint8), **normalisation.tables()}


def model(checkpoint: Checkpoint, precision: str) -> tuple[Architecture, Tensors]:
    """The architecture of a checkpoint and its tensors, matrices in `precision`; raises as `export` does."""
    family = checkpoint.card.get("family")
    if family == "static-table":
        return StaticTable(), {"embedding": quantise(checkpoint.embedding, precision)}
    if family == "char-lstm":
        return CharLstm(), quantise_recurrent(checkpoint.tensors, precision)
    if family == "tiny-lstm":
        return tiny_lstm(checkpoint.card), quantise_recurrent(checkpoint.tensors, precision)
    raise DataError(f"the card names the unknown family {family!r}; update edgezoo")


def tiny_lstm(card: dict[str, Any]) -> TinyLstm:
    """The settings of a recurrent encoder, from its card."""
    settings = dict(card["architecture_settings"])
    settings["labels"] = tuple(settings.get("labels") or ())
    fields = {"pooling", "skip", "max_tokens", "labels"}
    return TinyLstm(**{name: value for name, value in settings.items() if name in fields})


if __name__ == "__main__":
    print(export_own(Path(sys.argv[1])))
