"""The table of choices: every combination once, measured, written as it goes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import tiny_lstm_ablation as ablation
from edgezoo.zoo.recipes.sentences import Course
from edgezoo.zoo.recipes.sentiment import SentimentCourse
from edgezoo.zoo.recipes.sentiment_teacher import TeacherSettings
from edgezoo.zoo.recipes.tiny_lstm import RECIPES
from edgezoo.zoo.training import Settings


def test_the_grid_has_all_poolings_with_all_losses_and_no_row_twice() -> None:
    rows = [tuple(row.values()) for row in ablation.grid()]
    assert len(rows) == len(set(rows)) == 3 * 6 + 3
    assert {row[0] for row in rows} == {"mean", "max", "cls"}
    assert rows[0] == ("mean", "alignment+divergence", 2, 128)


def test_rows_are_measured_once(
    tiny_start: str, tiny_teacher: str, labelled_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"pooling": "mean", "loss": "infonce", "directions": 1, "hidden": 32},
        {"pooling": "max", "loss": "cosine", "directions": 2, "hidden": 32},
    ]
    monkeypatch.setattr(ablation, "grid", lambda: iter(rows))
    monkeypatch.setattr(ablation, "BATCH", 32)
    for name, config in list(RECIPES.items()):
        small = replace(config.shape, dimension=32 if config.shape.dimension else 0)
        monkeypatch.setitem(RECIPES, name, replace(config, shape=small))
    course = Course(start=tiny_start, texts=500, clusters=3, settings=Settings(batch=32))
    teacher = TeacherSettings(rows=60, frozen=1)
    sentiment = SentimentCourse(reviews=30, batch=32, held_out=20, teacher=teacher)
    file = tmp_path / "ablation.json"
    with Bars(quiet=True) as bars:
        arguments = (labelled_data, tmp_path, file, bars, tiny_teacher, course, sentiment, 64)
        report = ablation.run(*arguments)
        written = file.read_bytes()
        assert ablation.run(*arguments) == report == json.loads(written)
    assert file.read_bytes() == written
    assert [{name: row[name] for name in rows[0]} for row in report["embedding"]] == rows
    assert [row["loss"] for row in report["sentiment"]] == list(ablation.SENTIMENT_LOSSES)
    assert all(row["sentences"] == 64 and row["seconds"] >= 0 for kind in report.values() for row in kind)
