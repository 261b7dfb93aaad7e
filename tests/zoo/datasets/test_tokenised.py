"""The tokenized corpus gives the tokens of any texts, as bags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgezoo.zoo.datasets.tokenised import TokenisedCorpus, tokenise
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS, build_tokenizer

TEXTS = ["a b a", "", "c", "b " * 200]


@pytest.fixture
def corpus(tmp_path: Path) -> TokenisedCorpus:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    tokenise(tmp_path / "texts.txt", build_tokenizer([*SPECIAL_TOKENS, "a", "b", "c"]), tmp_path)
    return TokenisedCorpus(tmp_path)


def test_a_bag_has_the_tokens_of_each_text(corpus: TokenisedCorpus) -> None:
    assert len(corpus) == 4
    tokens, offsets = corpus.bags(np.array([0, 1, 2]))
    assert tokens.tolist() == [4, 5, 4, 6]
    assert offsets.tolist() == [0, 3, 3]


def test_a_long_text_is_cut(corpus: TokenisedCorpus) -> None:
    tokens, _ = corpus.bags(np.array([3]))
    assert tokens.tolist() == [5] * 128


def test_counts_are_of_occurrences_and_of_texts(corpus: TokenisedCorpus) -> None:
    occurrences, texts = corpus.counts(7)
    assert occurrences.tolist() == [0, 0, 0, 0, 2, 201, 1]
    assert texts.tolist() == [0, 0, 0, 0, 1, 2, 1]
