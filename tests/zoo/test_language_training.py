"""The loop of language models: it learns, resumes to the same weights, freezes, stops, counts right."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo.zoo import language_training
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape, tensors
from edgezoo.zoo.language_training import EarlyStopping, Ids, Regimen, alike, fit, groups, judge, nats, pack
from edgezoo.zoo.tokenizers.char import BOS, EOS, PAD

REGIMEN = Regimen(epochs=4, lanes=4, max_seq_len=8, learning_rate=2e-2, looks=2)
SHAPE = Shape(16, 32, 1)


def texts(count: int, seed: int) -> list[Ids]:
    """Runs through four letters in turn, which a model can learn to go on with."""
    generator = np.random.default_rng(seed)
    begins, lengths = generator.integers(4, 8, count), generator.integers(3, 20, count)
    return [((np.arange(n) + b) % 4 + 4).astype(np.uint16) for b, n in zip(begins, lengths, strict=True)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads cost more than they bring where a step takes a millisecond."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


TRAIN, DEV = texts(40, 1), texts(8, 2)


def fresh() -> CharLstm:
    torch.manual_seed(1)
    return CharLstm(8, SHAPE)


def lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_it_learns_and_logs(tmp_path: Path) -> None:
    model = fit(fresh(), TRAIN, DEV, REGIMEN, tmp_path)
    steps, epochs = lines(tmp_path / "steps.jsonl"), lines(tmp_path / "epochs.jsonl")
    assert steps[0]["seen"] == 0
    assert len(steps) == 1 + 2 * REGIMEN.epochs
    assert [line["epoch"] for line in epochs] == [1, 2, 3, 4]
    assert epochs[-1]["seen"] == 4 * sum(len(text) + 1 for text in TRAIN)
    assert steps[-1]["dev"] < 0.5 * steps[0]["dev"]
    metrics = json.loads((tmp_path / "metrics.json").read_text())["dev"]
    assert metrics["nats"] == pytest.approx(min(line["dev"] for line in steps), abs=1e-5)
    assert metrics["bits"] == pytest.approx(metrics["nats"] / math.log(2), abs=1e-5)
    assert judge(model, DEV).nats == pytest.approx(metrics["nats"], abs=1e-5)


def test_an_interruption_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tensors(fit(fresh(), TRAIN, DEV, REGIMEN, tmp_path / "whole"))
    learn, calls = language_training._learn, [0]

    def interrupted(*arguments: object) -> None:
        calls[0] += 1
        if calls[0] == 17:
            raise KeyboardInterrupt
        learn(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(language_training, "_learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(fresh(), TRAIN, DEV, REGIMEN, tmp_path / "parts")
    monkeypatch.undo()
    parts = tensors(fit(fresh(), TRAIN, DEV, REGIMEN, tmp_path / "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    for log in ("steps.jsonl", "epochs.jsonl"):
        assert (tmp_path / "whole" / log).read_text() == (tmp_path / "parts" / log).read_text()
    again = tensors(fit(fresh(), TRAIN, DEV, REGIMEN, tmp_path / "parts"))
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_frozen_embeddings_stay_and_all_else_moves(tmp_path: Path) -> None:
    before = tensors(fresh())
    after = tensors(fit(fresh(), TRAIN, DEV, replace(REGIMEN, freeze_embeddings=True), tmp_path))
    for name in before:
        assert torch.equal(before[name], after[name]) == (name == "embedding"), name


def test_it_stops_when_epochs_bring_too_little(tmp_path: Path) -> None:
    regimen = replace(REGIMEN, early_stopping=EarlyStopping(patience=2, min_delta=10.0))
    fit(fresh(), TRAIN, DEV, regimen, tmp_path)
    assert len(lines(tmp_path / "epochs.jsonl")) == 3  # the first always counts as progress


def test_loss_counts_every_character_and_the_end_once() -> None:
    model, long = fresh().eval(), [np.array([4, 5, 6, 7, 4], np.uint16), np.array([5], np.uint16)]
    assert pack(long).T.tolist() == [[BOS, 4, 5, 6, 7, 4, EOS], [BOS, 5, EOS, PAD, PAD, PAD, PAD]]
    by_hand = 0.0
    for ids in long:
        read = torch.tensor([[BOS], *[[int(i)] for i in ids], [EOS]])
        logits = model(read[:-1])[0].log_softmax(-1)
        by_hand -= float(logits[torch.arange(len(read) - 1), 0, read[1:, 0]].sum().detach())
    loss = judge(model, long, steps=2)
    assert loss.characters == 8
    assert loss.nats == pytest.approx(by_hand / 8, rel=1e-5)
    assert loss.perplexity == pytest.approx(math.exp(by_hand / 8), rel=1e-5)
    assert [count for _, count in nats(model, pack(long), 4)] == [6, 2]


def test_groups_hold_every_text_once_with_others_of_its_length() -> None:
    found = groups(TRAIN, 8, 5)
    assert sorted(i for group in found for i in group) == list(range(len(TRAIN)))
    spans = [max(len(TRAIN[i]) for i in group) - min(len(TRAIN[i]) for i in group) for group in found]
    assert max(spans) <= 6
    assert found != groups(TRAIN, 8, 6)


def test_a_long_text_is_judged_by_itself() -> None:
    long = np.full(1000, 4, np.uint16)
    slices = list(alike([*TRAIN, long, *DEV]))
    assert sorted(len(ids) for found in slices for ids in found) == sorted(map(len, [*TRAIN, *DEV, long]))
    assert [len(found) for found in slices] == [len(TRAIN) + len(DEV), 1]
