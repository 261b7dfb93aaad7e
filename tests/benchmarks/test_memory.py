"""Resident memory and its peak."""

import numpy as np

from edgezoo.benchmarks import memory


def test_memory_grows_with_what_is_used_and_the_peak_stays() -> None:
    before = memory.resident_kb()
    block = np.ones(100_000_000, np.uint8)  # more than an allocator would have left over
    held, peak = memory.resident_kb(), memory.peak_mb()
    assert before is not None
    assert held is not None
    assert peak is not None
    assert held - before > 90_000
    del block
    after = memory.peak_mb()
    assert after is not None
    assert after > peak - 5  # the kernel counts in batches
    assert peak > held / 1024 - 5
