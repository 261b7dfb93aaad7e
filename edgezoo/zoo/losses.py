"""What a student learns from a teacher's sentence vectors, and from labels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

_NOT_ITSELF = -1e4
MARGIN = 0.2
CONTRAST = 0.05  # temperature of InfoNCE


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


def cosine_error(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the student's and the teacher's cosines of all pairs of a batch.

    student: [n, d], teacher: [n, D], unit rows. Method: the cosine objective of Sentence-BERT (Reimers &
    Gurevych, 2019) with the teacher's cosines for scores.
    """
    return functional.mse_loss(student @ student.T, teacher @ teacher.T)


def contrast(student: Tensor, target: Tensor, temperature: float = CONTRAST) -> Tensor:
    """InfoNCE: each text's own target among those of its batch, both [n, d] of unit rows.

    Method: van den Oord et al. (2018); with in-batch negatives and a temperature it is NT-Xent (Chen et al.,
    2020).
    """
    return functional.cross_entropy(student @ target.T / temperature, torch.arange(len(student)))


def triplet(student: Tensor, target: Tensor, margin: float = MARGIN) -> Tensor:
    """Hinge on how much nearer its own target is than the nearest other target of the batch.

    Both [n, d] of unit rows; distances are 1 - cosine. Method: FaceNet (Schroff et al., 2015).
    """
    cosines = student @ target.T  # [n, n]
    hardest = (cosines + torch.eye(len(student)) * _NOT_ITSELF).amax(1)
    return functional.relu(margin + hardest - cosines.diagonal()).mean()


def embedding_losses(
    names: tuple[str, ...], student: Tensor, target: Tensor, teacher: Tensor, temperature: float
) -> dict[str, Tensor]:
    """The losses `names` of unit rows: student [n, d], target [n, d] in its basis, teacher [n, D]."""
    return {name: EMBEDDING_LOSSES[name](student, target, teacher, temperature) for name in names}


EMBEDDING_LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor, float], Tensor]] = {
    "alignment": lambda student, target, teacher, temperature: misalignment(student, target),
    "divergence": lambda student, target, teacher, temperature: similarity_divergence(
        student, teacher, temperature
    ),
    "cosine": lambda student, target, teacher, temperature: cosine_error(student, teacher),
    "infonce": lambda student, target, teacher, temperature: contrast(student, target),
    "triplet": lambda student, target, teacher, temperature: triplet(student, target),
}


def classification_error(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of logits [n, classes] with int64 labels [n]; -100 is a text without a label."""
    losses = functional.cross_entropy(logits, labels, reduction="sum", ignore_index=-100)
    return losses / (labels >= 0).sum().clamp(min=1)


def logit_divergence(logits: Tensor, teacher: Tensor, temperature: float = 2.0) -> Tensor:
    """Kullback-Leibler divergence of softened class distributions, times temperature squared.

    logits, teacher: [n, classes]. Method: Hinton et al. (2015).
    """
    found = functional.log_softmax(logits / temperature, dim=1)
    wanted = functional.log_softmax(teacher / temperature, dim=1)
    return functional.kl_div(found, wanted, reduction="batchmean", log_target=True) * temperature**2
