"""What a language model is timed beside computes the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo import sdk
from edgezoo.benchmarks import language_latency
from edgezoo.benchmarks.language_latency import OnnxStepper
from edgezoo.bundle.reader import read_bundle
from edgezoo.runtimes.language import BEGIN, END
from tests.char_lstm import random_language_tensors, write_language_model

TEXT = "ˈkɑːt͡ʃɑ ˈsɑː tɑʃ lɑr ulug koŋ"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sdk.Model]:
    path = tmp_path_factory.mktemp("lm") / "small.ezb"
    with sdk.load(write_language_model(path, random_language_tensors(), card={"license": "x"})) as opened:
        yield opened


def bits(rows: np.ndarray, ids: list[int]) -> float:
    """Bits a character by rows of logits."""
    shifted = rows - rows.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(ids)), ids].mean() / np.log(2))


def test_peers_have_the_same_weights(model: sdk.Model) -> None:
    checkpoint = language_latency._checkpoint(read_bundle(model.path))
    ids = model.tokenize(TEXT).tolist()
    following = [*ids, END]
    stepped = np.concatenate(OnnxStepper(language_latency._graph(checkpoint)).read([BEGIN, *ids]))
    read, write = language_latency._torch(checkpoint)
    whole = read([BEGIN, *ids])
    assert isinstance(whole, torch.Tensor)
    expected = model.score(TEXT).bits
    assert bits(stepped, following) == pytest.approx(expected, abs=0.05)
    assert bits(whole[:, 0].numpy(), following) == pytest.approx(expected, abs=0.05)
    assert isinstance(write(5), torch.Tensor)


def test_figures_are_by_the_character(model: sdk.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_latency, "ROUNDS", 1)
    found = language_latency.measure_language(model)
    assert found["bytes"]["edgezoo"] == Path(model.path).stat().st_size
    for part in ("scoring", "generating"):
        figures = found[part]
        assert {f"{peer}_ratio" for peer in ("onnxruntime_int8", "pytorch_fp32")} <= figures.keys()
        ratio = figures["onnxruntime_int8_us"] / figures["edgezoo_us"]
        assert figures["onnxruntime_int8_ratio"] == pytest.approx(ratio, rel=0.05)
        assert figures["edgezoo_per_second"] == pytest.approx(1e6 / figures["edgezoo_us"], abs=1)
