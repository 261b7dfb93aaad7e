"""What each loss rewards."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from edgezoo.zoo.losses import misalignment, similarity_divergence


def unit(rows: int, columns: int, seed: int) -> torch.Tensor:
    return functional.normalize(
        torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)), dim=1
    )


def test_misalignment_is_one_minus_the_cosine() -> None:
    left = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    right = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    assert math.isclose(float(misalignment(left, right)), 0.1, abs_tol=1e-6)


def test_divergence_is_zero_for_a_student_with_the_same_similarities_in_another_basis() -> None:
    teacher = unit(16, 8, 0)
    rotation = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(1)))[0]
    padded = functional.pad(teacher @ rotation, (0, 5))
    assert float(similarity_divergence(padded, teacher, 0.07)) < 1e-5
    assert float(similarity_divergence(unit(16, 8, 2), teacher, 0.07)) > 0.1


def test_divergence_is_that_of_the_definition() -> None:
    student, teacher = unit(5, 3, 3), unit(5, 4, 4)
    total = 0.0
    for row in range(5):
        others = [column for column in range(5) if column != row]
        wanted = torch.softmax(teacher[row] @ teacher[others].T / 0.1, 0)
        found = torch.softmax(student[row] @ student[others].T / 0.1, 0)
        total += float((wanted * (wanted / found).log()).sum())
    assert math.isclose(float(similarity_divergence(student, teacher, 0.1)), total / 5, rel_tol=1e-4)
