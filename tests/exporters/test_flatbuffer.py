"""Checkpoint directory in, bundle out: the engine's vectors are those of the checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgezoo import sdk
from edgezoo.bundle.reader import read_bundle
from edgezoo.exporters import flatbuffer
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.evaluation.table import Texts
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS, build_tokenizer

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


@pytest.mark.parametrize(("precision", "least"), [("int8", 0.9998), ("int4", 0.99)])
def test_the_engine_gives_the_vectors_of_the_checkpoint(
    directory: Path, precision: str, least: float
) -> None:
    path = flatbuffer.export(directory, precision=precision)
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
    assert read_bundle(flatbuffer.export(directory)).card == card
    assert read_bundle(flatbuffer.export(directory, precision="int4")).card == {**card, "precision": "int4"}


def test_quality_reaches_the_card_and_leaves_the_segments_alone(directory: Path) -> None:
    before = read_bundle(flatbuffer.export(directory))
    (directory / "eval.json").write_text('{"results": {"sts12": {"spearman": 0.5}}}')
    after = read_bundle(flatbuffer.export(directory))
    assert after.card["quality"] == {"sts12": {"spearman": 0.5}}
    assert after.header.sha256 == before.header.sha256


def test_the_same_checkpoint_gives_the_same_bytes(directory: Path) -> None:
    first = flatbuffer.export(directory, directory / "first.ezb").read_bytes()
    assert flatbuffer.export(directory, directory / "second.ezb").read_bytes() == first
    assert np.frombuffer(first[-8:], np.uint8).any()
