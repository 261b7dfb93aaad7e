import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgezoo import sdk
from edgezoo.bundle import layout, schema
from edgezoo.bundle.layout import StaticTable, WordPiece
from edgezoo.bundle.quantise import dequantise, quantise
from edgezoo.bundle.reader import read_bundle
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import BundleError, ModelNotFoundError
from tests.conftest import DIMENSION, VOCABULARY, write_small_bundle


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_what_was_written_is_read(tmp_path: Path, precision: str) -> None:
    random = np.random.default_rng(0)
    tensor = quantise(random.standard_normal((4, 64)), precision)
    weight = random.uniform(0, 1, 4).astype(np.float16)
    write_bundle(
        tmp_path / "x.ezb",
        name="x",
        card={"ключ": [1, {"a": None}]},
        tokenizer=WordPiece(unknown_id=2, max_word_characters=50),
        vocabulary=["a", "é", "日本", "##x"],
        architecture=StaticTable(normalize=False),
        tensors={"embedding": tensor, "weight": weight},
    )
    bundle = read_bundle(tmp_path / "x.ezb", verify=True)
    assert bundle.card == {"ключ": [1, {"a": None}]}
    assert bundle.vocabulary == ("a", "é", "日本", "##x")
    assert bundle.header.tokenizer == WordPiece(unknown_id=2, max_word_characters=50)
    assert bundle.header.architecture == StaticTable(normalize=False)
    assert np.array_equal(bundle.matrix("embedding"), dequantise(tensor))
    assert np.array_equal(bundle.arrays["weight"], weight)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"nowhere\.ezb"):
        read_bundle(tmp_path / "nowhere.ezb")


def test_a_tensor_that_is_not_there_is_named(small_bundle: Path) -> None:
    with pytest.raises(BundleError, match="'lstm'"):
        read_bundle(small_bundle).matrix("lstm")


def sealed(data: bytes) -> bytes:
    """The bytes with a trailer that fits them, as an attacker would write it."""
    return data[:-8] + xxhash.xxh64_intdigest(data[:-8]).to_bytes(8, "little")


def test_every_truncation_is_an_error(small_bundle: Path, tmp_path: Path) -> None:
    data, path = small_bundle.read_bytes(), tmp_path / "cut.ezb"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(BundleError):
            read_bundle(path)


def test_a_longer_file_is_an_error(small_bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.ezb"
    path.write_bytes(small_bundle.read_bytes() + bytes(64))
    with pytest.raises(BundleError, match="header says"):
        read_bundle(path)


def test_every_flipped_byte_is_an_error(small_bundle: Path, tmp_path: Path) -> None:
    data, path = small_bundle.read_bytes(), tmp_path / "flip.ezb"
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        with pytest.raises(BundleError):
            read_bundle(path)


def test_sha256_finds_what_a_forged_trailer_hides(small_bundle: Path, tmp_path: Path) -> None:
    entry = next(entry for entry in read_bundle(small_bundle).header.tensors if entry.name == "embedding")
    altered = bytearray(small_bundle.read_bytes())
    altered[entry.offset + 300] ^= 1
    path = tmp_path / "forged.ezb"
    path.write_bytes(sealed(bytes(altered)))
    read_bundle(path)
    with pytest.raises(BundleError, match="SHA-256"):
        read_bundle(path, verify=True)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 700), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4)
)
def test_a_hostile_header_is_an_error_or_harmless(
    small_bundle: Path, tmp_path: Path, edits: list[tuple[int, bytes]]
) -> None:
    data = bytearray(small_bundle.read_bytes())
    for place, content in edits:
        data[place : place + len(content)] = content
    path = tmp_path / "hostile.ezb"
    path.write_bytes(sealed(bytes(data)))
    try:
        bundle = read_bundle(path)
    except BundleError:
        return
    assert bundle.matrix("embedding").shape == (len(bundle.vocabulary), DIMENSION)
    with sdk.load(path) as model:  # the engine has a reader of its own: it takes what this one takes
        assert model.embed(["the cats sat", "😂"]).shape == (2, DIMENSION)


def rewritten(source: Path, target: Path, change: Callable[[Any], None]) -> Path:
    """`source` with its header decoded, changed and written by the official library, and sealed."""
    import flatbuffers

    data = source.read_bytes()
    root = schema.BundleT.InitFromObj(schema.Bundle.GetRootAs(data))
    root.name, root.card = root.name.decode(), "{}"  # a shorter card makes room for the changes
    for tensor in root.tensors:
        tensor.name, tensor.shape = tensor.name.decode(), tensor.shape.tolist()
    change(root)
    builder = flatbuffers.Builder(1024)
    builder.Finish(root.Pack(builder), file_identifier=b"EZB1")
    head = bytes(builder.Output())
    start = read_bundle(source).header.segments_offset
    assert len(head) <= start
    target.write_bytes(sealed(head + bytes(start - len(head)) + data[start:]))
    return target


def test_an_unchanged_header_written_again_is_read(small_bundle: Path, tmp_path: Path) -> None:
    again = rewritten(small_bundle, tmp_path / "again.ezb", lambda root: None)
    assert read_bundle(again, verify=True).vocabulary == tuple(VOCABULARY)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("schemaVersion", 2, "schema version 2"),
        ("schemaVersion", 0, "schema version 0"),
        ("fileSize", 1 << 63, "header says"),
        ("segmentsOffset", (1 << 64) - 64, "segments' offset"),
        ("segmentsOffset", 100, "segments' offset"),
        ("sha256", [0] * 31, "31 bytes"),
        ("card", "[]", "JSON object"),
        ("card", "{", "not JSON"),
        ("tensors", [], "vocabulary"),
    ],
)
def test_hostile_settings_are_named(
    small_bundle: Path, tmp_path: Path, field: str, value: object, complaint: str
) -> None:
    path = rewritten(small_bundle, tmp_path / "x.ezb", lambda root: setattr(root, field, value))
    with pytest.raises(BundleError, match=complaint):
        read_bundle(path)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("offset", 0, "misaligned"),
        ("offset", 1 << 62, "leaves the file"),
        ("offset", (1 << 64) - 64, "leaves the file"),
        ("size", 1 << 63, "does not fit"),
        ("shape", [], "shape"),
        ("shape", [0, DIMENSION], "shape"),
        ("shape", [1, 2, 3], "shape"),
        ("shape", [1 << 31, 1 << 31], "does not fit"),
        ("shape", [len(VOCABULARY) * 2, DIMENSION // 2], "rows"),
        ("dtype", 99, "dtype 99"),
        ("dtype", layout.DTYPES.index("uint8"), "int8 or int4"),
        ("name", "vocabulary.bytes", "twice"),
        ("name", "other", "embedding"),
        ("name", "x" * 128, "string of 128 bytes"),
    ],
)
def test_hostile_tensors_are_named(
    small_bundle: Path, tmp_path: Path, field: str, value: object, complaint: str
) -> None:
    path = rewritten(small_bundle, tmp_path / "x.ezb", lambda root: setattr(root.tensors[0], field, value))
    with pytest.raises(BundleError, match=complaint):
        read_bundle(path)


def test_overlapping_segments_are_refused(small_bundle: Path, tmp_path: Path) -> None:
    def overlap(root: Any) -> None:
        root.tensors[1].offset = root.tensors[0].offset

    with pytest.raises(BundleError, match="overlaps"):
        read_bundle(rewritten(small_bundle, tmp_path / "x.ezb", overlap))


@pytest.mark.parametrize(
    ("tensor", "content", "complaint"),
    [
        ("embedding.scale", struct.pack("<e", float("nan")), "NaN"),
        ("embedding.scale", struct.pack("<e", float("inf")), "infinity"),
        ("vocabulary.lengths", b"\0", "empty"),
        ("vocabulary.lengths", b"\xff", "add up"),
        ("vocabulary.bytes", b"\xff", "not UTF-8"),
        ("vocabulary.bytes", b"[UNK]", "twice"),
    ],
)
def test_hostile_segments_are_named(
    small_bundle: Path, tmp_path: Path, tensor: str, content: bytes, complaint: str
) -> None:
    entry = next(entry for entry in read_bundle(small_bundle).header.tensors if entry.name == tensor)
    data = bytearray(small_bundle.read_bytes())
    data[entry.offset : entry.offset + len(content)] = content
    path = tmp_path / "x.ezb"
    path.write_bytes(sealed(bytes(data)))
    with pytest.raises(BundleError, match=complaint):
        read_bundle(path)


def test_the_message_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text("Shall I compare thee to a summer's day?")
    with pytest.raises(BundleError, match=r"poem\.txt.*not an edgezoo bundle"):
        read_bundle(path)


def test_weighted_bundles_are_read(tmp_path: Path) -> None:
    bundle = read_bundle(write_small_bundle(tmp_path / "w.ezb", "int4", weighted=True))
    assert bundle.arrays["weight"].shape == (len(VOCABULARY),)
