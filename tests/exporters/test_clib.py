"""The static library, linked into a C program on this machine and on aarch64 under qemu: the same bits."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.benchmarks.texts import HOSTILE, TWEETS, short_texts
from edgezoo.exporters import clib, export
from edgezoo.runtimes.engine import build
from edgezoo.zoo import registry
from tests.checkpoints import lstm_checkpoint, static_checkpoint

# The example reads lines.
LINES = [text for text in (*HOSTILE, *TWEETS, *short_texts(300)) if "\n" not in text and "\0" not in text]
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2")


def program(folder: Path, *flags: str) -> Path:
    """The folder's example, compiled as its user would."""
    output = folder / "example"
    command = [
        *build.compiler(),
        *flags,
        *STRICT,
        "-Iinclude",
        "example.c",
        "lib/libedgezoo.a",
        "-o",
        str(output),
    ]
    subprocess.run(command, check=True, cwd=folder)
    return output


def answers(command: list[str | Path], lines: list[str]) -> bytes:
    """What the example prints as bits, turned back into bytes."""
    run = subprocess.run(
        [*command, "--hex"], input="\n".join(lines).encode(), capture_output=True, check=True
    )
    return np.array([int(word, 16) for word in run.stdout.split()], dtype=np.uint32).tobytes()


def expected(bundle: Path, lines: list[str]) -> bytes:
    """The same of the native engine, through the SDK: vector, then probabilities, text by text."""
    with sdk.load(bundle) as model:
        rows = []
        if model.dim:
            rows.append(model.embed(lines))
        if model.labels:
            found = [list(answer.probabilities.values()) for answer in model.classify(lines)]
            rows.append(np.array(found, dtype=np.float32))
        return np.concatenate(rows, axis=1).tobytes()


@pytest.fixture(scope="module")
def aarch64(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recurrent model exported for aarch64, with its example compiled."""
    path = tmp_path_factory.mktemp("clib")
    (folder,) = export(lstm_checkpoint(path / "small-lstm"), "clib", "int8", path, target="aarch64-linux")
    program(folder, "-target", "aarch64-linux-musl", "-static")
    return folder


def test_this_machines_library_gives_the_sdks_bits(tmp_path: Path) -> None:
    (folder,) = export(lstm_checkpoint(tmp_path / "small-lstm"), "clib", "int8", tmp_path)
    bundle = folder / "small-lstm.ezb"
    assert answers([program(folder), bundle], LINES) == expected(bundle, LINES)


def test_aarch64_gives_the_same_bits(aarch64: Path) -> None:
    bundle = aarch64 / "small-lstm.ezb"
    assert answers(["qemu-aarch64", aarch64 / "example", bundle], LINES) == expected(bundle, LINES)


@pytest.mark.parametrize("name", ["static-en", "tinylstm"])
def test_aarch64_gives_the_same_bits_for_shipped_models(aarch64: Path, name: str) -> None:
    bundle = Path(registry.find(name))
    lines = LINES if name == "static-en" else LINES[:60]
    assert answers(["qemu-aarch64", aarch64 / "example", bundle], lines) == expected(bundle, lines)


def test_the_folder_is_complete(aarch64: Path) -> None:
    names = {str(path.relative_to(aarch64)) for path in aarch64.rglob("*") if path.is_file()} - {"example"}
    assert names == {
        *("include/engine.h", "include/module.modulemap", "lib/libedgezoo.a"),
        *("small-lstm.ezb", "example.c", "bench.c", "bench.txt", "card.json", "LICENSE"),
    }
    assert json.loads((aarch64 / "card.json").read_text())["precision"] == "int8"
    assert "Apache License" in (aarch64 / "LICENSE").read_text()
    assert shutil.which("qemu-aarch64")


@pytest.mark.parametrize("target", sorted(clib.TARGETS))
def test_every_target_compiles_to_a_small_library(target: str, tmp_path: Path) -> None:
    library = clib.archive(tmp_path / "libedgezoo.a", clib.TARGETS[target])
    assert library.read_bytes().startswith(b"!<arch>\n")
    assert 20_000 < library.stat().st_size < 300_000


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        export(static_checkpoint(tmp_path / "small"), "clib", "int4", tmp_path / name, target="aarch64-ios")[
            0
        ]
        for name in ("first", "second")
    )
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert all((first / path).read_bytes() == (second / path).read_bytes() for path in files)
