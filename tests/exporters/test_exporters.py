"""Exporting keeps what exists, publishes whole files only, and says what is wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgezoo.errors import DataError, InputError
from edgezoo.exporters import FORMATS, export, find
from tests.checkpoints import static_checkpoint


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return static_checkpoint(tmp_path / "small")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_an_exporter_that_names_its_precisions(name: str) -> None:
    assert set(find(name).PRECISIONS) <= {"fp32", "int8", "int4", "mixed"}
    own = {"int8"} if name == "model2vec" else {"int8", "int4"}  # model2vec itself knows no int4
    assert own <= set(find(name).PRECISIONS)


def test_files_appear_under_a_folder_that_is_made(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    assert export(checkpoint, "flatbuffer", None, out) == [out / "small-int8.ezb"]
    assert export(checkpoint, "flatbuffer", "int4", out) == [out / "small-int4.ezb"]
    assert sorted(path.name for path in out.iterdir()) == ["small-int4.ezb", "small-int8.ezb"]


def test_an_existing_file_is_kept_unless_forced(checkpoint: Path, tmp_path: Path) -> None:
    old = tmp_path / "small-int8.ezb"
    old.write_text("precious")
    with pytest.raises(InputError, match=r"small-int8\.ezb exists"):
        export(checkpoint, "flatbuffer", "int8", tmp_path)
    assert old.read_text() == "precious"
    assert export(checkpoint, "flatbuffer", "int8", tmp_path, force=True) == [old]
    assert old.stat().st_size > 1000


def test_an_existing_folder_is_replaced_when_forced(checkpoint: Path, tmp_path: Path) -> None:
    (folder,) = export(checkpoint, "clib", "int8", tmp_path)
    (folder / "stale").write_text("")
    with pytest.raises(InputError, match="exists"):
        export(checkpoint, "clib", "int8", tmp_path)
    assert export(checkpoint, "clib", "int8", tmp_path, force=True) == [folder]
    assert not (folder / "stale").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small", folder.name]


@pytest.mark.parametrize(
    ("to", "precision", "target", "message"),
    [
        ("onx", None, None, "no format 'onx'; choose one of: flatbuffer, onnx"),
        ("flatbuffer", "int2", None, "no precision 'int2'; choose one of: int8, int4"),
        ("flatbuffer", None, "aarch64-linux", "clib only"),
        ("clib", None, "z80", "no target 'z80'; choose one of: aarch64-android"),
    ],
)
def test_what_is_typed_wrong_is_named(
    checkpoint: Path, tmp_path: Path, to: str, precision: str | None, target: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        export(checkpoint, to, precision, tmp_path / "out", target=target)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"checkpoint\.safetensors is missing"):
        export(tmp_path, "flatbuffer", None, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(checkpoint: Path) -> None:
    with pytest.raises(NotADirectoryError, match=r"card\.json"):
        export(checkpoint, "flatbuffer", None, checkpoint / "card.json" / "out")


def test_a_missing_package_is_answered_with_its_extra(checkpoint: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['flatbuffers'] = None; from edgezoo.sdk.cli import main; main()"
    command = [sys.executable, "-c", code, "export", str(checkpoint), "-f", "flatbuffer", "-o", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.endswith("install them with: pip install 'edgezoo[export]'\n")


def test_an_interrupted_export_leaves_nothing(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = "from edgezoo.sdk.cli import main; main()"
    command = [sys.executable, "-c", code, "export", str(checkpoint), "--format", "clib", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (out.is_dir() and any(out.glob(".export-*/small*"))):
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert "Traceback" not in stderr
    assert not list(out.iterdir())
