"""A fixed piece of work that every report times beside the models, so that machines can be compared.

65,536 additions of float32 and as many multiplications of uint32, each of which needs the result before it,
read back from memory. No library makes that faster: it tells how fast one core is, and how busy.
"""

from __future__ import annotations

import time

import numpy as np

LENGTH, REPEATS = 8192, 8
LOOP = (
    f"{REPEATS} times: out[i] = out[i - 1] + 0.001f, then out[i] = out[i - 1] * 1664525 modulo 2**32, for i "
    f"below {LENGTH}, through memory"
)

_ADDED = np.full(LENGTH, 1e-3, dtype=np.float32)
_MULTIPLIED = np.full(LENGTH, 1664525, dtype=np.uint32)
_SUMS, _PRODUCTS = np.empty_like(_ADDED), np.empty_like(_MULTIPLIED)


def run() -> float:
    """Microseconds that the loop takes once."""
    begin = time.perf_counter_ns()
    for _ in range(REPEATS):
        np.add.accumulate(_ADDED, out=_SUMS)
        np.multiply.accumulate(_MULTIPLIED, out=_PRODUCTS)
    return (time.perf_counter_ns() - begin) / 1000


def results() -> tuple[float, int]:
    """What the two loops end with, which is the same everywhere."""
    run()
    return float(_SUMS[-1]), int(_PRODUCTS[-1])
