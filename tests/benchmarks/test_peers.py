"""Peers are measured by the same code as the models; the cheapest one stands for all."""

from pathlib import Path

import pytest

from edgezoo.benchmarks import peers, report
from edgezoo.benchmarks.measurement import Effort
from edgezoo.errors import InputError
from edgezoo.zoo.evaluation import stored

LITTLE = Effort(rounds=2, calls=3, batch_rounds=1)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE", str(tmp_path / "cache"))


def test_a_peer_is_made_once_and_measured() -> None:
    entry = peers.measure("BM25", LITTLE)
    assert entry["status"] == "measured"
    assert entry["quality"]["scores"]["stsb-test"]["spearman"] > 0.5
    report.validate(report.build([entry]))
    made = peers.prepared("BM25")
    assert peers.prepared("BM25") == made
    assert list(made.parent.iterdir()) == [made]  # nothing half-made is left


def test_a_peer_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bm25s.py").write_text("raise ModuleNotFoundError('no', name='bm25s')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    entry = peers.measure("BM25", LITTLE)
    assert entry["status"] == "missing"
    assert "pip install" in entry["message"]


def test_peers_have_the_quality_that_was_measured_of_them() -> None:
    names = {peer.baseline for peer in peers.PEERS.values() if peer.baseline}
    assert names <= set(stored("baselines.json"))
    with pytest.raises(InputError, match="no peer 'word2vec'"):
        peers.main(["word2vec", "folder"])
