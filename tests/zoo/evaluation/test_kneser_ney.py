"""The baseline is a distribution, and gives what can be worked out by hand."""

from __future__ import annotations

import math

import pytest

from edgezoo.zoo.evaluation.kneser_ney import KneserNey
from edgezoo.zoo.tokenizers.char import BOS, EOS, UNK

TEXTS = [[4, 5, 6], [4, 5, 5], [5, 6], [4, 4, 5, 6]]


def test_probabilities_sum_to_one() -> None:
    model = KneserNey(TEXTS, 8, 3)
    for context in ((BOS, BOS), (4, 5), (6, 6), (7, 4), (7, 7)):
        total = sum(model.probability(context, i) for i in (UNK, EOS, 4, 5, 6, 7))
        assert total == pytest.approx(1.0)


def test_bigrams_by_hand() -> None:
    # Bigrams of [4] and [4, 4]: BOS 4 (2), 4 EOS (2), 4 4 (1), so the discount is 1 / (1 + 2 * 2). Below:
    # 4 follows two different ids, EOS one, so n1 = n2 = 1 and the discount is 1 / 3.
    model = KneserNey([[4], [4, 4]], 5, 2)
    uniform = 1 / 3
    lower = (2 - 1 / 3 + 1 / 3 * 2 * uniform) / 3
    assert model.probability((BOS,), 4) == pytest.approx((2 - 0.2 + 0.2 * lower) / 2)
    assert model.probability((UNK,), 4) == pytest.approx(lower)


def test_bits_count_the_end_of_a_text() -> None:
    model = KneserNey(TEXTS, 8, 2)
    expected = -(math.log2(model.probability((BOS,), 4)) + math.log2(model.probability((4,), EOS))) / 2
    assert model.bits([[4]]) == pytest.approx(expected)
    assert model.bits(TEXTS) < model.bits([[6, 4], [7]])
