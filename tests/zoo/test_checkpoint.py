"""Checkpoint directories: what is read back, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgezoo.errors import DataError
from edgezoo.zoo import checkpoint
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS, build_tokenizer


def test_results_of_eval_json_become_the_quality(tmp_path: Path) -> None:
    write(tmp_path, rows=6)
    assert "quality" not in checkpoint.read_checkpoint(tmp_path).card
    (tmp_path / "eval.json").write_text('{"results": {"sts12": {"spearman": 0.5}}}')
    assert checkpoint.read_checkpoint(tmp_path).card["quality"] == {"sts12": {"spearman": 0.5}}


def test_tokens_and_rows_come_back_in_the_order_of_ids(tmp_path: Path) -> None:
    write(tmp_path, rows=6)
    found = checkpoint.read_checkpoint(tmp_path)
    assert found.vocabulary == [*SPECIAL_TOKENS, "b", "a"]
    assert found.embedding.dtype == np.float32
    assert (found.embedding[:, 0] == np.arange(6)).all()


def test_tensors_come_back_by_name_the_table_in_half_precision(tmp_path: Path) -> None:
    tensors = {"embedding": torch.rand(6, 32), "lstm.0.forward.bias": torch.rand(128).double()}
    tokenizer = build_tokenizer([*SPECIAL_TOKENS, "b", "a"])
    checkpoint.save_tensors(tmp_path / "new", tensors, tokenizer, {"name": "small"})
    found = checkpoint.read_checkpoint(tmp_path / "new")
    assert found.card == {"name": "small"}
    assert (found.embedding == tensors["embedding"].half().float().numpy()).all()
    assert (found.tensors["lstm.0.forward.bias"] == tensors["lstm.0.forward.bias"].float().numpy()).all()


def test_an_incomplete_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing"):
        checkpoint.read_checkpoint(tmp_path)


def test_a_table_that_does_not_fit_its_vocabulary_is_refused(tmp_path: Path) -> None:
    write(tmp_path, rows=5)
    with pytest.raises(DataError, match="6 tokens but 5 rows"):
        checkpoint.read_checkpoint(tmp_path)


def write(directory: Path, rows: int) -> None:
    table = torch.arange(rows).half()[:, None].repeat(1, 32)
    save_file({"embedding": table}, directory / "checkpoint.safetensors")
    build_tokenizer([*SPECIAL_TOKENS, "b", "a"]).save(str(directory / "tokenizer.json"))
    (directory / "card.json").write_text(json.dumps({"name": "small", "precision": "int8"}))
