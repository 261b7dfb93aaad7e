import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash

from edgezoo.bundle import layout
from edgezoo.bundle.layout import StaticTable, WordPiece
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import InputError, MissingExtraError
from tests.conftest import DIMENSION, VOCABULARY, write_small_bundle

SCHEMA = Path(layout.__file__).with_name("bundle.fbs")


@pytest.fixture(scope="module")
def as_json(small_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The header as Google's flatc reads it."""
    folder = tmp_path_factory.mktemp("flatc")
    flatc = shutil.which("flatc")
    assert flatc, "flatc is missing; on Debian: apt-get install flatbuffers-compiler"
    # --raw-binary: old releases of flatc do not take the identifier from the schema.
    command = [
        flatc,
        "--json",
        "--strict-json",
        "--raw-binary",
        "--defaults-json",
        "-o",
        str(folder),
        str(SCHEMA),
    ]
    subprocess.run([*command, "--", str(small_bundle)], check=True, capture_output=True)
    content: dict[str, Any] = json.loads((folder / "small.json").read_text())
    return content


def test_flatc_reads_the_header(as_json: dict[str, Any], small_bundle: Path) -> None:
    assert as_json["schema_version"] == 1
    assert as_json["file_size"] == small_bundle.stat().st_size
    assert as_json["name"] == "small"
    assert as_json["tokenizer"] == {"unknown_id": 1, "max_word_characters": 100}
    assert as_json["architecture"] == {"normalize": True}
    assert json.loads(as_json["card"])["limits"] == ["knows nothing"]


def test_segments_lie_aligned_in_order_with_zeros_between(
    as_json: dict[str, Any], small_bundle: Path
) -> None:
    data = small_bundle.read_bytes()
    covered = bytearray(data)
    end = as_json["segments_offset"]
    assert end % 64 == 0
    for tensor in as_json["tensors"]:
        assert tensor["offset"] % 64 == 0
        assert end <= tensor["offset"] < end + 64
        end = tensor["offset"] + tensor["size"]
        covered[tensor["offset"] : end] = bytes(tensor["size"])
    assert not any(covered[as_json["segments_offset"] : -8])
    assert (len(data) - 8) % 64 == 0


def test_tensors_are_stored_as_described(as_json: dict[str, Any], small_bundle: Path) -> None:
    data = small_bundle.read_bytes()
    stored = {
        t["name"]: (t["dtype"], t["shape"], data[t["offset"] :][: t["size"]]) for t in as_json["tensors"]
    }
    assert stored["embedding"][:2] == ("int8", [len(VOCABULARY), DIMENSION])
    assert stored["embedding.scale"][:2] == ("float16", [len(VOCABULARY), 1])
    assert list(stored["vocabulary.lengths"][2]) == [len(token.encode()) for token in VOCABULARY]
    assert stored["vocabulary.bytes"][2].decode() == "".join(VOCABULARY)


def test_checksums_cover_what_the_specification_says(as_json: dict[str, Any], small_bundle: Path) -> None:
    data = small_bundle.read_bytes()
    assert bytes(as_json["sha256"]) == hashlib.sha256(data[as_json["segments_offset"] : -8]).digest()
    assert int.from_bytes(data[-8:], "little") == xxhash.xxh64_intdigest(data[:-8])


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_the_same_content_gives_the_same_bytes(tmp_path: Path, precision: str) -> None:
    first = write_small_bundle(tmp_path / "a.ezb", precision).read_bytes()
    assert write_small_bundle(tmp_path / "b.ezb", precision).read_bytes() == first
    assert write_small_bundle(tmp_path / "c.ezb", precision, seed=1).read_bytes() != first


def test_without_flatbuffers_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flatbuffers", None)
    with pytest.raises(MissingExtraError, match=r"edgezoo\[export\]"):
        write(tmp_path / "x.ezb")


def test_the_size_is_returned(tmp_path: Path) -> None:
    path = tmp_path / "a.ezb"
    assert write(path) == path.stat().st_size


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_small_bundle(tmp_path / "a.ezb")
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write(path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.ezb"]
    assert path.read_bytes() == before


def write(path: Path, **changes: Any) -> int:
    content: dict[str, Any] = {
        "name": "x",
        "card": {},
        "tokenizer": WordPiece(),
        "vocabulary": ["[PAD]", "[UNK]", "a"],
        "architecture": StaticTable(),
        "tensors": {"embedding": quantise(np.ones((3, 32)), "int8")},
    }
    return write_bundle(path, **{**content, **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "Has Spaces"}, "model name"),
        ({"vocabulary": ["a", "b", "a"]}, "twice"),
        ({"vocabulary": ["a", "b", "x" * 256]}, "token 2 takes 256 bytes"),
        ({"vocabulary": ["a", "b", ""]}, "token 2"),
        ({"vocabulary": ["a", "b"]}, "3 rows for 2 tokens"),
        ({"tokenizer": WordPiece(unknown_id=3)}, "unknown_id 3"),
        ({"tokenizer": WordPiece(max_word_characters=256)}, "max_word_characters"),
        ({"tensors": {}}, "embedding"),
        ({"tensors": {"embedding": np.ones((3, 32), dtype=np.float32)}}, "quantised"),
        ({"tensors": {"embedding": quantise(np.ones((3, 33)), "int8")}}, "multiple of 32"),
        ({"card": {"x": "y" * (1 << 20)}}, "card"),
    ],
)
def test_what_the_format_forbids_is_refused(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        write(tmp_path / "x.ezb", **changes)
    assert not list(tmp_path.iterdir())
