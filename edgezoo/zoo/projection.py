"""PCA of teacher vectors: the basis in which a table is made, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edgezoo.errors import DataError


@dataclass(frozen=True)
class Projection:
    """vector [D] -> components [d, D] @ (vector - mean [D]); explained_variance(_ratio) [d]."""

    components: Tensor
    mean: Tensor
    explained_variance: Tensor
    explained_variance_ratio: Tensor

    def __call__(self, vectors: Tensor) -> Tensor:
        """Unit vectors [n, d] of teacher vectors [n, D]."""
        return functional.normalize((vectors - self.mean) @ self.components.T, dim=1)

    def expand(self, coordinates: Tensor) -> Tensor:
        """The nearest teacher-space vectors [n, D] of unnormalised coordinates [n, d]."""
        return coordinates @ self.components + self.mean

    def first(self, dimension: int) -> Projection:
        """The basis of the first components alone."""
        return Projection(
            self.components[:dimension],
            self.mean,
            self.explained_variance[:dimension],
            self.explained_variance_ratio[:dimension],
        )

    def save(self, path: Path) -> None:
        """Write a NumPy `.npz` with one float32 array for each field."""
        np.savez(path, **{name: value.numpy() for name, value in vars(self).items()})


def load(path: Path) -> Projection:
    """Read what `Projection.save` wrote."""
    with np.load(path) as arrays:
        return Projection(**{name: torch.from_numpy(arrays[name]) for name in arrays.files})


def fit(vectors: Tensor, dimension: int) -> Projection:
    """Principal components of `vectors` [n, D], largest variance first.

    Each component's sign is fixed (its largest entry is positive), so that the basis is reproducible.
    Raises DataError if `dimension` exceeds D.
    """
    if dimension > vectors.shape[1]:
        raise DataError(
            f"the teacher has {vectors.shape[1]} dimensions; a table of {dimension} needs another teacher"
        )
    mean = vectors.mean(0)
    centred = (vectors - mean).double()
    variances, axes = torch.linalg.eigh(centred.T @ centred / len(vectors))  # ascending
    components = axes.flip(1).T[:dimension]
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    variance = variances.flip(0).clamp(min=0.0)
    return Projection(
        (components * largest.sign()).float().contiguous(),
        mean.float(),
        variance[:dimension].float(),
        (variance[:dimension] / variance.sum()).float(),
    )
