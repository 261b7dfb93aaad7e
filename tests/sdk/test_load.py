import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import xxhash

from edgezoo import sdk
from edgezoo.bundle.reader import read_bundle
from edgezoo.zoo import registry
from tests.conftest import write_small_bundle


@pytest.fixture
def zoo(tmp_path: Path, small_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of one model, `small`."""
    folder = tmp_path / "models"
    (folder / "small").mkdir(parents=True)
    shutil.copy(small_bundle, folder / "small" / "small.ezb")
    (folder / "small" / "card.json").write_text(
        '{"name": "small", "family": "static-table", "dimension": 64, "vocabulary_size": 25,'
        ' "languages": ["en"], "description": "A random table."}'
    )
    (folder / "unfinished").mkdir()
    monkeypatch.setattr(registry, "MODELS", str(folder))
    return folder


def test_a_model_is_loaded_by_name(zoo: Path) -> None:
    with sdk.load("small") as model:
        assert model.path == str(zoo / "small" / "small.ezb")


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_a_model_is_loaded_by_path(small_bundle: Path, kind: Any) -> None:
    with sdk.load(kind(small_bundle)) as model:
        assert model.name == "small"


def test_a_file_in_the_working_directory_is_loaded(
    small_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small_bundle.parent)
    with sdk.load("small.ezb") as model:
        assert model.name == "small"


def test_the_zoo_is_listed(zoo: Path) -> None:
    (entry,) = sdk.models()
    assert (entry.name, entry.family, entry.dim, entry.languages) == ("small", "static-table", 64, ("en",))
    assert entry.size == (zoo / "small" / "small.ezb").stat().st_size


def test_an_unknown_name_brings_the_nearest_one(zoo: Path) -> None:
    with pytest.raises(
        sdk.ModelNotFoundError, match=r"no model 'smal' \(did you mean 'small'\?\).*has: small"
    ):
        sdk.load("smal")


@pytest.mark.parametrize(
    "name", ["../small/small", "unfinished", "/no/such/file", "missing.ezb", "", ".", ".."]
)
def test_what_is_not_there_is_not_found(zoo: Path, name: str) -> None:
    with pytest.raises(sdk.ModelNotFoundError):
        sdk.load(name)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(sdk.ModelNotFoundError, match="no file"):
        sdk.load(tmp_path)


@pytest.mark.parametrize("name", [None, 7, b"small", ["small"], "a\0b"])
def test_wrong_types_are_refused(name: Any) -> None:
    with pytest.raises(sdk.InputError):
        sdk.load(name)


def test_every_truncation_class_is_an_error(small_bundle: Path, tmp_path: Path) -> None:
    data, path = small_bundle.read_bytes(), tmp_path / "cut.ezb"
    start = read_bundle(small_bundle).header.segments_offset
    for length in {
        0,
        1,
        3,
        4,
        7,
        8,
        40,
        63,
        64,
        start - 1,
        start,
        start + 1,
        len(data) - 64,
        len(data) - 8,
        len(data) - 1,
    }:
        path.write_bytes(data[:length])
        with pytest.raises(sdk.BundleError, match=r"cut\.ezb"):
            sdk.load(path)


def test_every_flipped_byte_is_an_error(small_bundle: Path, tmp_path: Path) -> None:
    data, path = small_bundle.read_bytes(), tmp_path / "flip.ezb"
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        with pytest.raises(sdk.BundleError):
            sdk.load(path)


def test_another_version_is_named(small_bundle: Path, tmp_path: Path) -> None:
    data = bytearray(small_bundle.read_bytes())
    table = int.from_bytes(data[:4], "little")
    fields = table - int.from_bytes(data[table : table + 4], "little", signed=True)
    version = table + int.from_bytes(data[fields + 4 : fields + 6], "little")
    data[version] = 9
    data[-8:] = xxhash.xxh64_intdigest(bytes(data[:-8])).to_bytes(8, "little")
    path = tmp_path / "next.ezb"
    path.write_bytes(data)
    with pytest.raises(sdk.BundleError, match="version"):
        sdk.load(path)


def test_verify_finds_what_a_forged_trailer_hides(small_bundle: Path, tmp_path: Path) -> None:
    data = bytearray(small_bundle.read_bytes())
    data[read_bundle(small_bundle).header.segments_offset + 300] ^= 1
    data[-8:] = xxhash.xxh64_intdigest(bytes(data[:-8])).to_bytes(8, "little")
    path = tmp_path / "forged.ezb"
    path.write_bytes(data)
    sdk.load(path).close()
    with pytest.raises(sdk.BundleError, match="SHA-256"):
        sdk.load(path, verify=True)


@pytest.mark.parametrize("card", ["{", "[1]", "7"])
def test_a_card_that_is_no_object_is_an_error_when_it_is_read(tmp_path: Path, card: str) -> None:
    path = write_small_bundle(tmp_path / "x.ezb")
    data = path.read_bytes()
    start = data.index(b'{"description"')
    end = data.index(b"}", start) + 1
    altered = data[:start] + card.encode().ljust(end - start) + data[end:-8]
    path.write_bytes(altered + xxhash.xxh64_intdigest(altered).to_bytes(8, "little"))
    with sdk.load(path) as model:
        assert model.embed("the cat").any()
        with pytest.raises(sdk.BundleError, match="card"):
            _ = model.card


def test_all_errors_are_edgezoo_errors() -> None:
    assert all(
        issubclass(getattr(sdk, name), sdk.EdgezooError) for name in sdk.__all__ if name.endswith("Error")
    )
