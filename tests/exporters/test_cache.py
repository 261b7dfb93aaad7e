"""Exports are made once for a checkpoint, and again when it changes."""

import json
from pathlib import Path

import pytest

from edgezoo.errors import ModelNotFoundError
from edgezoo.exporters.cache import cached
from tests.checkpoints import static_checkpoint


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_export_is_kept(cache: Path, tmp_path: Path) -> None:
    directory = static_checkpoint(tmp_path / "small")
    path = cached(directory, "flatbuffer", "int4")
    assert cache in path.parents
    assert path.name == "small-int4.ezb"
    path.write_bytes(b"kept")
    assert cached(directory, "flatbuffer", "int4").read_bytes() == b"kept"


def test_another_precision_or_checkpoint_is_another_export(cache: Path, tmp_path: Path) -> None:
    directory = static_checkpoint(tmp_path / "small")
    first = {cached(directory, "flatbuffer", precision) for precision in ("int4", "int8", None)}
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(json.dumps(card | {"description": "Another one."}))
    assert len(first | {cached(directory, "flatbuffer", "int4")}) == 4


def test_a_folder_without_a_checkpoint_says_what_to_do(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="edgezoo export small --format flatbuffer"):
        cached(tmp_path / "small", "flatbuffer", None)
