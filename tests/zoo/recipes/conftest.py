"""A static table to start from, and sentiment, as small as the teacher of these tests."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
import torch

from edgezoo.zoo import projection
from edgezoo.zoo.checkpoint import save_tensors
from edgezoo.zoo.datasets import sentiment
from edgezoo.zoo.teacher import Teacher
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS, build_tokenizer
from tests.zoo.conftest import FILLERS, TOPICS, sentence


@pytest.fixture(scope="session")
def tiny_start(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path, tiny_teacher: str) -> str:
    """The checkpoint directory of a random static table [tokens, 32]."""
    place = tmp_path_factory.mktemp("start") / "static"
    words = [word for topic in TOPICS.values() for word in topic] + FILLERS
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = dict.fromkeys([*SPECIAL_TOKENS, ".", *words, *letters, *(f"##{letter}" for letter in letters)])
    rows = torch.randn(len(tokens), 32, generator=torch.Generator().manual_seed(5))
    rows[: len(SPECIAL_TOKENS)] = 0.0
    save_tensors(place, {"embedding": rows}, build_tokenizer(list(tokens)), {"name": "static"})
    texts = (tiny_data / "own.txt").read_text().splitlines()[:200]
    basis = projection.fit(torch.from_numpy(Teacher(tiny_teacher).encode(texts)).float(), 32)
    basis.save(place / "pca.npz")
    return str(place)


@pytest.fixture(scope="session")
def labelled_data(tmp_path_factory: pytest.TempPathFactory, tiny_data: Path) -> Path:
    """`tiny_data` with labelled sentences (positive: of sport) and their phrases, and reviews."""
    data = tmp_path_factory.mktemp("labelled") / "data"
    shutil.copytree(tiny_data, data)
    (data / "sentiment").mkdir()
    source = random.Random(4)
    texts = [f"{sentence(source)[:-1].lower()} one ." for _ in range(80)]
    rows = [(int(any(word in text.split() for word in TOPICS["sport"])), text) for text in texts]
    rows += [(label, " ".join(text.split()[:4])) for label, text in rows]
    lines = ["label\tsentence", *(f"{label}\t{text}" for label, text in rows)]
    (data / sentiment.TRAIN).write_text("\n".join(lines) + "\n")
    (data / sentiment.DEV).write_text("\n".join(lines[:20]) + "\n")
    reviews = ["label\ttext", *(f"pos\t{sentence(source)} {sentence(source)}" for _ in range(40))]
    (data / sentiment.REVIEWS).write_text("\n".join(reviews) + "\n")
    return data
