"""Parity reports as Markdown."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgezoo.zoo import parity_tables

ROW: dict[str, Any] = {
    "runtime": "engine",
    "precision": "int8",
    "bytes": 9187144,
    "compared": 1023,
    "ids_equal": 1.0,
    "cosine_min": 0.99925,
    "cosine_mean": 0.9998,
    "labels_equal": None,
    "same_bits": None,
    "dev_change": -0.004,
    "failures": [],
    "missing": "",
}
ROWS = [
    ROW,
    ROW | {"runtime": "litert", "precision": "int4", "bytes": 5300000, "dev_change": None},
    ROW | {"runtime": "onnx", "missing": "install it"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "parity.json").write_text(json.dumps({"small": ROWS}))
    return tmp_path / "small"


def test_the_card_has_a_line_for_each_runtime_and_no_empty_columns(folder: Path) -> None:
    lines = parity_tables.card_table(parity_tables.read(folder)).splitlines()
    assert lines[0] == (
        "| runtime | precision | bytes | texts | equal ids | cosine, least | cosine, mean | STS-B dev |"
    )
    assert lines[2:] == [
        "| engine | int8 | 9,187,144 | 1,023 | 100.0 % | 0.999250 | 0.999800 | -0.00 |",
        "| litert | int4 | 5,300,000 | 1,023 | 100.0 % | 0.999250 | 0.999800 | – |",
    ]


def test_the_readme_has_a_column_for_each_format(folder: Path, tmp_path: Path) -> None:
    lines = parity_tables.readme_table([folder, tmp_path / "without"]).splitlines()
    assert lines[0].startswith("| MB | flatbuffer int8 | flatbuffer int4 | onnx int8 |")
    assert lines[2:] == ["| `small` | 9.19 | – | – | – | – | 5.30 |"]
