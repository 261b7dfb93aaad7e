"""Accuracy and F1 of a classifier of two classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from edgezoo.zoo.datasets.sentiment import LABELS, Labelled


class Answer(Protocol):
    """What a classifier says of a text."""

    @property
    def label(self) -> str:
        """The most probable label."""


def score(found: Sequence[int], labels: Sequence[int]) -> dict[str, float | int]:
    """`accuracy` and `f1` (0 to 1; of class 1, the positive) of found classes, and how many `examples`."""
    pairs = list(zip(found, labels, strict=True))
    both = sum(mine == label == 1 for mine, label in pairs)
    either = sum(mine == 1 for mine, _ in pairs) + sum(label == 1 for _, label in pairs)
    return {
        "accuracy": round(sum(mine == label for mine, label in pairs) / max(len(pairs), 1), 6),
        "f1": round(2 * both / max(either, 1), 6),
        "examples": len(pairs),
    }


def evaluate_labels(
    classify: Callable[[list[str]], Sequence[Answer]], texts: Labelled
) -> dict[str, float | int]:
    """`score` of the labels, of those in `LABELS`, that `classify` gives."""
    return score([LABELS.index(answer.label) for answer in classify(texts.texts)], texts.labels)
