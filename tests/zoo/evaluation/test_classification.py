"""Accuracy and F1 of labels."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from edgezoo.zoo.datasets.sentiment import Labelled
from edgezoo.zoo.evaluation.classification import evaluate_labels, score


@dataclass(frozen=True)
class Said:
    """An answer."""

    label: str


def test_scores_are_those_of_the_definition() -> None:
    found, labels = [1, 1, 0, 0, 1, 0], [1, 0, 0, 1, 1, 0]
    result = score(found, labels)
    assert result["accuracy"] == pytest.approx(4 / 6, abs=1e-6)
    assert result["f1"] == pytest.approx(2 / 3, abs=1e-6)  # two found of three that are, of three found
    assert result["examples"] == 6


def test_nothing_found_is_nothing_right() -> None:
    assert score([0, 0], [1, 1]) == {"accuracy": 0.0, "f1": 0.0, "examples": 2}


def test_labels_are_compared_by_name() -> None:
    texts = Labelled(["good", "bad", "awful"], [1, 0, 0])
    assert evaluate_labels(lambda given: [Said("positive") for _ in given], texts) == {
        "accuracy": pytest.approx(1 / 3, abs=1e-6),
        "f1": 0.5,
        "examples": 3,
    }
