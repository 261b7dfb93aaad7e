"""WordPiece: which texts give which tokens."""

from __future__ import annotations

import re
import sys

import pytest

from edgezoo.zoo.tokenizers import wordpiece
from edgezoo.zoo.tokenizers.delimiters import DELIMITERS

SPECIALS = list(wordpiece.SPECIAL_TOKENS)
WORDS = [
    "run",
    "##ning",
    "##é",
    "é",
    "É",
    "[",
    "]",
    "cls",
    "!",
    "中",
    "a",
    "##a",
    "#",
    "x",
    "\u00a0",
    "##\u00a0",
]


def tokens(text: str) -> list[str]:
    found: list[str] = wordpiece.build_tokenizer(SPECIALS + WORDS).encode(text).tokens
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\r\n\f", []),
        ("Running", ["run", "##ning"]),
        ("RUN!run", ["run", "!", "run"]),
        ("É", ["É"]),
        ("é", ["é"]),
        ("[CLS]", ["[", "cls", "]"]),
        ("run中中", ["run", "中", "中"]),
        ("run\u00a0x", ["[UNK]"]),
        ("x\u00a0", ["x", "##\u00a0"]),
        ("x\vrun", ["[UNK]"]),
        ("x\u0000", ["[UNK]"]),
        ("zzz run", ["[UNK]", "run"]),
        ("##ning", ["#", "#", "[UNK]"]),
        ("a" * 100, ["a"] + ["##a"] * 99),
        ("a" * 101, ["[UNK]"]),
    ],
)
def test_tokens_of_a_text(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_lower_casing_is_for_ascii_only() -> None:
    tokenizer = wordpiece.build_tokenizer([*SPECIALS, "k", "s", "\u212a"])
    assert tokenizer.encode("K S \u212a ſ").tokens == ["k", "s", "\u212a", "[UNK]"]


def test_each_code_point_splits_exactly_where_the_delimiter_table_says() -> None:
    tokenizer = wordpiece.build_tokenizer([*SPECIALS, "x"])
    delimiters = {point for low, high in DELIMITERS for point in range(low, high + 1)}
    spaces = {ord(mark) for mark in wordpiece.WHITE_SPACE}
    points = [p for p in range(sys.maxunicode + 1) if not 0xD800 <= p < 0xE000 and chr(p) != "x"]
    found = tokenizer.encode_batch([f"x{chr(point)}x" for point in points])
    sizes = {point: len(encoding.ids) for point, encoding in zip(points, found, strict=True)}
    assert {point for point, size in sizes.items() if size == 3} == delimiters
    assert {point for point, size in sizes.items() if size == 2} == spaces


def test_python_and_oniguruma_classes_match_the_same_marks() -> None:
    pattern = re.compile(wordpiece.python_delimiter_class())
    delimiters = {point for low, high in DELIMITERS for point in range(low, high + 1)}
    assert {p for p in range(sys.maxunicode + 1) if pattern.match(chr(p))} == delimiters


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        (["a"], "must begin with"),
        ([*SPECIALS, "a", "a"], "twice"),
        ([*SPECIALS, ""], "0 bytes"),
        ([*SPECIALS, "é" * 128], "256 bytes"),
    ],
)
def test_a_vocabulary_that_a_bundle_cannot_hold_is_refused(vocabulary: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wordpiece.build_tokenizer(vocabulary)
