"""Texts come out of any folder of text or JSON lines, and splits are disjoint and seeded."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import corpora


def test_reads_files_and_folders_of_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "tr").mkdir()
    (tmp_path / "tr" / "a.txt").write_text("bir\niki\r\n", encoding="utf-8")
    (tmp_path / "tr" / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps({"content": "üç"}).encode()))
    (tmp_path / "tr" / "notes.md").write_text("not a text", encoding="utf-8")
    (tmp_path / "tr.jsonl.xz").write_bytes(lzma.compress(json.dumps({"id": 1, "text": "sıfır"}).encode()))
    assert list(corpora.read(tmp_path, "tr")) == ["sıfır", "bir", "iki", "üç"]


def test_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"put kk\.txt there"):
        list(corpora.read(tmp_path, "kk"))
    (tmp_path / "kk.jsonl").write_text('{"text": "a"}\n{"title": "b"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        list(corpora.read(tmp_path, "kk"))


def test_balanced_gives_just_as_many_characters() -> None:
    texts = [str(number) * 7 for number in range(50)]
    chosen = corpora.balanced(texts, 100, 3)
    assert sum(map(len, chosen)) == 100
    assert chosen == corpora.balanced(texts, 100, 3) != corpora.balanced(texts, 100, 4)
    with pytest.raises(DataError, match="too few"):
        corpora.balanced(texts, 10_000, 3)


def test_split_holds_out_different_texts() -> None:
    found = corpora.split([*map(str, range(100)), "5", "6"], 0.2, 1)
    assert (len(found.train), len(found.dev), len(found.test)) == (80, 10, 10)
    assert len({*found.train, *found.dev, *found.test}) == 100
    assert found == corpora.split([*map(str, range(100))], 0.2, 1)
    with pytest.raises(DataError, match="too few"):
        corpora.split(["a", "b"], 0.5, 1)
