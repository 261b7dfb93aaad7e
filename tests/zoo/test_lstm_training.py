"""The loop of recurrent models: it learns, resumes to the same bytes, keeps its best, and stops early."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from edgezoo.zoo.architectures.tiny_lstm import Shape, TinyLstm, tensors
from edgezoo.zoo.lstm_training import Pace, fit
from edgezoo.zoo.progress import Bars

PACE = Pace(12, learning_rate=1e-2, table_rate=1e-3, every=4, snapshot=8)
TOKENS, LENGTHS = torch.tensor([5, 6, 7, 8, 9, 10]), torch.tensor([2, 3, 1])
SHAPE = Shape(hidden=32, dimension=32, dropout=0.1)


def fresh() -> TinyLstm:
    torch.manual_seed(1)
    return TinyLstm(torch.randn(12, 32), SHAPE)


class FirstCoordinate:
    """A lesson that wants all vectors to be the first axis; stops like an interruption at `until`."""

    def __init__(self, until: int = 10**9) -> None:
        self.until, self.steps = until, [0][:0]

    def __call__(self, model: TinyLstm, step: int) -> dict[str, Tensor]:
        if step == self.until:
            raise KeyboardInterrupt
        self.steps.append(step)
        return {"distance": 1.0 - model(TOKENS, LENGTHS)[:, 0].mean()}


def closeness(model: TinyLstm) -> dict[str, float]:
    return {"dev": float(model(TOKENS, LENGTHS)[:, 0].mean())}


def run(place: Path, lesson: FirstCoordinate, pace: Pace = PACE) -> dict[str, Tensor]:
    return tensors(fit(fresh(), lesson, pace, place, Bars(quiet=True), "test", closeness))


def test_it_learns_and_logs(tmp_path: Path) -> None:
    run(tmp_path, FirstCoordinate())
    lines = [json.loads(line) for line in (tmp_path / "training.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4, 8, 12]
    assert lines[-1]["distance"] < lines[0]["distance"]
    assert lines[-1]["dev"] > lines[0]["dev"]


def test_an_interrupted_run_ends_the_same(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", FirstCoordinate())
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", FirstCoordinate(until=10))
    rest = FirstCoordinate()
    parts = run(tmp_path / "parts", rest)
    assert rest.steps == [8, 9, 10, 11]
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name
    log = "training.jsonl"
    assert (tmp_path / "whole" / log).read_bytes() == (tmp_path / "parts" / log).read_bytes()


def test_what_is_finished_is_not_trained_again(tmp_path: Path) -> None:
    whole = run(tmp_path, FirstCoordinate())
    again = FirstCoordinate()
    assert all(torch.equal(whole[name], tensor) for name, tensor in run(tmp_path, again).items())
    assert not again.steps


def test_the_best_look_counts_and_patience_ends(tmp_path: Path) -> None:
    merits = iter([0.5, 0.9, 0.1, 0.2, 0.3])
    looks: list[dict[str, Tensor]] = []

    def judge(model: TinyLstm) -> dict[str, float]:
        looks.append(tensors(model))
        return {"dev": next(merits)}

    lesson, pace = FirstCoordinate(), replace(PACE, steps=40, patience=2)
    found = tensors(fit(fresh(), lesson, pace, tmp_path, Bars(quiet=True), "test", judge))
    assert len(lesson.steps) == 16
    assert all(torch.equal(found[name], tensor) for name, tensor in looks[1].items())


def test_a_snapshot_is_kept(tmp_path: Path) -> None:
    run(tmp_path, FirstCoordinate())
    assert "embedding" in torch.load(tmp_path / "snapshot.pt", weights_only=True)
