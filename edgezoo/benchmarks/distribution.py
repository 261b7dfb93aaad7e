"""What many timed calls come to, under the names of LiteRT's benchmark_result.proto."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

_PERCENTILES = {"p5_ms": 5, "p90_ms": 90, "p95_ms": 95, "p99_ms": 99}


def distribution(rounds: Sequence[Sequence[float]], references: Sequence[float]) -> dict[str, Any]:
    """Figures of the samples of several rounds, in microseconds, and the samples themselves.

    median_ms is the median of the rounds' medians; `ratio` the median over rounds of median divided by that
    round's entry of `references`, the time of the reference loop; everything else is of all samples.
    """
    samples = np.array([sample for each in rounds for sample in each]) / 1000
    medians = [statistics.median(each) for each in rounds]
    ratios = _ratios(rounds, references)
    return {
        "num_runs": len(samples),
        "avg_ms": _rounded(samples.mean()),
        "stddev_ms": _rounded(samples.std()),
        "min_ms": _rounded(samples.min()),
        "max_ms": _rounded(samples.max()),
        "median_ms": _rounded(statistics.median(medians) / 1000),
        **{name: _rounded(np.percentile(samples, rank)) for name, rank in _PERCENTILES.items()},
        "ratio": _short(statistics.median(ratios)),
        "samples_us": [round(sample, 2) for each in rounds for sample in each],
    }


def quickest_ratio(rounds: Sequence[Sequence[float]], references: Sequence[float]) -> float:
    """The lowest of the rounds' ratios: what remains while nothing else keeps the processor busy.

    The reference loop waits for its own results and hardly notices who shares its core; other code does, and
    takes up to twice as long. Nothing makes a round quicker than the code is.
    """
    return _short(min(_ratios(rounds, references)))


def _ratios(rounds: Sequence[Sequence[float]], references: Sequence[float]) -> list[float]:
    return [statistics.median(each) / time for each, time in zip(rounds, references, strict=True)]


def _short(ratio: float) -> float:
    return float(f"{ratio:.4g}")


def _rounded(milliseconds: float) -> float:
    return round(float(milliseconds), 6)
