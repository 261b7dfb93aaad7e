"""Reading of sentence pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import sts


def test_pairs_are_read_with_or_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "sts").mkdir()
    path = tmp_path / "sts" / "stsb-dev.tsv"
    row = '4.5\tA man "speaks.\tA person talks.\tnews\n'
    for header in ("", "score\tsentence1\tsentence2\tsubset\n"):
        path.write_text(header + row)
        pairs = sts.read(tmp_path, "stsb-dev")
        assert (pairs.scores, pairs.left, pairs.right) == ([4.5], ['A man "speaks.'], ["A person talks."])


def test_a_malformed_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "sts").mkdir()
    (tmp_path / "sts" / "sts12-test.tsv").write_text("1.0\ta\tb\nhigh\ta\tb\n")
    with pytest.raises(DataError, match="line 2"):
        sts.read(tmp_path, "sts12")


def test_a_missing_file_says_how_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--data"):
        sts.read(tmp_path, "sts12")


def test_every_known_set_has_its_size(shared_data: Path) -> None:
    sizes = {name: len(sts.read(shared_data, name).scores) for name in sts.FILES}
    expected = {"sts12": 3108, "sts13": 1500, "sts14": 3750, "sts15": 3000, "sts16": 1186}
    assert sizes == {"stsb-dev": 1500, "stsb-test": 1379, **expected}
