"""Checkpoint directory -> edgezoo bundle (.ezb).

python -m edgezoo.exporters.flatbuffer DIR [int8|int4|mixed]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from edgezoo.bundle.layout import Architecture, StaticTable, TinyLstm, WordPiece
from edgezoo.bundle.precision import Tensors, quantise_recurrent
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import DataError
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint


def export(directory: Path, output: Path | None = None, precision: str | None = None) -> Path:
    """Write the bundle of a checkpoint directory and return its path.

    output: by default `directory`/<name>.ezb; precision: "int8", "int4" or, of a recurrent encoder, "mixed"
    (the table in int4, the rest in int8), by default the card's. The card in the bundle is card.json with
    the results of eval.json. Raises DataError for an incomplete directory or an unknown family, InputError
    for a precision that does not fit.
    """
    checkpoint = read_checkpoint(directory)
    card = checkpoint.card
    path = output or directory / f"{card['name']}.ezb"
    chosen = precision or card["precision"]
    architecture, tensors = model(checkpoint, chosen)
    write_bundle(
        path,
        name=card["name"],
        card={**card, "precision": chosen},
        tokenizer=WordPiece(),
        vocabulary=checkpoint.vocabulary,
        architecture=architecture,
        tensors=tensors,
    )
    return path


def model(checkpoint: Checkpoint, precision: str) -> tuple[Architecture, Tensors]:
    """The architecture of a checkpoint and its tensors, matrices in `precision`; raises as `export` does."""
    family = checkpoint.card.get("family")
    if family == "static-table":
        return StaticTable(), {"embedding": quantise(checkpoint.embedding, precision)}
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
    print(export(Path(sys.argv[1]), precision=sys.argv[2] if len(sys.argv) > 2 else None))
