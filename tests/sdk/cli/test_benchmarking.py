"""`edgezoo bench` as people run it."""

import json
from pathlib import Path

import pytest

from edgezoo.benchmarks import budgets, report
from tests.sdk.cli.test_cli import edgezoo

QUICK = ("--runtime", "engine", "--quick")


@pytest.fixture
def tight(tmp_path: Path) -> Path:
    """Our budgets, but models may have a thousand bytes."""
    path = tmp_path / "tight.toml"
    path.write_text(budgets.FILE.read_text().replace("model = 10_000_000", "model = 1_000"))
    return path


def test_a_file_is_measured_and_the_report_written(small_bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = edgezoo("bench", small_bundle, *QUICK, "--json", "--check", "--out", out)
    found = report.read(out)
    assert json.loads(done.stdout) == found
    (entry,) = found["results"]
    assert (entry["model"], entry["status"]) == ("small.ezb", "measured")


def test_a_broken_budget_is_status_1_and_a_table(small_bundle: Path, tight: Path) -> None:
    done = edgezoo("bench", small_bundle, *QUICK, "--check", "--budgets", tight, status=1)
    header, line = done.stdout.splitlines()[-2:]
    assert header.split() == ["budget", "broken", "what", "found", "allowed"]
    assert line.split()[:3] == ["small.ezb", "engine", "size"]
    assert line.endswith("1000 bytes")


def test_an_unknown_runtime_is_named() -> None:
    assert "'tensorflow' is none of" in edgezoo("bench", "--runtime", "tensorflow", status=2).stderr
