"""The engine's token ids equal those of Hugging Face `tokenizers`, the source of truth."""

from __future__ import annotations

import lzma
import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from edgezoo.runtimes import engine
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.utf8 import encode
from edgezoo.zoo import registry
from edgezoo.zoo.tokenizers import delimiters
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from tests.runtimes.engine.conftest import VOCABULARY, MakeModel

HOSTILE_STRINGS = 100_000

# Long enough a vocabulary that words split in every way; all ASCII, and letters of several scripts.
PIECES = [
    "th",
    "he",
    "in",
    "ing",
    "tion",
    "er",
    "ab",
    "cd",
    "xyz",
    "straße",
    "日本",
    "naïve",
    "ё",
    "한",
    "ﬁ",
    "İ",
]
RICH = list(
    dict.fromkeys(
        [*VOCABULARY, *PIECES, *(f"##{piece}" for piece in PIECES)]
        + [form + chr(code) for code in range(128) if not chr(code).isupper() for form in ("", "##")]
    )
)

# Characters that tokenizers disagree about, besides any code point at all.
TRICKY = (
    "\x00\x01\t\n\x0b\x0c\r\x1c\x1f\x7f\x80\x85\xa0\xad\u0130\u0131\u017f\u0300\u0301\u0345\u1680\u180e\u1e9e\u2000\u2003"
    "\u200b\u200d\u200e\u2028\u2029\u202e\u2060\u3000\u30fb\ufb01\ufe0f\ufeff\ufffc\ufffd\uffff😂👩\U0001f3fd\U000e0041\U0010ffff"
    "¡§«¶·»¿‐―‘’“”…‰′中文日本語㐀豈𠀀𪜀﹏｡「」()[]{}<>@#$%^&*_+-=|~`'\"!?.,:;/\\ßİıſK"
)


def hostile_strings(seed: int) -> Iterator[str]:
    """Endless random texts: any code points, tricky ones, near-words, and mixtures of them."""
    draw = random.Random(seed)
    words = [piece.removeprefix("##") for piece in RICH]
    while True:
        parts = []
        for _ in range(draw.randrange(12)):
            kind = draw.randrange(5)
            if kind == 0:
                parts.append("".join(chr(draw.randrange(0x110000)) for _ in range(draw.randrange(4))))
            elif kind == 1:
                parts.append("".join(draw.choices(TRICKY, k=draw.randrange(6))))
            elif kind == 2:
                parts.append("".join(draw.choices(words, k=draw.randrange(1, 5))))
            elif kind == 3:
                parts.append(draw.choice(words).upper())
            else:
                parts.append(chr(draw.randrange(32, 127)) * draw.choice((1, 2, 7, 8, 9, 99, 100, 101, 300)))
            parts.append(draw.choice(("", " ", "  ", "\n")))
        yield "".join(parts)


def assert_same_ids(model: EngineRuntime, tokenizer: Tokenizer, texts: Iterable[str]) -> None:
    # A lone surrogate can't be handed to `tokenizers`; both get the text that the engine sees.
    texts = [encode(text).decode() for text in texts]
    for text, encoding in zip(texts, tokenizer.encode_batch_fast(texts), strict=True):
        assert model.tokenize(text).tolist() == encoding.ids, repr(text)


@pytest.fixture
def rich(make_model: MakeModel) -> tuple[EngineRuntime, Tokenizer]:
    return make_model(dimension=32, vocabulary=RICH)[0], build_tokenizer(RICH)


def test_a_sentence_gives_the_expected_pieces(make_model: MakeModel) -> None:
    model, _ = make_model()
    ids = model.tokenize("The unbelievable CAFé, [CLS]!")
    assert [VOCABULARY[i] for i in ids] == (
        ["the", "un", "##believ", "##able", "caf", "##é", ",", "[", "cls", "]", "!"]
    )


def test_ids_are_equal_on_hostile_strings(rich: tuple[EngineRuntime, Tokenizer]) -> None:
    strings = hostile_strings(seed=1)
    for _ in range(0, HOSTILE_STRINGS, 10_000):
        assert_same_ids(*rich, islice(strings, 10_000))


def test_ids_are_equal_for_every_code_point(rich: tuple[EngineRuntime, Tokenizer]) -> None:
    """Between two letters each code point shows whether it separates, stands alone or joins."""
    parts = [f"a{chr(code)}b {chr(code)}" for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    assert_same_ids(*rich, (" ".join(parts[start : start + 64]) for start in range(0, len(parts), 64)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "a" * 1_000_000,
        "é" * 1_000_000,
        "a b " * 250_000,
        "中" * 300_000,
        "e" + "\u0301" * 50_000,
        "x" * 100 + " " + "x" * 101 + " " + "é" * 100 + "\n" + "é" * 101,
        "##a ##", # the mark of inner pieces is punctuation in a text
        "[PAD][UNK] [CLS]",
    ],
)  # fmt: skip
def test_ids_are_equal_on_extreme_texts(rich: tuple[EngineRuntime, Tokenizer], text: str) -> None:
    assert_same_ids(*rich, [text])


def test_malformed_utf8_is_unknown_and_separates_nothing(make_model: MakeModel) -> None:
    """Python can't pass it on; C callers can."""
    from edgezoo.runtimes.engine.binding import library

    model, _ = make_model()
    for data, pieces in (
        (b"cat \xff mat", ["cat", "[UNK]", "mat"]),
        (b"cat\xc3 mat", ["[UNK]", "mat"]),
        (b"\xe4\xb8", ["[UNK]"]),
    ):
        ids = np.zeros(8, np.uint32)
        count = library.ez_tokenize(model._model, data, len(data), ids.ctypes.data, 8)
        assert [VOCABULARY[i] for i in ids[:count]] == pieces


def test_the_compiled_delimiter_table_is_the_tokenizers() -> None:
    header = Path(engine.__file__).with_name("delimiters.h")
    assert header.read_text() == delimiters.c_header()


def english_lines(shared_data: Path) -> Iterator[str]:
    for path in sorted((shared_data / "english").rglob("*.xz")):
        with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            yield from (line.rstrip("\n") for line in lines)


@pytest.mark.parametrize(("name", "every"), [("static-en", 1), ("static-en-micro", 10)])
def test_ids_are_equal_on_english_text(shared_data: Path, name: str, every: int) -> None:
    """Every line of the English data for the one model, every tenth for the other."""
    entry = Path(registry.find(name))
    tokenizer = Tokenizer.from_file(str(entry.with_name("tokenizer.json")))
    lines = islice(english_lines(shared_data), 0, None, every)
    while chunk := list(islice(lines, 50_000)):
        assert_same_ids(EngineRuntime.open(str(entry)), tokenizer, chunk)
