"""Seed inputs for the fuzzers: small sound bundles, and texts of every kind the tokenizer tells apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgezoo.bundle.layout import StaticTable, TinyLstm, Unigram, WordPiece
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.zoo.tokenizers.normalisation import tables
from edgezoo.zoo.tokenizers.unigram import FIXED_TOKENS
from tests.char_lstm import random_language_tensors, write_language_model
from tests.tiny_lstm import quantised, random_tensors

VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a", "b", "##b", "hello", "wide", "world", "un", "##believ"),
    *("##able", "!", ",", ".", "#", "中", "文", "é", "##é", "😂", "##😂", "1", "##2", "##3"),
]

PIECES = (
    "a",
    "b",
    "ab",
    "hello",
    "wide",
    "w",
    "or",
    "world",
    "!",
    ",",
    "#",
    "中",
    "文",
    "中文",
    "é",
    "😂",
    "1",
    "2",
    "क",
    "가",
)

TEXTS = (
    b"",
    b"Hello, wide world! unbelievable #1 123",
    "naïve café É 中文 😂😂 \u00a0\u2003 \u200b ½ ①".encode(),
    b"\x00\x01\x7f\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82",
    b"a" * 101 + b" " + b"ab" * 50 + b"\t\n\x0b\x0c\r",
    "각 각 ｶﾞ क्षि NAI\u0308VE ½ a\u0301\u0323\u0345 \u0344\u0f73 ΑΣ".encode() + b"\xcc\x81" * 40,
    "e\u0301\u0327 \u202e\u2066 ﬁ ﷺ \ufffd \U000e0041".encode(),
)


def write_bundles(folder: Path) -> None:
    """Write small bundles: `int8.ezb` and `int4.ezb`, uniform and weighted, and one for each other kind."""
    write_language_model(folder / "language.ezb", random_language_tensors(hidden=32, norm=True), "int4")
    rows = np.random.default_rng(0).normal(size=(len(VOCABULARY), 32)).astype(np.float32)
    weight = np.linspace(0.5, 2, len(VOCABULARY)).astype(np.float16)
    for precision, tensors in (("int8", {}), ("int4", {"weight": weight})):
        write_bundle(
            folder / f"{precision}.ezb",
            name="fuzz",
            card={},
            tokenizer=WordPiece(unknown_id=1),
            vocabulary=VOCABULARY,
            architecture=StaticTable(normalize=precision == "int8"),
            tensors={"embedding": quantise(rows, precision), **tensors},
        )
    shape = {"tokens": len(VOCABULARY), "embedding": 32, "dimension": 32, "hidden": 32, "labels": 2}
    write_bundle(
        folder / "encoder.ezb",
        name="fuzz",
        card={},
        tokenizer=WordPiece(unknown_id=1),
        vocabulary=VOCABULARY,
        architecture=TinyLstm(max_tokens=16, labels=("no", "yes")),
        tensors=quantised(random_tensors(**shape, norms=True, salience=True), "int4"),
    )
    vocabulary = [*FIXED_TOKENS, *PIECES]
    costs = [*[255] * len(FIXED_TOKENS), *range(60, 60 + len(PIECES))]
    rows = np.random.default_rng(0).normal(size=(len(vocabulary), 32)).astype(np.float32)
    write_bundle(
        folder / "unigram.ezb",
        name="fuzz",
        card={},
        tokenizer=Unigram(),
        vocabulary=vocabulary,
        architecture=StaticTable(),
        tensors={
            "embedding": quantise(rows, "int8"),
            "vocabulary.costs": np.array(costs, np.uint8),
            **tables(),
        },
    )
