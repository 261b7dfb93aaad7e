"""Baselines that need no model: what BM25 says of a pair."""

from __future__ import annotations

from edgezoo.zoo.datasets.sts import Pairs
from edgezoo.zoo.evaluation import baselines


def test_bm25_likes_shared_rare_words_and_is_symmetric() -> None:
    left = ["the zebra runs", "the cat sleeps", "the dog eats", "a bird sings"]
    right = ["the zebra stops", "the tree grows", "the dog eats", "many stones fall"]
    found = baselines.bm25()(Pairs(left, right, [0.0] * 4))
    assert found[2] > found[0] > found[1] > found[3] - 1e-9
    assert abs(baselines.bm25()(Pairs(right, left, [0.0] * 4)) - found).max() < 1e-6
