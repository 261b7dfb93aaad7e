"""The shipped multilingual model: what emoji and hashtags mean to it, its ids, and what it weighs.

`python -m tests.zoo.test_multilingual_model DATA` compares the ids of every text in DATA.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from edgezoo import sdk
from edgezoo.exporters import export
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.utf8 import encode
from edgezoo.runtimes.wasm import WasmRuntime
from edgezoo.zoo import registry
from edgezoo.zoo.datasets import multilingual
from tests.zoo.multilingual_probes import PROBES

NAME = "static-multilingual"
BUDGET = 10_000_000  # bytes: the file, and the memory of a web page that embeds with it
CHUNK = 20_000


@pytest.fixture(scope="module")
def model() -> Iterator[sdk.Model]:
    with sdk.load(NAME) as opened:
        yield opened


@pytest.mark.parametrize(
    ("kind", "least"), [("emoji", 0.9), ("emoji in a sentence", 0.8), ("hashtags", 0.9), ("slang", 0.7)]
)
def test_emoji_hashtags_and_slang_carry_meaning(model: sdk.Model, kind: str, least: float) -> None:
    wrong = []
    for text, near, far in PROBES[kind]:
        right, other = np.asarray(model.similarity(text, [near, far]))
        if not right > other:
            wrong.append(f"{text}: {near} {right:.2f}, {far} {other:.2f}")
    assert len(wrong) <= (1 - least) * len(PROBES[kind]), wrong


def test_tears_of_joy_are_funny(model: sdk.Model) -> None:
    funny, sad = np.asarray(model.similarity("😂", ["funny", "sad"]))
    assert funny > sad


def test_a_text_is_near_its_translations(model: sdk.Model) -> None:
    texts = {
        "I lost my keys and can't get in": "Ich habe meine Schlüssel verloren und komme nicht ins Haus",
        "The train to the airport is late": "El tren al aeropuerto llega tarde",
        "She is playing the guitar in the park": "彼女は公園でギターを弾いている",
        "How much does this book cost?": "Сколько стоит эта книга?",
    }
    similarities = np.array([model.similarity(other, list(texts)) for other in texts.values()])
    assert (similarities.argmax(1) == np.arange(len(texts))).all()


def test_no_text_is_lost(model: sdk.Model) -> None:
    """Scripts and symbols that the vocabulary does not have are bytes, whose rows count.

    Every character beyond ASCII has a byte of 0x80 to 0xBF, and all of those have been seen in training.
    """
    for text in ("ᚠᛇᚻ", "𓀀𓀁", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ꙮ", *map(chr, range(0x10380, 0x10400, 5))):
        assert np.linalg.norm(model.embed(text)) == pytest.approx(1), repr(text)


def test_a_text_of_which_nothing_is_known_is_zero(model: sdk.Model) -> None:
    """Control characters, and languages that the vocabulary has and the translations do not."""
    for text in ("\x00\x01", "\x7f", "ން"):
        assert not model.embed(text).any(), repr(text)


def test_it_keeps_its_budget_in_a_file_and_in_a_page() -> None:
    path = Path(registry.find(NAME))
    assert path.stat().st_size <= BUDGET
    runtime = WasmRuntime.open(str(path))
    vectors = runtime.embed(["Guten Morgen! 😴 #kaffee"])
    assert runtime.memory <= BUDGET
    engine = EngineRuntime.open(str(path))
    assert np.array_equal(vectors, engine.embed(["Guten Morgen! 😴 #kaffee"]))


def test_model2vec_opens_its_export(model: sdk.Model, tmp_path: Path) -> None:
    """The checkpoint's rows, which the bundle has in int4."""
    from model2vec import StaticModel

    (folder,) = export(Path(registry.find(NAME)).parent, "model2vec", "fp32", tmp_path)
    texts = ["The train is late", "Le train est en retard", "電車が遅れている", "#happybirthday 🎂"]
    found = StaticModel.from_pretrained(folder).encode(texts)
    assert (found * model.embed(texts)).sum(1).min() > 0.97


def test_ids_are_equal_in_every_language(shared_data: Path) -> None:
    """Every sixtieth text."""
    assert compare(shared_data, every=60) > 10_000


def texts_of(data: Path) -> Iterator[str]:
    for translation in (*multilingual.parallel(data), *multilingual.lexicon(data), *multilingual.emoji(data)):
        yield translation.english
        yield translation.other
    yield from (text for _, text in multilingual.monolingual(data))


def compare(data: Path, every: int) -> int:
    """Compare the ids of every `every`-th text with those of `tokenizers`; returns how many there were."""
    path = Path(registry.find(NAME))
    tokenizer = Tokenizer.from_file(str(path.with_name("tokenizer.json")))
    lines, count = islice(texts_of(data), 0, None, every), 0
    engine = EngineRuntime.open(str(path))
    while chunk := [encode(text).decode() for text in islice(lines, CHUNK)]:
        expected = tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
        for text, encoding in zip(chunk, expected, strict=True):
            assert engine.tokenize(text).tolist() == encoding.ids, repr(text)
        count += len(chunk)
    return count


if __name__ == "__main__":
    print(f"{compare(Path(sys.argv[1]), every=1):,} texts have equal ids")
