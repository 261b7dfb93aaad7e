"""The rate's course; what training a table leaves is tested with the recipe."""

from __future__ import annotations

import pytest

from edgezoo.zoo.training import rate


def test_the_rate_warms_up_and_decays_to_zero() -> None:
    rates = [rate(step, 100, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(0.98, abs=0.01)
    assert rates[50] == pytest.approx(0.5)
    assert rates[-1] < 0.001
