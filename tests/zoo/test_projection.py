"""PCA: what it keeps, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgezoo.errors import DataError
from edgezoo.zoo import projection


def cloud() -> torch.Tensor:
    scales = torch.tensor([5.0, 3.0, 1.0, 0.1, 0.01])
    return torch.randn(400, 5, generator=torch.Generator().manual_seed(0)) * scales + 2.0


def test_components_are_orthonormal_and_ordered_by_variance() -> None:
    basis = projection.fit(cloud(), 3)
    torch.testing.assert_close(basis.components @ basis.components.T, torch.eye(3), atol=1e-5, rtol=0)
    assert (basis.explained_variance.diff() < 0).all()
    assert float(basis.explained_variance_ratio.sum()) > 0.99


def test_variances_are_those_of_the_projected_points() -> None:
    points = cloud()
    basis = projection.fit(points, 3)
    projected = (points - basis.mean) @ basis.components.T
    torch.testing.assert_close(projected.var(0, correction=0), basis.explained_variance, rtol=1e-3, atol=1e-5)


def test_expand_leads_back() -> None:
    points = cloud()
    basis = projection.fit(points, 5)
    coordinates = (points - basis.mean) @ basis.components.T
    torch.testing.assert_close(basis.expand(coordinates), points, atol=1e-4, rtol=1e-4)


def test_calling_it_gives_unit_vectors() -> None:
    torch.testing.assert_close(projection.fit(cloud(), 3)(cloud()).norm(dim=1), torch.ones(400))


def test_a_saved_basis_is_read_back(tmp_path: Path) -> None:
    basis = projection.fit(cloud(), 2)
    basis.save(tmp_path / "pca.npz")
    restored = projection.load(tmp_path / "pca.npz")
    for name, value in vars(basis).items():
        assert torch.equal(getattr(restored, name), value)


def test_more_dimensions_than_the_teacher_has_are_refused() -> None:
    with pytest.raises(DataError, match="has 5 dimensions"):
        projection.fit(cloud(), 6)
