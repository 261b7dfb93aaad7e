"""Checkpoint directory -> edgezoo bundle (.ezb).

python -m edgezoo.exporters.flatbuffer DIR [int8|int4]
"""

from __future__ import annotations

import sys
from pathlib import Path

from edgezoo.bundle.layout import StaticTable, WordPiece
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.zoo.checkpoint import read_checkpoint


def export(directory: Path, output: Path | None = None, precision: str | None = None) -> Path:
    """Write the bundle of a checkpoint directory and return its path.

    output: by default `directory`/<name>.ezb; precision: "int8" or "int4", by default the card's. The card
    in the bundle is card.json with the results of eval.json. Raises DataError for an incomplete directory,
    InputError for a precision that does not fit.
    """
    checkpoint = read_checkpoint(directory)
    card = checkpoint.card
    path = output or directory / f"{card['name']}.ezb"
    chosen = precision or card["precision"]
    write_bundle(
        path,
        name=card["name"],
        card={**card, "precision": chosen},
        tokenizer=WordPiece(),
        vocabulary=checkpoint.vocabulary,
        architecture=StaticTable(),
        tensors={"embedding": quantise(checkpoint.embedding, chosen)},
    )
    return path


if __name__ == "__main__":
    print(export(Path(sys.argv[1]), precision=sys.argv[2] if len(sys.argv) > 2 else None))
