"""Teacher vectors: equal to sentence-transformers' own, in shards that are not made twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo.errors import DataError
from edgezoo.zoo import teacher

TEXTS = ["Cook the soup.", "rain", "Snow and wind and a cold storm.", "goal", "Run, team, run! " * 3]


def silent(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total


def test_vectors_are_those_of_sentence_transformers(tiny_teacher: str) -> None:
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(tiny_teacher, device="cpu").encode(TEXTS, normalize_embeddings=True)
    found = teacher.Teacher(tiny_teacher).encode(TEXTS).astype(np.float32)
    assert ((found * expected).sum(1) > 0.999).all()


def test_shards_are_resumed_and_read_as_one_array(
    tiny_teacher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher, "SHARD", 2)
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    directory = tmp_path / "vectors"
    teacher.encode_corpus(tmp_path / "texts.txt", 5, directory, tiny_teacher, 1, silent)
    shards = sorted(directory.glob("*.npy"))
    assert [len(np.load(shard)) for shard in shards] == [2, 2, 1]
    kept, last = shards[0].stat().st_mtime_ns, np.load(shards[2])
    shards[2].unlink()
    teacher.encode_corpus(tmp_path / "texts.txt", 5, directory, tiny_teacher, 1, silent)
    assert shards[0].stat().st_mtime_ns == kept
    assert (np.load(shards[2]) == last).all()

    vectors = teacher.Vectors(directory, 5)
    expected = torch.from_numpy(np.concatenate([np.load(shard) for shard in shards])).float()
    assert torch.equal(vectors[np.array([0, 3, 4])], expected[[0, 3, 4]])
    assert torch.equal(torch.cat(list(vectors.blocks())), expected)


def test_several_processes_give_the_same_shards(tiny_teacher: str, tmp_path: Path) -> None:
    count = teacher.SHARD + 10
    (tmp_path / "texts.txt").write_text("rain\n" * count)
    teacher.encode_corpus(tmp_path / "texts.txt", count, tmp_path / "vectors", tiny_teacher, 2, silent)
    vectors = teacher.Vectors(tmp_path / "vectors", count)
    ends = vectors[np.array([0, count - 1])]
    torch.testing.assert_close(ends[0], ends[1], atol=2e-3, rtol=0)


def test_vectors_of_another_teacher_are_refused(tiny_teacher: str, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("rain\n")
    teacher.encode_corpus(tmp_path / "texts.txt", 1, tmp_path / "vectors", tiny_teacher, 1, silent)
    with pytest.raises(DataError, match="another --work"):
        teacher.encode_corpus(tmp_path / "texts.txt", 1, tmp_path / "vectors", "another/model", 1, silent)


def test_too_few_vectors_are_an_error(tiny_teacher: str, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("rain\nsnow\n")
    teacher.encode_corpus(tmp_path / "texts.txt", 1, tmp_path / "vectors", tiny_teacher, 1, silent)
    with pytest.raises(DataError, match="holds 1 vectors of 2"):
        teacher.Vectors(tmp_path / "vectors", 2)
