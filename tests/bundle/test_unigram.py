"""Bundles with a Unigram: what was written is read; what breaks a rule is refused by Python and engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgezoo.bundle.layout import StaticTable, Unigram
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.reader import read_bundle
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import BundleError, InputError
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.zoo.tokenizers import normalisation
from edgezoo.zoo.tokenizers.unigram import FIXED_TOKENS

VOCABULARY = [*FIXED_TOKENS, "a", "b", "ab"]
Tables = dict[str, NDArray[np.uint8]]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return normalisation.tables()


def write(
    path: Path, tables: Tables, tokenizer: Unigram | None = None, vocabulary: list[str] = VOCABULARY
) -> Path:
    rows = np.random.default_rng(0).normal(size=(len(vocabulary), 32)).astype(np.float32)
    costs = np.full(len(vocabulary), 90, np.uint8)
    write_bundle(
        path,
        name="small",
        card={},
        tokenizer=tokenizer or Unigram(),
        vocabulary=vocabulary,
        architecture=StaticTable(),
        tensors={"embedding": quantise(rows, "int8"), "vocabulary.costs": costs, **tables},
    )
    return path


def test_what_was_written_is_read(tmp_path: Path, tables: Tables) -> None:
    chosen = Unigram(unknown_id=2, byte_id=4, unknown_penalty=7, max_word_characters=9, max_marks=0)
    bundle = read_bundle(write(tmp_path / "x.ezb", tables, chosen), verify=True)
    assert bundle.header.tokenizer == chosen
    assert bundle.vocabulary == tuple(VOCABULARY)
    assert all(np.array_equal(bundle.arrays[name], table) for name, table in tables.items())


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (Unigram(unknown_id=263), "unknown_id 263"),
        (Unigram(byte_id=8), "byte_id is 8"),
        (Unigram(max_word_characters=0), "max_word_characters is 0"),
        (Unigram(max_word_characters=65), "max_word_characters is 65"),
        (Unigram(max_marks=33), "max_marks is 33"),
        (Unigram(unknown_penalty=70_000), "unknown_penalty is 70000"),
    ],
)
def test_settings_that_the_format_forbids_are_named(
    tmp_path: Path, tables: Tables, chosen: Unigram, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        write(tmp_path / "x.ezb", tables, chosen)


def test_a_long_token_is_refused(tmp_path: Path, tables: Tables) -> None:
    with pytest.raises(InputError, match="63"):
        write(tmp_path / "x.ezb", tables, vocabulary=[*VOCABULARY, "x" * 64])


@pytest.mark.parametrize("name", ["unicode.pages", "unicode.lower", "unicode.targets", "unicode.combining"])
def test_a_table_that_is_missing_is_named(tmp_path: Path, tables: Tables, name: str) -> None:
    rest = {key: table for key, table in tables.items() if key != name}
    with pytest.raises(InputError, match=name):
        write(tmp_path / "x.ezb", rest)


@pytest.mark.parametrize(
    ("name", "row", "numbers"),
    [
        ("unicode.pages", 8703, None),
        ("unicode.decompositions", 3, (0xA0, 0)),
        ("unicode.decompositions", 3, (0xA0, 19)),
        ("unicode.lower", 0, (0x41, 0xFFFFFFE1)),
        ("unicode.lower", 0, (0x41, 4)),
        ("unicode.targets", 5, (0x110000,)),
        ("unicode.compositions", 7, (0x41, 0x300, 0xFFFFFFFF)),
    ],
)
def test_what_leads_outside_its_table_is_refused_by_both_readers(
    tmp_path: Path, tables: Tables, name: str, row: int, numbers: tuple[int, ...] | None
) -> None:
    altered = {key: table.copy() for key, table in tables.items()}
    altered[name][row] = 255 if numbers is None else np.array(numbers, "<u4").view(np.uint8)
    path = write(tmp_path / "x.ezb", altered)
    with pytest.raises(BundleError, match=r"normaliser|unicode"):
        read_bundle(path)
    with pytest.raises(BundleError, match=r"normaliser|unicode"):
        EngineRuntime.open(str(path))


@pytest.mark.parametrize("name", ["unicode.combining", "unicode.compositions", "unicode.classes"])
def test_a_table_of_nonsense_gives_some_ids(tmp_path: Path, tables: Tables, name: str) -> None:
    """What is not checked can't do harm: unsorted tables, classes of any kind."""
    random = np.random.default_rng(5)
    altered = {key: table.copy() for key, table in tables.items()}
    if name == "unicode.compositions":
        altered[name] = random.permutation(altered[name])
    else:
        altered[name] = random.integers(0, 256, altered[name].shape, np.uint8)
    model = EngineRuntime.open(str(write(tmp_path / "x.ezb", altered)))
    text = "".join(map(chr, random.integers(0, 0xD800, 5000))) + "é\u0301ÅﬁΑ가각क्ष" * 50
    assert model.tokenize(text).max() < len(VOCABULARY)
