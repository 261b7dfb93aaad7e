"""The C library's own bench program: a report as edgezoo bench writes it, without Python."""

import json
import subprocess
from pathlib import Path

import pytest

from edgezoo.benchmarks import report
from edgezoo.benchmarks.measurement import FULL_TOKENS
from edgezoo.benchmarks.texts import TWEETS, short_texts
from edgezoo.exporters import clib, export
from edgezoo.runtimes.engine import build
from tests.checkpoints import lstm_checkpoint, static_checkpoint
from tests.exporters.test_clib import STRICT


def compiled(folder: Path, *flags: str) -> Path:
    output = folder / "bench"
    names = ("bench.c", "lib/libedgezoo.a", "-lm", "-o", str(output))
    subprocess.run([*build.compiler(), *flags, *STRICT, "-Iinclude", *names], check=True, cwd=folder)
    return output


def test_the_program_prints_a_valid_report(tmp_path: Path) -> None:
    (folder,) = export(lstm_checkpoint(tmp_path / "small-lstm"), "clib", "int8", tmp_path)
    command: list[str | Path] = [compiled(folder), folder / "small-lstm.ezb", folder / "bench.txt"]
    run = subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "c.json").write_bytes(run.stdout)
    found = report.read(tmp_path / "c.json")
    (entry,) = found["results"]
    assert (found["producer"], entry["model"], entry["precision"]) == ("c", "small-lstm", "int8")
    assert entry["family"] == "tiny-lstm"
    total = entry["latency_metrics"]["short"]["total"]
    assert sorted(total["samples_us"])[0] == pytest.approx(1000 * total["min_ms"], abs=0.01)
    assert FULL_TOKENS - 20 < entry["latency_metrics"]["full"]["tokens"] <= FULL_TOKENS
    assert 0 < entry["memory_metrics"]["init_footprint_kb"] < 5000
    refused = subprocess.run([command[0], command[2], command[2]], capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "not an edgezoo bundle" in refused.stderr


def test_it_runs_on_aarch64_too(tmp_path: Path) -> None:
    (folder,) = export(
        static_checkpoint(tmp_path / "small"), "clib", "int8", tmp_path, target="aarch64-linux"
    )
    program = compiled(folder, "-target", "aarch64-linux-musl", "-static")
    command: list[str | Path] = ["qemu-aarch64", program, folder / "small.ezb", folder / "bench.txt"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    report.validate(found)
    assert found["device"]["isa"] == "simd128"


def test_the_texts_are_those_of_edgezoo_bench() -> None:
    lines = (Path(clib.__file__).parent / "clib_bench.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [*TWEETS, " ".join(short_texts(400)[::13])]
