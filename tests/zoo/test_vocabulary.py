"""Which tokens a vocabulary holds."""

from __future__ import annotations

from collections import Counter

import pytest

from edgezoo.errors import DataError
from edgezoo.zoo import vocabulary
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from edgezoo.zoo.vocabulary import VocabularyConfig

GENERAL = {"the": 0.05, "walking": 1e-4, "walked": 1e-4, "walk": 2e-4, "zebra": 1e-6, "😂": 1e-5, "❤️": 1e-6}


def test_words_and_delimiters_are_counted_as_the_tokenizer_splits_them() -> None:
    counts = vocabulary.count_words(["Don't stop, don't!", "É É"])
    assert counts == Counter({"don": 2, "'": 2, "t": 2, "É": 2, "stop": 1, ",": 1, "!": 1})


def test_a_word_rare_here_but_common_in_general_ranks_by_both() -> None:
    blended = vocabulary.blend({"rare": 9, "common": 1}, {"common": 0.9, "other": 0.1})
    assert blended == pytest.approx({"rare": 0.45, "common": 0.5, "other": 0.05})


@pytest.fixture(scope="module")
def chosen() -> list[str]:
    counts = {"the": 500, "jumping": 40, "jumped": 40, "jumps": 40, "talking": 30, "talked": 30, "talks": 30}
    return vocabulary.choose(counts, GENERAL, VocabularyConfig(1500, piece_share=0.05, last_letter=0xFF))


def test_it_begins_with_special_tokens_and_goes_on_by_frequency(chosen: list[str]) -> None:
    assert chosen[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the"]
    assert len(chosen) == len(set(chosen)) <= 1500


@pytest.mark.parametrize(
    "text", ["naïve café", "x\u00a0y", "a1b2", "😂😂 ❤️", "¿Qué?", "e\u0301", "#tbt", "£5", "~`{}|"]
)
def test_every_latin_word_symbol_and_common_emoji_has_pieces(chosen: list[str], text: str) -> None:
    assert "[UNK]" not in build_tokenizer(chosen).encode(text).tokens


def test_pieces_are_what_is_left_of_words_that_did_not_get_in() -> None:
    words = {"jump", "talk", "j", "t"}
    frequencies = {"jumping": 4.0, "talking": 4.0, "jumped": 2.0, "talked": 2.0, "jump": 9.0}
    assert vocabulary.suffix_pieces(frequencies, words, 2) == ["ing", "ed"]


def test_a_vocabulary_without_room_for_its_characters_is_refused() -> None:
    with pytest.raises(DataError, match="no room for"):
        vocabulary.choose({"the": 1}, GENERAL, VocabularyConfig(300))


def test_lists_are_lower_case_words_without_delimiters() -> None:
    for name in vocabulary.LISTS:
        words = vocabulary.listed_words(name)
        assert len(words) > 100
        assert all(word == word.lower() and vocabulary.WORD.fullmatch(word) for word in words)


def test_general_frequencies_leave_out_binned_numbers() -> None:
    frequencies = vocabulary.general_frequencies()
    assert frequencies["the"] > frequencies["zebra"] > 0
    assert "00" not in frequencies
    assert "don't" not in frequencies
