"""Batches are made of runs from one cluster each."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from edgezoo.zoo import clusters


def test_texts_of_a_blob_share_a_cluster() -> None:
    centres = torch.eye(3).repeat_interleave(50, 0)
    noise = torch.randn(150, 3, generator=torch.Generator().manual_seed(0))
    points = functional.normalize(centres + 0.05 * noise, dim=1)
    found = clusters.assign([points[:70], points[70:]], torch.eye(3))
    assert (found == np.repeat([0, 1, 2], 50)).all()


def test_centroids_are_unit_and_reproducible() -> None:
    points = functional.normalize(torch.randn(200, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    first, again = (clusters.centroids(points, 5, seed=3) for _ in range(2))
    assert torch.equal(first, again)
    torch.testing.assert_close(first.norm(dim=1), torch.ones(5))


def test_a_batch_is_made_of_equal_runs_of_single_clusters() -> None:
    groups = np.random.default_rng(0).integers(0, 4, 1000).astype(np.int16)
    epoch = clusters.batches(groups, 40, 2, (0, 0))
    assert len(epoch) > 15
    for batch in epoch:
        assert len(batch) == 40
        assert (np.diff(batch) > 0).all()
        assert all(size % 20 == 0 for size in np.bincount(groups[batch]))
    everything = np.concatenate(epoch)
    assert len(np.unique(everything)) == len(everything)


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    groups = np.zeros(100, np.int16)
    first, again, other = (clusters.batches(groups, 10, 1, seed) for seed in ((0, 0), (0, 0), (0, 1)))
    assert all((left == right).all() for left, right in zip(first, again, strict=True))
    assert not all((left == right).all() for left, right in zip(first, other, strict=True))
