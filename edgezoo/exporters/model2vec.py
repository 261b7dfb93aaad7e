"""Static table -> a folder that model2vec's `StaticModel.from_pretrained` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from edgezoo.errors import InputError
from edgezoo.exporters import licence
from edgezoo.zoo.checkpoint import Checkpoint

PRECISIONS = ("fp32", "int8")


def export(checkpoint: Checkpoint, precision: str, out: Path) -> list[Path]:
    """Write the folder `out`/<name>-<precision>-model2vec: table, tokenizer.json and what loaders ask for.

    int8 is model2vec's: one scale for the whole table, which normalisation then takes away. Raises InputError
    for what is no static table.
    """
    card = checkpoint.card
    if card.get("family") != "static-table":
        raise InputError(
            f"model2vec holds static tables; {card['name']} is of the family {card.get('family')}: "
            "choose another format, such as onnx or tflite"
        )
    folder = out / f"{card['name']}-{precision}-model2vec"
    folder.mkdir()
    rows = checkpoint.embedding if precision == "fp32" else _integers(checkpoint.embedding)
    (folder / "model.safetensors").write_bytes(save({"embeddings": rows}))
    (folder / "tokenizer.json").write_bytes((checkpoint.directory / "tokenizer.json").read_bytes())
    (folder / "LICENSE").write_text(licence.text(), encoding="utf-8")
    _write_json(folder / "card.json", {**card, "precision": precision})
    _write_json(folder / "config.json", _config(card, rows.dtype.name))
    _write_json(folder / "modules.json", _MODULES)
    return [folder]


# How sentence-transformers loads the same folder.
_MODULES = [
    {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def _config(card: dict[str, Any], dtype: str) -> dict[str, Any]:
    return {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "tokenizer_name": card["name"],
        "hidden_dim": card["dimension"],
        "max_length": None,
        "normalize": True,
        "embedding_dtype": dtype,
    }


def _integers(rows: NDArray[np.float32]) -> NDArray[np.int8]:
    integers: NDArray[np.int8] = np.rint(rows * (127 / np.abs(rows).max())).astype(np.int8)
    return integers


def _write_json(path: Path, content: Any) -> None:
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
