"""Token weights: equal, or larger for rarer tokens."""

from __future__ import annotations

import numpy as np
import pytest

from edgezoo.zoo.weighting import SCHEMES, token_weights

COUNTS = np.array([1_000_000, 1_000, 10, 0])
TEXTS = np.array([90_000, 900, 10, 0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_have_mean_one(scheme: str) -> None:
    weights = token_weights(scheme, COUNTS, TEXTS, 100_000)
    assert weights.dtype == np.float32
    assert weights.mean() == pytest.approx(1.0)


def test_uniform_weights_are_equal() -> None:
    assert (token_weights("uniform", COUNTS, TEXTS, 100_000) == 1.0).all()


@pytest.mark.parametrize("scheme", ["zipf", "tfidf"])
def test_other_weights_fall_with_frequency(scheme: str) -> None:
    assert (np.diff(token_weights(scheme, COUNTS, TEXTS, 100_000)) > 0).all()


def test_zipf_is_smooth_inverse_frequency() -> None:
    weights = token_weights("zipf", COUNTS, TEXTS, 100_000)
    shares = (COUNTS + 1) / (COUNTS.sum() + 4)
    expected = 1e-3 / (1e-3 + shares)
    np.testing.assert_allclose(weights / weights[3], expected / expected[3], rtol=1e-5)


def test_an_unknown_scheme_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="uniform, zipf, tfidf"):
        token_weights("none", COUNTS, TEXTS, 1)
