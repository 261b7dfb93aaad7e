"""A sentiment teacher learns, resumes, and labels part by part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo.zoo.datasets import sentiment
from edgezoo.zoo.datasets.sentiment import Labelled
from edgezoo.zoo.losses import classification_error
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import sentiment_teacher
from edgezoo.zoo.recipes.sentiment_teacher import TeacherSettings, batches, label, train

SETTINGS = TeacherSettings(rows=160, batch=16, learning_rate=3e-3, head_rate=3e-2, frozen=0, every=4)


@pytest.fixture
def texts(labelled_data: Path) -> Labelled:
    return sentiment.read(labelled_data / sentiment.TRAIN)


def test_it_learns_and_labels_the_same_in_parts(
    texts: Labelled, tiny_teacher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bars(quiet=True) as bars:
        settings = replace(SETTINGS, batch=4, learning_rate=1e-3)
        model = train(texts, settings, tmp_path, tiny_teacher, bars)
        whole = label(model, texts.texts, tmp_path / "whole", bars)
        monkeypatch.setattr(sentiment_teacher, "PART", 50)
        parts = label(model, texts.texts, tmp_path / "parts", bars)
        again = train(texts, settings, tmp_path, tiny_teacher, bars)  # is done: goes on from its last step
    positive, sure = np.array(texts.labels) == 1, whole[:, 1] - whole[:, 0]
    assert sure[positive].mean() > sure[~positive].mean() + 0.3
    np.testing.assert_allclose(parts, whole, atol=1e-4)
    assert len(list((tmp_path / "parts").iterdir())) == 4
    assert torch.equal(again.head.weight, model.head.weight)


def test_an_interrupted_teacher_ends_the_same(
    texts: Labelled, tiny_teacher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error, calls = classification_error, [0]

    def interrupting(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        calls[0] += 1
        if calls[0] == 7:
            raise KeyboardInterrupt
        return error(logits, labels)

    settings = replace(SETTINGS, learning_rate=1e-4)
    with Bars(quiet=True) as bars:
        whole = train(texts, settings, tmp_path / "whole", tiny_teacher, bars)
        monkeypatch.setattr(sentiment_teacher, "classification_error", interrupting)
        with pytest.raises(KeyboardInterrupt):
            train(texts, settings, tmp_path / "parts", tiny_teacher, bars)
        parts = train(texts, settings, tmp_path / "parts", tiny_teacher, bars)
    assert calls[0] == 7 + 10 - 4
    assert torch.equal(whole.head.weight, parts.head.weight)


def test_an_epoch_has_every_row_once_in_batches_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 1000)
    found = batches(lengths, 10, seed=1)
    assert sorted(np.concatenate(found).tolist()) == list(range(1000))
    assert np.mean([np.ptp(lengths[rows]) for rows in found]) < 3
