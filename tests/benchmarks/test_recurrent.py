"""The report beside ONNX Runtime: the same weights, texts of one length, one figure for each system."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.benchmarks import latency, machine, recurrent
from edgezoo.bundle.layout import TinyLstm
from edgezoo.bundle.reader import read_bundle
from edgezoo.zoo import teacher
from tests.tiny_lstm import quantised, random_tensors, write_small_lstm


class QuickTeacher:
    def encode(self, texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
        return np.zeros((len(texts), 384), np.float16)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few texts and rounds as there can be, and no teacher to wait for."""
    for name, value in (("BATCH", 8), ("BATCHES", (2, 8)), ("ROUNDS", 1), ("CALLS", 2), ("TEACHER_CALLS", 1)):
        monkeypatch.setattr(recurrent, name, value)
    monkeypatch.setattr(machine, "STARTS", 1)
    monkeypatch.setattr(teacher, "Teacher", QuickTeacher)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("dimension", [64, 0])
def test_a_report_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dimension: int
) -> None:
    tensors = quantised(random_tensors(dimension=dimension, labels=2))
    path, out = write_small_lstm(tmp_path / "small.ezb", tensors=tensors), tmp_path / "latency.json"
    monkeypatch.setattr("sys.argv", ["latency", str(path), "--out", str(out)])
    latency.main()
    report = json.loads(out.read_text())
    assert json.loads(capsys.readouterr().out) == report
    assert report["model"] == "small"
    assert report["agreement"]["edgezoo_least_cosine"] > 0.99  # random weights are as noisy as can be
    assert report["bytes"]["edgezoo"] == path.stat().st_size
    for part in ("one_text_of_16_tokens", "batch_of_8_texts"):
        assert report[part]["edgezoo_us"] > 0
        assert report[part]["onnxruntime_int8_ratio"] > 0
        assert report[part]["minilm_us"] > 0
    batch = report["batch_of_8_texts"]
    assert batch["onnxruntime_int8_us"] == min(
        batch["onnxruntime_int8_by_2_us"], batch["onnxruntime_int8_by_8_us"]
    )


def test_the_texts_have_exactly_so_many_tokens(tmp_path: Path) -> None:
    with sdk.load(write_small_lstm(tmp_path / "x.ezb")) as model:
        texts = recurrent.texts_of(model, 16, 50)
        assert {len(model.tokenize(text)) for text in texts} == {16}
        assert not any(1 in model.tokenize(text) for text in texts)
        assert recurrent.texts_of(model, 16, 50) == texts


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_the_engine_computes_what_the_weights_say(tmp_path: Path, precision: str) -> None:
    tensors = quantised(random_tensors(layers=2, norms=True, salience=True), precision)
    path = write_small_lstm(tmp_path / "x.ezb", TinyLstm(), tensors)
    with sdk.load(path) as model:
        exact, small = recurrent.peers(read_bundle(path), tmp_path)
        found = recurrent.agreement(model, exact, small, ["the cat sat on the mat.", "hello", "good, world!"])
    assert found["edgezoo_least_cosine"] > 0.99  # random weights are as noisy as can be


def test_the_faster_one_has_a_ratio_above_one() -> None:
    times = recurrent.alternate({"edgezoo": lambda: None, "other": lambda: sum(range(5000))}, 2, 5)
    figures = recurrent.summary(times)
    assert figures["other_ratio"] > 1
    assert figures["edgezoo_us"] < figures["other_us"]
