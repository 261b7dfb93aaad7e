"""Small models made on the spot, and the larger data where it is at hand."""

import os
from pathlib import Path

import numpy as np
import pytest

from edgezoo.bundle.layout import StaticTable, WordPiece
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle

VOCABULARY = [
    *(
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "the",
        "cat",
        "sat",
        "on",
        "mat",
        "hello",
        "world",
        "good",
        "##s",
        "##ing",
    ),
    *("s", "i", ".", ",", "!", "é", "naïve", "日", "本", "😂", "�"),
]
DIMENSION = 64


def write_small_bundle(path: Path, precision: str = "int8", *, seed: int = 0, weighted: bool = False) -> Path:
    """A bundle of a random table [25, 64] whose special tokens are zeros."""
    random = np.random.default_rng(seed)
    table = random.standard_normal((len(VOCABULARY), DIMENSION)).astype(np.float32)
    table[:4] = 0
    weight = {"weight": random.uniform(0.5, 2, len(VOCABULARY)).astype(np.float16)} if weighted else {}
    write_bundle(
        path,
        name="small",
        card={
            "name": "small",
            "description": "A random table, of no use but to test with.",
            "limits": ["knows nothing"],
            "padding": "-" * 64,
        },
        tokenizer=WordPiece(),
        vocabulary=VOCABULARY,
        architecture=StaticTable(),
        tensors={"embedding": quantise(table, precision), **weight},
    )
    return path


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a small int8 bundle; copy it before altering it."""
    return write_small_bundle(tmp_path_factory.mktemp("bundle") / "small.ezb")


def _shared_data() -> Path | None:
    named = os.environ.get("EDGEZOO_DATA")
    path = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return path if path.is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data directory; tests that ask for it are collected only where it is."""
    path = _shared_data()
    assert path is not None
    return path


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _shared_data() is None:
        items[:] = [item for item in items if "shared_data" not in getattr(item, "fixturenames", ())]
