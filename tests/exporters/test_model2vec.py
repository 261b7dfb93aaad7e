"""model2vec's own loader opens what is exported and gives the vectors of the checkpoint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from edgezoo.errors import InputError
from edgezoo.exporters import export
from edgezoo.zoo.checkpoint import save_tensors
from edgezoo.zoo.evaluation.correlation import cosines
from edgezoo.zoo.evaluation.table import Texts
from edgezoo.zoo.tokenizers import unigram, wordpiece

WORDS = ["the", "cat", "sat", "naïve", "!", "😂", "日本", "語", "s"]
TEXTS = ["The cat sat!", "cats", "naïve😂 cat", "日本語", "the " * 700]


def tokenizer(kind: str) -> Tokenizer:
    if kind == "wordpiece":
        return wordpiece.build_tokenizer([*wordpiece.SPECIAL_TOKENS, *WORDS, "##s"])
    costs = [unigram.MAX_COST] * len(unigram.FIXED_TOKENS) + [100] * len(WORDS)
    return unigram.build_tokenizer([*unigram.FIXED_TOKENS, *WORDS], costs)


def checkpoint(folder: Path, kind: str, family: str = "static-table") -> tuple[Path, NDArray[np.float32]]:
    """A random table, and its own vectors of TEXTS."""
    own = tokenizer(kind)
    rows = torch.randn(own.get_vocab_size(), 32, generator=torch.Generator().manual_seed(0)).half().float()
    rows[:4] = 0
    card = {"name": "small", "family": family, "dimension": 32, "precision": "int8"}
    save_tensors(folder, {"embedding": rows}, own, card)
    return folder, Texts(own, TEXTS).embed(rows)


@pytest.mark.parametrize("kind", ["wordpiece", "unigram"])
@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.999999), ("int8", 0.999)])
def test_model2vec_gives_the_same_vectors(tmp_path: Path, kind: str, precision: str, least: float) -> None:
    from model2vec import StaticModel

    directory, expected = checkpoint(tmp_path / "made", kind)
    (folder,) = export(directory, "model2vec", precision, tmp_path)
    found = StaticModel.from_pretrained(folder).encode(TEXTS)
    assert cosines(found, expected).min() > least
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-3)


def test_the_export_is_the_same_each_time(tmp_path: Path) -> None:
    directory, _ = checkpoint(tmp_path / "made", "unigram")
    one, other = (export(directory, "model2vec", "fp32", tmp_path / name)[0] for name in "ab")
    files = sorted(path.name for path in one.iterdir())
    assert {"model.safetensors", "tokenizer.json", "config.json", "card.json", "LICENSE"} <= set(files)
    assert all((one / name).read_bytes() == (other / name).read_bytes() for name in files)


def test_only_static_tables_fit(tmp_path: Path) -> None:
    directory, _ = checkpoint(tmp_path / "made", "wordpiece", family="tiny-lstm")
    with pytest.raises(InputError, match="static tables"):
        export(directory, "model2vec", "fp32", tmp_path)
