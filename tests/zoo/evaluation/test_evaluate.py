"""`evaluate` measures a bundle through the SDK and cites what it is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgezoo import sdk
from edgezoo.bundle.reader import read_bundle
from edgezoo.errors import DataError
from edgezoo.zoo import evaluation
from edgezoo.zoo.datasets import sts
from edgezoo.zoo.evaluation.correlation import evaluate_pairs

ROWS = ["5\tthe cat\tthe cats", "0\tgood world\ton mat", "3\thello world\thello!", "2\tcat sat\tcat"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "sts").mkdir()
    for place, file in enumerate(sts.FILES.values()):
        (tmp_path / file).write_text("\n".join(ROWS[: 3 + place % 2]) + "\n")
    return tmp_path


def test_the_report_names_the_bundle_and_has_every_set(small_bundle: Path, data: Path) -> None:
    report = evaluation.evaluate(str(small_bundle), data)
    assert report["model"] == "small"
    assert report["precision"] == "int8"
    assert report["bundle_sha256"] == read_bundle(small_bundle).header.sha256.hex()
    assert set(report["results"]) == set(sts.FILES)
    with sdk.load(str(small_bundle)) as model:
        expected = evaluate_pairs(model.embed, sts.read(data, "sts13"))
    assert report["results"]["sts13"] == expected
    assert evaluation.evaluate(str(small_bundle), data) == report


def test_baselines_were_measured_on_the_same_sets_and_published_figures_have_a_source() -> None:
    for results in evaluation.stored("baselines.json").values():
        assert set(results) == set(sts.FILES)
    for entry in evaluation.stored("published.json"):
        assert entry["source"].startswith("https://")


def test_a_missing_set_is_an_error(small_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        evaluation.evaluate(str(small_bundle), tmp_path)
