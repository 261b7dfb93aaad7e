"""Weights of tokens in a sum, from how often they occur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCHEMES = ("uniform", "zipf", "tfidf")
SIF_CONSTANT = 1e-3


def token_weights(
    scheme: str, counts: NDArray[np.int64], text_counts: NDArray[np.int64], texts: int
) -> NDArray[np.float32]:
    """Weights [tokens] of mean 1.

    counts: occurrences of each token; text_counts: texts that have it; texts: how many there are.
    "uniform": all equal. "zipf": smooth inverse frequency a / (a + p), a = 0.001 (Arora et al., 2017).
    "tfidf": log((1 + texts) / (1 + text_counts)) + 1. Raises ValueError for another scheme.
    """
    if scheme == "uniform":
        weights = np.ones(len(counts))
    elif scheme == "zipf":
        weights = SIF_CONSTANT / (SIF_CONSTANT + (counts + 1) / (counts.sum() + len(counts)))
    elif scheme == "tfidf":
        weights = np.log((1 + texts) / (1 + text_counts)) + 1.0
    else:
        raise ValueError(f"weighting {scheme!r} is unknown; choose one of {', '.join(SCHEMES)}")
    scaled: NDArray[np.float32] = (weights / weights.mean()).astype(np.float32)
    return scaled
