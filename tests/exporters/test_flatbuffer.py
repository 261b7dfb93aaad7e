"""Checkpoint directory in, bundle out: the engine's vectors and answers are those of the checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgezoo import sdk
from edgezoo.bundle.layout import TinyLstm
from edgezoo.bundle.reader import read_bundle
from edgezoo.errors import DataError, InputError
from edgezoo.exporters import flatbuffer
from edgezoo.zoo.architectures import tiny_lstm
from edgezoo.zoo.architectures.tiny_lstm import Shape
from edgezoo.zoo.checkpoint import read_checkpoint, save_tensors
from edgezoo.zoo.evaluation.table import Texts
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS, build_tokenizer
from tests.tiny_lstm import random_tensors, reference

WORDS = ["the", "cat", "sat", "##s", "naïve", "!", "😂", "##😂"]
TEXTS = ["The cat sat!", "cats", "naïve😂 cat", "dog", ""]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A checkpoint of random rows [12, 64]."""
    tokenizer = build_tokenizer([*SPECIAL_TOKENS, *WORDS])
    rows = torch.randn(12, 64, generator=torch.Generator().manual_seed(0))
    rows[:4] = 0
    save_file({"embedding": rows.half()}, tmp_path / "checkpoint.safetensors")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    card = {
        "name": "small",
        "family": "static-table",
        "description": "A random table.",
        "languages": ["en"],
        "dimension": 64,
        "vocabulary_size": 12,
        "precision": "int8",
        "recipe": {"steps": 1},
    }
    (tmp_path / "card.json").write_text(json.dumps(card))
    return tmp_path


def written(directory: Path, precision: str | None = None) -> Path:
    """The bundle of a checkpoint, by default as its model's folder keeps it."""
    if precision is None:
        return flatbuffer.export_own(directory)
    (path,) = flatbuffer.export(read_checkpoint(directory), precision, directory)
    return path


@pytest.mark.parametrize(("precision", "least"), [("int8", 0.9998), ("int4", 0.99)])
def test_the_engine_gives_the_vectors_of_the_checkpoint(
    directory: Path, precision: str, least: float
) -> None:
    path = written(directory, precision)
    checkpoint = read_checkpoint(directory)
    tokenizer = build_tokenizer(checkpoint.vocabulary)
    expected = Texts(tokenizer, TEXTS).embed(torch.from_numpy(checkpoint.embedding))
    with sdk.load(str(path)) as model:
        found = model.embed(TEXTS)
        for text in TEXTS:
            assert list(model.tokenize(text)) == tokenizer.encode(text).ids
    assert ((found * expected).sum(1)[:3] > least).all()
    assert not found[3:].any()


def test_the_whole_card_travels_in_the_bundle(directory: Path) -> None:
    card = json.loads((directory / "card.json").read_text())
    assert read_bundle(written(directory)).card == card
    assert read_bundle(written(directory, "int4")).card == {**card, "precision": "int4"}


def test_quality_reaches_the_card_and_leaves_the_segments_alone(directory: Path) -> None:
    before = read_bundle(written(directory))
    (directory / "eval.json").write_text('{"results": {"sts12": {"spearman": 0.5}}}')
    after = read_bundle(written(directory))
    assert after.card["quality"] == {"sts12": {"spearman": 0.5}}
    assert after.header.sha256 == before.header.sha256


def test_the_same_checkpoint_gives_the_same_bytes(directory: Path) -> None:
    first = written(directory).read_bytes()
    assert written(directory).read_bytes() == first
    assert np.frombuffer(first[-8:], np.uint8).any()


LSTM_SETTINGS = TinyLstm(pooling="max", skip=True, max_tokens=5, labels=("no", "yes"))


def lstm_directory(path: Path, **shape: int | bool) -> Path:
    """A checkpoint of a recurrent encoder with random weights over the same twelve tokens."""
    tensors = random_tensors(tokens=12, **shape)  # type: ignore[arg-type]
    card = {
        "name": "small",
        "family": "tiny-lstm",
        "precision": "mixed",
        "architecture_settings": {
            "pooling": "max",
            "skip": True,
            "max_tokens": 5,
            "labels": ["no", "yes"],
            "hidden": 32,
        },
    }
    tokenizer = build_tokenizer([*SPECIAL_TOKENS, *WORDS])
    save_tensors(path, {name: torch.from_numpy(value) for name, value in tensors.items()}, tokenizer, card)
    return path


@pytest.mark.parametrize(("precision", "least"), [("int8", 0.99), ("mixed", 0.95), ("int4", 0.9)])
def test_the_engine_answers_as_a_recurrent_checkpoint(tmp_path: Path, precision: str, least: float) -> None:
    directory = lstm_directory(tmp_path, labels=2, norms=True, salience=True, layers=2)
    tensors = read_checkpoint(directory).tensors
    with sdk.load(written(directory, precision)) as model:
        for text in ("The cat sat!", "cats", "naïve😂 cat", "the cat sat the cat sat"):
            ids = model.tokenize(text).tolist()
            vector, probabilities = reference(tensors, LSTM_SETTINGS, ids)
            assert model.embed(text) @ vector > least
            found = list(model.classify(text).probabilities.values())
            assert found == pytest.approx(probabilities.tolist(), abs=1 - least)
        assert not model.embed("").any()


@pytest.mark.parametrize(
    "shape",
    [
        Shape(hidden=32, dimension=64),
        Shape(hidden=32, dimension=96, skip=False, layers=2, input_norm=True, output_norm=True),
        Shape(hidden=64, directions=1, pooling="max", dimension=64, salience=True, labels=("no", "yes")),
        Shape(hidden=32, layers=2, pooling="cls", dimension=0, labels=("a", "b", "c")),
    ],
)
def test_the_engine_agrees_with_pytorch(tmp_path: Path, shape: Shape) -> None:
    torch.manual_seed(0)
    model = tiny_lstm.TinyLstm(torch.randn(12, 64), shape).eval()
    for name, parameter in model.named_parameters():
        if not name.startswith("embedding"):  # fresh ones are zero in part
            torch.nn.init.normal_(parameter, std=0.3)
    card = {
        "name": "small",
        "family": "tiny-lstm",
        "precision": "int8",
        "architecture_settings": {
            "pooling": shape.pooling,
            "skip": shape.skip,
            "max_tokens": 128,
            "labels": list(shape.labels),
        },
    }
    save_tensors(tmp_path, tiny_lstm.tensors(model), build_tokenizer([*SPECIAL_TOKENS, *WORDS]), card)
    texts = ["The cat sat!", "cats", "naïve😂 cat", "the cat sat the cat sat"]
    with sdk.load(written(tmp_path)) as engine, torch.inference_mode():
        ids = [torch.from_numpy(engine.tokenize(text).astype(np.int64)) for text in texts]
        pooled, mean = model.encode(torch.cat(ids), torch.tensor([len(each) for each in ids]))
        if shape.dimension:
            cosines = (engine.embed(texts) * model.embed(pooled, mean).numpy()).sum(1)
            assert cosines.min() > 0.99
        if shape.labels:
            expected = model.classify(pooled, mean).softmax(1).numpy()
            found = [list(answer.probabilities.values()) for answer in engine.classify(texts)]
            assert np.array(found) == pytest.approx(expected, abs=0.03)


def test_a_precision_reaches_the_matrices_it_names(tmp_path: Path) -> None:
    directory = lstm_directory(tmp_path, labels=2)
    for precision, table, matrices in (("int8", "int8", "int8"), ("mixed", "int4", "int8"), ("int4",) * 3):
        bundle = read_bundle(written(directory, precision))
        assert bundle.header.architecture == LSTM_SETTINGS
        assert bundle.card["precision"] == precision
        dtypes = {entry.name: entry.dtype for entry in bundle.header.tensors}
        assert dtypes["embedding"] == table
        quantised = ("lstm.0.forward.input", "lstm.0.backward.recurrent", "projection")
        assert {dtypes[name] for name in quantised} == {matrices}
        assert {dtypes[name] for name in ("classifier", "lstm.0.forward.bias", "projection.bias")} == {
            "float32"
        }
    assert bundle.header.file_size < directory.joinpath("checkpoint.safetensors").stat().st_size


def test_a_mixture_is_for_recurrent_encoders(directory: Path) -> None:
    with pytest.raises(InputError, match="mixed"):
        written(directory, "mixed")


def test_an_unknown_family_is_named(directory: Path) -> None:
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(json.dumps({**card, "family": "transformer"}))
    with pytest.raises(DataError, match="transformer"):
        written(directory)
