"""What each loss rewards."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from edgezoo.zoo.losses import (
    EMBEDDING_LOSSES,
    classification_error,
    contrast,
    cosine_error,
    embedding_losses,
    logit_divergence,
    misalignment,
    similarity_divergence,
    triplet,
)


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


def test_cosine_error_is_the_mean_square_of_what_the_cosines_differ_by() -> None:
    student, teacher = unit(6, 4, 5), unit(6, 7, 6)
    expected = ((student @ student.T - teacher @ teacher.T) ** 2).mean()
    torch.testing.assert_close(cosine_error(student, teacher), expected)
    assert float(cosine_error(teacher, teacher)) < 1e-12


def test_contrast_and_triplet_want_each_text_nearest_to_its_own_target() -> None:
    target = unit(8, 16, 7)
    swapped = target[[1, 0, *range(2, 8)]]
    for loss in (contrast, triplet):
        assert float(loss(target, target)) < 0.2 < float(loss(swapped, target))


def test_triplet_is_that_of_the_definition() -> None:
    student, target = unit(5, 3, 8), unit(5, 3, 9)
    total = 0.0
    for row in range(5):
        other = max(float(student[row] @ target[column]) for column in range(5) if column != row)
        total += max(0.0, 0.2 + other - float(student[row] @ target[row]))
    assert math.isclose(float(triplet(student, target)), total / 5, rel_tol=1e-4)


def test_losses_are_found_by_name() -> None:
    student, target, teacher = unit(5, 3, 8), unit(5, 3, 9), unit(5, 4, 4)
    found = embedding_losses(("alignment", "divergence"), student, target, teacher, 0.1)
    assert float(found["alignment"]) == float(misalignment(student, target))
    assert float(found["divergence"]) == float(similarity_divergence(student, teacher, 0.1))
    assert {"cosine", "infonce", "triplet"} < set(EMBEDDING_LOSSES)


def test_texts_without_a_label_do_not_count_in_cross_entropy() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]])
    labels = torch.tensor([0, -100, 1])
    expected = functional.cross_entropy(logits[[0, 2]], labels[[0, 2]])
    torch.testing.assert_close(classification_error(logits, labels), expected)
    assert float(classification_error(logits, torch.full((3,), -100))) == 0.0


def test_logit_divergence_is_zero_for_the_same_distribution_only() -> None:
    teacher = torch.tensor([[2.0, 0.0], [-1.0, 1.0]])
    assert abs(float(logit_divergence(teacher + 3.0, teacher))) < 1e-6
    assert float(logit_divergence(-teacher, teacher)) > 0.5
