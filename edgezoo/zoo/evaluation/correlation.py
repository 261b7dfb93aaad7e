"""Spearman and Pearson correlation of cosine similarities with what people said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr

from edgezoo.zoo.datasets.sts import Pairs

Embed = Callable[[list[str]], NDArray[Any]]


def cosines(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.float64]:
    """Cosine [n] of corresponding rows of two [n, d] matrices; 0 where a row is zero."""
    left, right = left.astype(np.float64), right.astype(np.float64)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    found: NDArray[np.float64] = (left * right).sum(1) / np.maximum(norms, 1e-30)
    return found


def correlate(similarities: NDArray[Any], scores: list[float]) -> dict[str, float | int]:
    """`spearman`, `pearson` (-1 to 1) and `pairs` of similarities against scores of the same pairs."""
    return {
        "spearman": round(float(spearmanr(similarities, scores)[0]), 6),
        "pearson": round(float(pearsonr(similarities, scores)[0]), 6),
        "pairs": len(scores),
    }


def evaluate_pairs(embed: Embed, pairs: Pairs) -> dict[str, float | int]:
    """`correlate` for the cosines of the vectors that `embed` gives ([n, d] for n texts)."""
    return correlate(cosines(embed(pairs.left), embed(pairs.right)), pairs.scores)
