"""What `edgezoo verify` found, as Markdown: a table for a model's card, one of all models for the README."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgezoo.zoo.markdown import table

FILE = "parity.json"
# The columns of the README: what `edgezoo export` calls the format, and the runtime that was measured.
_FORMATS = {"flatbuffer": "engine", "onnx": "onnx", "tflite": "litert"}
_PRECISIONS = ("int8", "int4")

Row = Mapping[str, Any]


def read(folder: Path) -> list[Row]:
    """The rows of the report beside a model; none where there is no report."""
    path = folder / FILE
    if not path.is_file():
        return []
    (rows,) = json.loads(path.read_text(encoding="utf-8")).values()
    return [row for row in rows if not row["missing"]]


def card_table(rows: Sequence[Row]) -> str:
    """A line for each runtime and precision; only columns that say something."""
    columns: dict[str, Callable[[Row], str]] = {
        "runtime": lambda row: row["runtime"],
        "precision": lambda row: row["precision"],
        "bytes": lambda row: f"{row['bytes']:,}",
        "texts": lambda row: f"{row['compared']:,}",
        "equal ids": lambda row: _percent(row["ids_equal"]),
        "cosine, least": lambda row: _cosine(row["cosine_min"]),
        "cosine, mean": lambda row: _cosine(row["cosine_mean"]),
        "equal labels": lambda row: _percent(row["labels_equal"]),
        "the native engine's bits": lambda row: {True: "yes", False: "no"}.get(row["same_bits"], "–"),
        "STS-B dev": lambda row: "–" if row["dev_change"] is None else f"{row['dev_change']:+.2f}",
        "bits/char": lambda row: "–" if row.get("bits") is None else f"{row['bits']:.4f}",
        "change": lambda row: "–" if row.get("bits") is None else f"{row['bits_change']:+.4f}",
        "likeliest alike": lambda row: _percent(row.get("likeliest_alike")),
        "texts of a seed equal": lambda row: _percent(row.get("texts_equal")),
    }
    lines = [[show(row) for show in columns.values()] for row in rows]
    told = [place for place in range(len(columns)) if any(line[place] != "–" for line in lines)]
    return table([[*columns][place] for place in told], [[line[place] for place in told] for line in lines])


def readme_table(folders: Sequence[Path]) -> str:
    """File sizes of the models that have a report: a column for each format and precision."""
    cells = [(name, precision) for name in _FORMATS for precision in _PRECISIONS]
    lines = []
    for folder in folders:
        sizes = {(row["runtime"], row["precision"]): row["bytes"] for row in read(folder)}
        if sizes:
            found = [sizes.get((_FORMATS[name], precision)) for name, precision in cells]
            lines.append(
                [f"`{folder.name}`", *("–" if size is None else f"{size / 1e6:.2f}" for size in found)]
            )
    return table(["MB", *(f"{name} {precision}" for name, precision in cells)], lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _cosine(value: float | None) -> str:
    return "–" if value is None else f"{value:.6f}"
