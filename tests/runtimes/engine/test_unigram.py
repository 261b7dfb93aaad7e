"""The engine's Unigram gives the ids of Hugging Face `tokenizers`, normalised text included."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from edgezoo.bundle.layout import StaticTable, Unigram
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.engine.binding import library
from edgezoo.runtimes.utf8 import encode
from edgezoo.zoo.tokenizers import normalisation
from edgezoo.zoo.tokenizers.unigram import FIXED_TOKENS, MAX_COST, build_tokenizer

HOSTILE_STRINGS = 60_000

# Words that split in several ways at several costs, some of them equal, in scripts of 1 to 4 bytes a letter.
PIECES = {
    **dict.fromkeys("abcdefghijklmnoprstuvwxyz0123456789.,!#'", 120),
    "th": 90,
    "the": 60,
    "he": 90,
    "in": 80,
    "ing": 85,
    "er": 95,
    "the" + "re": 100,
    "re": 90,
    "ab": 240,
    "ba": 240,
    "aba": 240,
    "straße": 130,
    "naïve": 140,
    "é": 110,
    "ий": 70,
    "к": 90,
    "а": 80,
    "ка": 120,
    "й": 99,
    "я": 101,
    "日": 130,
    "本": 130,
    "日本": 150,
    "日本語": 230,
    "語": 125,
    "한국": 140,
    "한": 150,
    "국": 150,
    "어": 150,
    "ガ": 133,
    "カ": 121,
    "क": 90,
    "षि": 100,
    "क्षि": 190,
    "्": 80,
    "ข": 77,
    "้": 80,
    "ข้า": 200,
    "า": 50,
    "😂": 100,
    "👩‍🚀": 180,
    "👩": 120,
    "🚀": 110,
    "\u200d": 60,
    "❤\ufe0f": 90,
    "❤": 95,
    "\ufe0f": 70,
    "1⁄2": 150,
    "abcdefghijklmnop": 255,
    "x" * 63: 9,
}
COSTS = [*[MAX_COST] * len(FIXED_TOKENS), *PIECES.values()]
VOCABULARY = [*FIXED_TOKENS, *PIECES]

# Characters that are composed, reordered, mapped, joined, dropped or cut, besides any code point at all.
TRICKY = (
    "\x00\x01\t\n\x0b\x0c\r\x1c\x1f\x7f\x80\x85\xa0\xad\u0130\u0131\u017f\u0300\u0301\u0307\u0323\u0327\u0334\u0338\u0344\u0345"
    "\u0f71\u0f72\u0f73\u0f74\u0f80\u0f81\u093c\u094d\u09be\u09c7\u0b47\u0b3e\u0cc2\u0cd5\u0dd9\u0dcf\u1025\u102e\u1b05\u1b35"
    "\u1100\u1161\u11a8\u11a7\u11c2\u1175\uac00\uac01\ud7a3\uffa1\uffc2\u3099\u309a\uff9e\uff9fかカ\uff76"
    "\u0e33\u0e48\u0eb3\u1e9e\u1fee\u1fbc\u212b\u2126\u2260<=>\u2adc\ufb1d\ufb2c\ufb01\ufdfa\ufe0f\ufeff\ufffc\ufffd"
    "\u200b\u200d\u200e\u2028\u2029\u202e\u2060\u3000\u30fbßẞΣςσİı½①㍿㎏㋿豈\U0001d15e\U0001d165\U0001f3fd\U000110ba\U000e0041"
    "\U0010ffff▁中文日本語。、[]()-_'’…"
)


def hostile_strings(seed: int) -> Iterator[str]:
    """Endless random texts: any code points, tricky ones, near-words, and mixtures of them."""
    draw = random.Random(seed)
    words = list(PIECES)
    while True:
        parts = []
        for _ in range(draw.randrange(12)):
            kind = draw.randrange(6)
            if kind == 0:
                parts.append("".join(chr(draw.randrange(0x110000)) for _ in range(draw.randrange(4))))
            elif kind == 1:
                parts.append("".join(draw.choices(TRICKY, k=draw.randrange(8))))
            elif kind == 2:
                parts.append("".join(draw.choices(words, k=draw.randrange(1, 5))))
            elif kind == 3:
                parts.append(draw.choice(words).upper())
            elif kind == 4:
                parts.append("".join(draw.choices("abtheing", k=draw.randrange(1, 30))))
            else:
                parts.append(draw.choice(TRICKY) * draw.choice((1, 2, 15, 16, 17, 31, 63, 64, 65, 130)))
            parts.append(draw.choice(("", "", " ", "\n")))
        yield "".join(parts)


def assert_same_ids(model: EngineRuntime, tokenizer: Tokenizer, texts: Iterable[str]) -> None:
    # A lone surrogate can't be handed to `tokenizers`; both get the text that the engine sees.
    texts = [encode(text).decode() for text in texts]
    for text, encoding in zip(
        texts, tokenizer.encode_batch_fast(texts, add_special_tokens=False), strict=True
    ):
        assert model.tokenize(text).tolist() == encoding.ids, repr(text)


@pytest.fixture(scope="module")
def tables() -> normalisation.Tables:
    return normalisation.tables()


def opened(
    folder: Path, tables: normalisation.Tables, vocabulary: list[str], costs: list[int]
) -> tuple[EngineRuntime, Tokenizer]:
    rows = np.random.default_rng(7).normal(size=(len(vocabulary), 32)).astype(np.float32)
    write_bundle(
        folder / "small.ezb",
        name="small",
        card={"name": "small"},
        tokenizer=Unigram(),
        vocabulary=vocabulary,
        architecture=StaticTable(),
        tensors={
            "embedding": quantise(rows, "int8"),
            "vocabulary.costs": np.array(costs, np.uint8),
            **tables,
        },
    )
    return EngineRuntime.open(str(folder / "small.ezb")), build_tokenizer(vocabulary, costs)


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, tables: normalisation.Tables
) -> tuple[EngineRuntime, Tokenizer]:
    return opened(tmp_path_factory.mktemp("unigram"), tables, VOCABULARY, COSTS)


def pieces(model: EngineRuntime, text: str) -> list[str]:
    return [VOCABULARY[token] for token in model.tokenize(text)]


def test_words_split_where_they_cost_least(small: tuple[EngineRuntime, Tokenizer]) -> None:
    model, _ = small
    assert pieces(model, "There, in ABA! ") == ["there", ",", "in", "aba", "!"]
    assert pieces(model, "thething") == ["the", "th", "ing"]
    assert pieces(model, "日本語日本") == ["日本語", "日本"]


def test_a_character_without_a_token_is_bytes(small: tuple[EngineRuntime, Tokenizer]) -> None:
    assert pieces(small[0], "aöa") == ["a", "<0xC3>", "<0xB6>", "a"]
    assert pieces(small[0], "𝕬文") == ["a", "<0xE6>", "<0x96>", "<0x87>"]


def test_text_is_composed_and_lower_cased(small: tuple[EngineRuntime, Tokenizer]) -> None:
    model, _ = small
    assert pieces(model, "NAI\u0308VE ﬁ ｶﾞ ½ STRASSE straße") == (
        ["naïve", "f", "i", "ガ", "1⁄2", *"strasse", "straße"]
    )


def test_ids_are_equal_on_hostile_strings(small: tuple[EngineRuntime, Tokenizer]) -> None:
    strings = hostile_strings(seed=1)
    for _ in range(0, HOSTILE_STRINGS, 10_000):
        assert_same_ids(*small, islice(strings, 10_000))


def test_wrong_guesses_are_found_out(tmp_path: Path, tables: normalisation.Tables) -> None:
    """So many pieces that some share their tag, and that a word has parts that look like one and are none."""
    draw = random.Random(3)
    made = {"".join(draw.choices("abcdefghijкцшщ", k=draw.randrange(1, 7))) for _ in range(40_000)}
    vocabulary = [*FIXED_TOKENS, *sorted(made)]
    # A piece is cheaper than any two.
    costs = [MAX_COST, *(draw.randrange(MAX_COST // 2 + 1, MAX_COST + 1) for _ in vocabulary[1:])]
    texts = ["".join(draw.choices("abcdefghijкцшщz", k=64)) for _ in range(10_000)]
    assert_same_ids(*opened(tmp_path, tables, vocabulary, costs), texts)


def test_ids_are_equal_for_every_code_point(small: tuple[EngineRuntime, Tokenizer]) -> None:
    """Alone, behind a letter and before two marks out of order."""
    parts = [
        f"a{chr(point)}b {chr(point)}\u0301\u0323"
        for point in range(0x110000)
        if not 0xD800 <= point < 0xE000
    ]
    assert_same_ids(*small, (" ".join(parts[start : start + 64]) for start in range(0, len(parts), 64)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "a" * 300_000,
        "é" * 100_000,
        "½" * 50_000,
        "日本語" * 50_000,
        "\u1161" * 100_000,
        "e" + "\u0301" * 50_000,
        "e" + "\u0323\u0301" * 50_000,
        "ö" * 64 + " " + "ö" * 65 + "." + "𝕒" * 63 + "ﷺ" * 3,
        "x" * 62 + " " + "x" * 63 + " " + "x" * 64 + " " + "x" * 127,
        "<0x41> [PAD] [UNK] <unk>",
    ],
)
def test_ids_are_equal_on_extreme_texts(small: tuple[EngineRuntime, Tokenizer], text: str) -> None:
    assert_same_ids(*small, [text])


def test_malformed_utf8_is_the_replacement_character(small: tuple[EngineRuntime, Tokenizer]) -> None:
    """Python can't pass it on; C callers can."""
    model, _ = small
    ids = np.zeros(16, np.uint32)
    data = b"the\xff \xc3"
    count = library.ez_tokenize(model._model, data, len(data), ids.ctypes.data, 16)
    replaced = ["<0xEF>", "<0xBF>", "<0xBD>"]
    assert [VOCABULARY[i] for i in ids[:count]] == ["the", *replaced, *replaced]


def test_a_text_gives_the_same_vector_in_any_form(small: tuple[EngineRuntime, Tokenizer]) -> None:
    one, other = small[0].embed(["Naïve ガ"]), small[0].embed(["NAI\u0308VE  ｶﾞ"])
    assert np.array_equal(one, other)
    assert np.linalg.norm(one) == pytest.approx(1)
