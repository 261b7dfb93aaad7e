"""A factory of small bundles with random tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgezoo.bundle.layout import StaticTable, WordPiece
from edgezoo.bundle.quantise import dequantise, quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.runtimes.engine import EngineRuntime

VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]"),
    *("the", "cat", "sat", "on", "mat", "un", "##believ", "##able", "a", "##a", "b", "##b", "1", "##2"),
    *(
        "!",
        ",",
        ".",
        "#",
        "[",
        "]",
        "cls",
        "é",
        "##é",
        "caf",
        "##f",
        "中",
        "文",
        "。",
        "😂",
        "##😂",
        "\u00a0",
    ),
    *("##\u00a0", "##cat", "internationalisation", "##\u0301", "\u2018", "##\u200d", "\x00", "##\x00"),
]

Table = tuple[EngineRuntime, NDArray[np.float32]]
MakeModel = Callable[..., Table]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Open a bundle with a random table and return it with the float32 rows that its integers stand for."""

    def make(
        precision: str = "int8",
        dimension: int = 64,
        vocabulary: Sequence[str] = VOCABULARY,
        weight: NDArray[np.float16] | None = None,
        normalize: bool = True,
    ) -> Table:
        rows = np.random.default_rng(7).normal(size=(len(vocabulary), dimension)).astype(np.float32)
        table = quantise(rows, precision)
        tensors: dict[str, Any] = {"embedding": table}
        if weight is not None:
            tensors["weight"] = weight
        path = tmp_path / f"{precision}-{dimension}-{normalize}.ezb"
        write_bundle(
            path,
            name="small",
            card={"name": "small"},
            tokenizer=WordPiece(unknown_id=1),
            vocabulary=vocabulary,
            architecture=StaticTable(normalize=normalize),
            tensors=tensors,
        )
        return EngineRuntime.open(str(path)), dequantise(table)

    return make
