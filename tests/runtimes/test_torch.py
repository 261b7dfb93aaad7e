"""The reference answers as the models' definitions say, on every kind of text and batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo.benchmarks.texts import HOSTILE
from edgezoo.errors import BundleError, ModelNotFoundError
from edgezoo.exporters.flatbuffer import tiny_lstm
from edgezoo.runtimes.torch import TorchRuntime
from edgezoo.runtimes.utf8 import encode
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from tests.checkpoints import lstm_checkpoint, static_checkpoint
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, reference

TEXTS = ["The cat sat on the mat!", "", "good", "cats 日本 dog", "the " * 200]


def test_a_table_gives_unit_sums_of_rows(tmp_path: Path) -> None:
    runtime = TorchRuntime.open(str(static_checkpoint(tmp_path)))
    rows = read_checkpoint(tmp_path).embedding
    sums = np.array([rows[runtime.tokenize(text)].sum(0) for text in TEXTS])
    expected = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(runtime.embed(TEXTS), expected, atol=1e-6)
    np.testing.assert_allclose(runtime.embed_one(TEXTS[0]), expected[0], atol=1e-6)
    assert (runtime.name, runtime.dimension, runtime.labels, runtime.max_tokens) == ("small", 64, (), 0)


def test_an_lstm_embeds_and_classifies_the_tokens_that_count(tmp_path: Path) -> None:
    runtime = TorchRuntime.open(str(lstm_checkpoint(tmp_path)))
    checkpoint = read_checkpoint(tmp_path)
    exact = {**checkpoint.tensors, "embedding": checkpoint.embedding.copy()}
    exact["embedding"][:4] = 0
    found = zip(TEXTS, runtime.embed(TEXTS), runtime.classify(TEXTS), strict=True)
    for text, vector, probabilities in found:
        expected = reference(exact, tiny_lstm(checkpoint.card), runtime.tokenize(text).tolist())
        np.testing.assert_allclose(vector, expected[0], atol=1e-5)
        np.testing.assert_allclose(probabilities, expected[1], atol=1e-5)
    assert len(runtime.tokenize(TEXTS[-1])) > runtime.max_tokens == 128
    assert (runtime.dimension, runtime.labels) == (64, LABELS)
    before = torch.get_num_threads()
    np.testing.assert_allclose(runtime.embed(["good"], threads=2)[0], runtime.embed_one("good"), atol=1e-6)
    assert torch.get_num_threads() == before
    assert runtime.vocabulary_size == len(VOCABULARY)


@pytest.mark.parametrize("make", [static_checkpoint, lstm_checkpoint])
def test_no_texts_and_empty_ones(tmp_path: Path, make: type) -> None:
    runtime = TorchRuntime.open(str(make(tmp_path)))
    assert runtime.embed([]).shape == (0, 64)
    assert not runtime.embed(["", " "]).any()
    if runtime.labels:
        assert runtime.classify([]).shape == (0, 2)
        np.testing.assert_allclose(
            runtime.classify(["", " "]), runtime.classify(["", "the"])[[0, 0]], atol=1e-6
        )


def test_ids_are_those_of_the_tokenizer(tmp_path: Path) -> None:
    runtime, tokenizer = TorchRuntime.open(str(static_checkpoint(tmp_path))), build_tokenizer(VOCABULARY)
    for text in (*HOSTILE, "\ud800 cat"):
        assert runtime.tokenize(text).tolist() == tokenizer.encode(encode(text).decode()).ids


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no such directory"):
        TorchRuntime.open(str(tmp_path / "nowhere"))
    with pytest.raises(BundleError, match="missing"):
        TorchRuntime.open(str(tmp_path))
    stored = lstm_checkpoint(tmp_path) / "checkpoint.safetensors"
    whole = stored.read_bytes()
    for data in (b"", whole[:100], whole[: len(whole) // 2]):
        stored.write_bytes(data)
        with pytest.raises(BundleError, match="no checkpoint of edgezoo"):
            TorchRuntime.open(str(tmp_path))
