"""Batches of texts that resemble each other: what tells a good student from a fair one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

ROUNDS = 10


def centroids(sample: Tensor, count: int, seed: int) -> Tensor:
    """Unit centres [count, D] of spherical k-means over unit rows `sample` [n, D]; count is at most n."""
    generator = torch.Generator().manual_seed(seed)
    centres = sample[torch.randperm(len(sample), generator=generator)[:count]]
    for _ in range(ROUNDS):
        nearest = (sample @ centres.T).argmax(1)
        centres = functional.normalize(torch.zeros_like(centres).index_add_(0, nearest, sample), dim=1)
    return centres


def assign(blocks: Iterable[Tensor], centres: Tensor) -> NDArray[np.int16]:
    """Index of the nearest centre of every row of the blocks [., D]."""
    return np.concatenate([(block @ centres.T).argmax(1).to(torch.int16).numpy() for block in blocks])


def batches(
    clusters: NDArray[np.int16], batch: int, parts: int, seed: Sequence[int]
) -> list[NDArray[np.int64]]:
    """One epoch: batches of ascending row numbers, each made of `parts` equal runs, a run from one cluster.

    What does not fill a run is left out of this epoch; with another seed it is other texts.
    """
    random = np.random.default_rng(seed)
    run = batch // parts
    order = random.permutation(len(clusters))
    order = order[np.argsort(clusters[order], kind="stable")]
    bounds = np.searchsorted(clusters[order], np.arange(int(clusters.max()) + 2))
    runs = [
        order[start : start + run]
        for first, last in itertools.pairwise(bounds)
        for start in range(first, last - run + 1, run)
    ]
    shuffled = [runs[index] for index in random.permutation(len(runs))]
    whole = range(0, len(shuffled) - parts + 1, parts)
    return [np.sort(np.concatenate(shuffled[start : start + parts])) for start in whole]
