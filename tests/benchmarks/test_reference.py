"""The reference loop does the same work everywhere, and no less."""

import numpy as np

from edgezoo.benchmarks import reference


def test_the_results_are_those_of_the_loops_as_they_are_described() -> None:
    total, product = np.float32(1e-3), 1664525
    for _ in range(reference.LENGTH - 1):
        total = np.float32(total + np.float32(1e-3))
        product = product * 1664525 % 2**32
    assert reference.results() == (float(total), product)


def test_it_takes_long_enough_to_be_timed() -> None:
    assert min(reference.run() for _ in range(20)) > 20
