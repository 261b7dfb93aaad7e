"""What a student learns from a teacher's sentence vectors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_NOT_ITSELF = -1e4


def misalignment(student: Tensor, target: Tensor) -> Tensor:
    """Mean of 1 - cosine between unit rows of two [n, d] matrices."""
    return 1.0 - (student * target).sum(1).mean()


def similarity_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """How far the student's neighbourhoods are from the teacher's, within a batch.

    Each text has a distribution over the other texts of its batch: softmax(cosine / temperature). This is
    the mean Kullback-Leibler divergence of the student's from the teacher's. student: [n, d], teacher:
    [n, D], unit rows; the dimensions may differ. Method: similarity distillation as in SEED (Fang et al.,
    2021).
    """
    itself = torch.eye(len(student)) * _NOT_ITSELF
    found = functional.log_softmax(student @ student.T / temperature + itself, dim=1)  # [n, n]
    wanted = functional.log_softmax(teacher @ teacher.T / temperature + itself, dim=1)  # [n, n]
    return functional.kl_div(found, wanted, reduction="batchmean", log_target=True)
