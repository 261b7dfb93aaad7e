"""The latency report compares like with like."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.benchmarks import latency, machine
from edgezoo.benchmarks.texts import TWEETS, short_texts


def test_the_peer_computes_the_same_vectors(small_bundle: Path) -> None:
    """Same vocabulary and table, so on plain ASCII both must agree up to rounding."""
    texts = ["the cat sat on the mat.", "hello, good world!"]
    with sdk.load(small_bundle) as model:
        theirs, _ = latency.model2vec_peer(model)
        np.testing.assert_allclose(theirs(texts), model.embed(texts), atol=1e-5)


def test_the_faster_one_has_a_ratio_above_one() -> None:
    def quick(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.zeros((len(texts), 1), np.float32)

    def slow(texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        sum(range(2000))
        return quick(texts)

    figures = latency.compare(quick, slow, [["a"], ["b"]], repeats=5)
    assert figures["ratio"] > 1
    assert figures["edgezoo_us"] < figures["model2vec_us"]


def test_a_report_is_written(
    small_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("BATCH", 20), ("ROUNDS", 1), ("CALLS", 1)):
        monkeypatch.setattr(latency, name, value)
    monkeypatch.setattr(machine, "STARTS", 1)
    out = tmp_path / "latency.json"
    monkeypatch.setattr("sys.argv", ["latency", str(small_bundle), "--out", str(out)])
    latency.main()
    report = json.loads(out.read_text())
    assert json.loads(capsys.readouterr().out) == report
    assert set(report) == {"model", "device", "versions", "one_tweet", "batch_of_10000_short_texts", "start"}
    assert report["start"]["load_and_embed_ms"] > 0


def test_the_texts_are_what_they_are_called() -> None:
    assert all(80 <= len(tweet) <= 280 for tweet in TWEETS)
    assert len(set(short_texts(10_000))) == 10_000
