"""The sample gives each language its share, and the vocabulary holds what it must."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from edgezoo.zoo.tokenizers.unigram import FIXED_TOKENS
from edgezoo.zoo.unigram_vocabulary import (
    MAIN_SHARES,
    PARTS_OF_FEW,
    Texts,
    UnigramConfig,
    choose,
    sample,
    shares,
    with_words,
)

CONFIG = UnigramConfig(700, characters=40_000, rarest=2, longest=8)


def text(language: str, words: int, seed: int) -> str:
    draw = random.Random(seed)
    return " ".join(language + "".join(draw.choices("aeioknst", k=4)) for _ in range(words))


def test_languages_have_their_shares_of_the_sample() -> None:
    texts: dict[str, Texts] = {
        language: ([text(language, 8, n) for n in range(400)], [], [])
        for language in ("en", "de", "xb", "xc")
    }
    found = shares(texts)
    assert found["en"] == MAIN_SHARES["en"]
    assert found["xb"] == pytest.approx(found["xc"])
    assert sum(found.values()) == pytest.approx(1)
    sizes = Counter(line[:2] for line in sample(texts, CONFIG) for _ in line)
    assert sizes["en"] / sizes["de"] == pytest.approx(
        MAIN_SHARES["en"] / (MAIN_SHARES["de"] * PARTS_OF_FEW[0]), rel=0.3
    )
    assert list(sample(texts, CONFIG)) == list(sample(texts, CONFIG))


def test_a_language_with_little_text_is_repeated_but_not_without_end() -> None:
    texts: dict[str, Texts] = {
        "xb": ([f"only {n}" for n in range(5)], [], []),
        "en": (["much text"] * 100, [], []),
    }
    lines = Counter(sample(texts, CONFIG))
    assert lines["only 3"] == CONFIG.most_repeats


def test_the_vocabulary_holds_emoji_terms_and_every_frequent_character() -> None:
    texts = [text("b", 9, n) for n in range(300)] + ["щ щ щ", "ж"]
    tokenizer = choose(texts, ["😂", "👩‍🚀", "🇫🇷"], ["mdr", "jajaja", "#tbt"], CONFIG)
    vocabulary = tokenizer.get_vocab()
    assert tokenizer.get_vocab_size() <= CONFIG.size
    assert [tokenizer.id_to_token(number) for number in range(len(FIXED_TOKENS))] == list(FIXED_TOKENS)
    assert {"😂", "👩‍🚀", "🇫🇷", "mdr", "jajaja", "tbt", "щ"} <= set(vocabulary)
    assert "ж" not in vocabulary
    for term in ("😂", "👩‍🚀", "🇫🇷", "mdr", "jajaja"):
        assert tokenizer.encode(term).tokens == [term]
    assert tokenizer.encode("ж").tokens == ["<0xD0>", "<0xB6>"]


def test_missing_words_replace_the_least_likely_pieces_but_no_characters() -> None:
    scores = {"a": -9.0, "b": -2.0, "ab": -3.0, "bab": -8.0, "abb": -7.0}
    assert with_words(scores, ["abb", "ba", "a"]) == {
        "a": -9.0,
        "b": -2.0,
        "ab": -3.0,
        "abb": -7.0,
        "ba": -9.0,
    }
    assert with_words(scores, []) == scores
