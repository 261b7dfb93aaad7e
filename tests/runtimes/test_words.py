"""Words found by Python are those that `tokenizers` finds, and tokenizers of other kinds are left to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from itertools import chain, islice
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

from edgezoo.benchmarks.texts import HOSTILE, TWEETS, TWEETS_BY_LANGUAGE, short_texts
from edgezoo.runtimes.utf8 import encode
from edgezoo.runtimes.words import Words
from edgezoo.zoo import registry
from edgezoo.zoo.datasets import files

MODELS = Path(registry.find("static-en")).parents[1]


@cache
def pair(model: str) -> tuple[Words, Tokenizer]:
    definition = (MODELS / model / "tokenizer.json").read_text(encoding="utf-8")
    return Words(definition), Tokenizer.from_str(definition)


def whole(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def any_characters(draw: random.Random, count: int) -> str:
    ranges = ((0, 0x80), (0, 0x300), (0x300, 0x370), (0x2000, 0x2100), (0xFE00, 0x10000), (0, 0x110000))
    return "".join(chr(draw.choice((32, draw.randrange(*draw.choice(ranges))))) for _ in range(count))


@pytest.mark.parametrize("model", ["static-en-micro", "static-multilingual"])
def test_ids_are_those_of_tokenizers(model: str) -> None:
    words, tokenizer = pair(model)
    draw = random.Random(0)
    texts = [*HOSTILE, *TWEETS, *chain(*TWEETS_BY_LANGUAGE.values()), *short_texts(100)]
    texts += [any_characters(draw, draw.randrange(80)) for _ in range(500)]
    texts += [
        "x" * 64,
        "x" * 65 + "!" + "y" * 130,
        "ü" * 129 + " " + "e\u0301" * 70,
        "".join(map(chr, range(128))),
    ]
    for text in map(encode, texts):
        assert words.ids(text.decode()) == whole(tokenizer, text.decode()), text


@pytest.mark.parametrize("model", ["static-en-micro", "static-multilingual"])
def test_shipped_tokenizers_are_of_the_known_kind(model: str) -> None:
    assert pair(model)[0]._split is not None


def test_ids_are_those_of_tokenizers_in_every_language(shared_data: Path) -> None:
    words, tokenizer = pair("static-multilingual")
    lines = list(islice(files.lines(shared_data / "multilingual" / "monolingual.tsv"), 0, None, 300))
    assert len({line.partition("\t")[0] for line in lines}) > 20
    for line in lines:
        assert words.ids(line) == whole(tokenizer, line)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: setattr(t, "pre_tokenizer", pre_tokenizers.BertPreTokenizer()),
        lambda t: setattr(t, "pre_tokenizer", pre_tokenizers.Split(Regex(r"\s+"), "removed")),
        lambda t: setattr(
            t,
            "pre_tokenizer",
            pre_tokenizers.Sequence(
                [
                    pre_tokenizers.Split(Regex(r"[\x{20}]+"), "removed"),
                    pre_tokenizers.Split(Regex(r"[\x{61}]"), "merged_with_next"),
                ]
            ),
        ),
        lambda t: setattr(t, "normalizer", normalizers.Sequence([normalizers.Replace("th", "g")])),
        lambda t: setattr(
            t, "normalizer", normalizers.Sequence([normalizers.Replace("th", "g"), normalizers.Lowercase()])
        ),
        lambda t: setattr(t, "normalizer", normalizers.Sequence([normalizers.Strip()])),
        lambda t: t.add_tokens(["captain sat"]),
    ],
)
def test_tokenizers_of_other_kinds_are_left_alone(change: Callable[[Tokenizer], None]) -> None:
    tokenizer = Tokenizer.from_file(str(MODELS / "static-en-micro" / "tokenizer.json"))
    change(tokenizer)
    words = Words(tokenizer.to_str())
    for text in (" The old captain sat on the mat, with that. ", "ÜBER ALL", *TWEETS):
        assert words.ids(text) == whole(tokenizer, text)
