"""`edgezoo export` as people run it."""

from pathlib import Path

import pytest

from edgezoo import sdk
from tests.checkpoints import lstm_checkpoint, static_checkpoint
from tests.sdk.cli.test_cli import edgezoo


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return static_checkpoint(tmp_path / "small")


def test_it_prints_the_files_on_stdout_and_sizes_on_stderr(checkpoint: Path, tmp_path: Path) -> None:
    done = edgezoo("export", checkpoint, "-f", "flatbuffer", "-p", "int8", "-p", "int4", "-o", tmp_path / "o")
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert paths == [tmp_path / "o" / "small-int8.ezb", tmp_path / "o" / "small-int4.ezb"]
    assert "kB" in done.stderr
    for path in paths:
        with sdk.load(path) as model:
            assert model.embed("the cat").any()


def test_several_models_at_once(checkpoint: Path, tmp_path: Path) -> None:
    other = lstm_checkpoint(tmp_path / "small-lstm")
    done = edgezoo("export", checkpoint, other, "-f", "flatbuffer", "-o", tmp_path / "o")
    assert [Path(line).name for line in done.stdout.splitlines()] == ["small-int8.ezb", "small-lstm-int8.ezb"]


def test_all_precisions_of_a_format(checkpoint: Path, tmp_path: Path) -> None:
    done = edgezoo("export", checkpoint, "-f", "flatbuffer", "--all", "-o", tmp_path / "o")
    assert [Path(line).name for line in done.stdout.splitlines()] == ["small-int8.ezb", "small-int4.ezb"]


def test_every_target_that_is_named(checkpoint: Path, tmp_path: Path) -> None:
    targets = ("--target", "aarch64-android", "--target", "aarch64-ios")
    done = edgezoo("export", checkpoint, "-f", "clib", *targets, "-o", tmp_path / "o")
    names = [Path(line).name for line in done.stdout.splitlines()]
    assert names == ["small-int8-clib-aarch64-android", "small-int8-clib-aarch64-ios"]


def test_what_is_typed_wrong_is_told_before_the_work(checkpoint: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "o")
    assert "--format" in edgezoo("export", checkpoint, *out, status=2).stderr
    assert "no format 'onx'" in edgezoo("export", checkpoint, "-f", "onx", *out, status=2).stderr
    assert "no model 'smal'" in edgezoo("export", "smal", "-f", "flatbuffer", *out, status=2).stderr
    wrong = edgezoo("export", checkpoint, "-f", "flatbuffer", "--target", "aarch64-ios", *out, status=2)
    assert "clib only" in wrong.stderr
    assert not (tmp_path / "o").exists()


def test_existing_files_are_kept(checkpoint: Path, tmp_path: Path) -> None:
    command = ("export", checkpoint, "-f", "flatbuffer", "-o", tmp_path / "o")
    edgezoo(*command)
    assert "--force" in edgezoo(*command, status=2).stderr
    edgezoo(*command, "--force")
