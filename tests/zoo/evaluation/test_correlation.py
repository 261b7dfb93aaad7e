"""Correlation of cosines with scores."""

from __future__ import annotations

import numpy as np
import pytest

from edgezoo.zoo.datasets.sts import Pairs
from edgezoo.zoo.evaluation.correlation import correlate, cosines, evaluate_pairs


def test_cosines_are_of_rows_and_zero_for_a_zero_row() -> None:
    left = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 0.0]], np.float32)
    right = np.array([[5.0, 0.0], [1.0, -1.0], [1.0, 0.0]], np.float32)
    np.testing.assert_allclose(cosines(left, right), [1.0, 0.0, 0.0], atol=1e-7)


def test_spearman_sees_ranks_and_pearson_values() -> None:
    found = correlate(np.array([0.1, 0.2, 0.9]), [1.0, 2.0, 3.0])
    assert found["spearman"] == 1.0
    assert found["pearson"] == pytest.approx(0.917663, abs=1e-6)
    assert found["pairs"] == 3


def test_pairs_are_judged_by_what_embeds_them() -> None:
    letters = "abc"
    pairs = Pairs(["a", "ab", "abc"], ["b", "bc", "abc"], [0.0, 2.5, 5.0])

    def embed(texts: list[str]) -> np.ndarray:
        return np.array([[text.count(letter) for letter in letters] for text in texts], np.float32)

    assert evaluate_pairs(embed, pairs)["spearman"] == 1.0
    assert evaluate_pairs(embed, Pairs(pairs.left, pairs.right, [5.0, 2.5, 0.0]))["spearman"] == -1.0
