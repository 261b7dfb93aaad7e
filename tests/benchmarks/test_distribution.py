"""Samples in, figures out."""

import pytest

from edgezoo.benchmarks.distribution import distribution, quickest_ratio


def test_the_median_is_of_the_rounds_and_the_rest_of_all_samples() -> None:
    found = distribution([[1000, 2000, 9000], [1000, 1000, 1000], [3000, 3000, 3000]], [100, 100, 200])
    assert found["median_ms"] == 2
    assert (found["min_ms"], found["max_ms"], found["num_runs"]) == (1, 9, 9)
    assert found["avg_ms"] == pytest.approx(24 / 9, abs=1e-6)
    assert found["p90_ms"] > 3
    assert found["samples_us"] == [1000, 2000, 9000, 1000, 1000, 1000, 3000, 3000, 3000]


def test_the_ratio_forgives_a_machine_that_slows_down_for_all() -> None:
    quiet = distribution([[10, 10], [10, 10], [10, 10]], [100, 100, 100])
    busy = distribution([[10, 10], [20, 20], [40, 40]], [100, 200, 400])
    assert quiet["ratio"] == busy["ratio"] == 0.1


def test_the_quickest_round_forgives_a_neighbour_that_the_reference_loop_does_not_notice() -> None:
    quiet, half_busy = [[10, 11, 90]] * 4, [[10, 11, 90], [21, 22, 23], [20, 24, 30], [19, 25, 99]]
    assert quickest_ratio(quiet, [100] * 4) == quickest_ratio(half_busy, [100, 101, 102, 103]) == 0.11
    assert quickest_ratio([[2 * time for time in each] for each in quiet], [100] * 4) == 0.22
