"""Figures across languages on data whose right answers are known."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgezoo.errors import DataError
from edgezoo.zoo import evaluation
from edgezoo.zoo.datasets import sts, translations
from edgezoo.zoo.evaluation import multilingual

SENTENCES = [f"sentence number {number} about {topic}" for number in range(600) for topic in ("soup", "rain")]
HELD = [text for text in SENTENCES if translations.held_out(text)]


def perfect(texts: list[str]) -> NDArray[np.float32]:
    """A vector for each sentence, whatever its language, drawn from its number and topic."""
    rows = []
    for text in texts:
        seed = zlib.crc32(text.removeprefix("xb ").encode())
        rows.append(np.random.default_rng(seed).standard_normal(48))
    return np.array(rows, np.float32)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("multilingual", "sts", "sentiment"):
        (tmp_path / folder).mkdir()
    rows = [f"made\txb\t{text}\txb {text}" for text in SENTENCES]
    rows += [f"made\txc\t{text}\txc {text}" for text in HELD[:20]]
    (tmp_path / "multilingual/parallel.tsv").write_text("\n".join(rows) + "\n")
    lines = ["split\tlang\tscore\tsentence1\tsentence2"]
    for split in ("dev", "test"):
        for language in ("en", "xb"):
            lines += [f"{split}\t{language}\t5\tsame {n}\tsame {n}" for n in range(3)]
            lines += [f"{split}\t{language}\t{n / 10}\tone {n}\tother {n}" for n in range(3)]
    (tmp_path / sts.MULTILINGUAL).write_text("\n".join(lines) + "\n")
    moods = [("positive", "good"), ("negative", "bad"), ("neutral", "so so")] * 40
    (tmp_path / multilingual.TWEETS).write_text("".join(f"{mood}\t{text}\n" for mood, text in moods))
    return tmp_path


def test_a_model_that_knows_translations_finds_them_all(data: Path) -> None:
    report = multilingual.evaluate(perfect, data)
    assert list(report["retrieval"]) == ["xb"]  # of xc too few are held out
    assert report["retrieval"]["xb"] == {"accuracy": 1.0, "queries": len(HELD), "candidates": len(HELD)}
    assert report["similarity"]["stsb-test"]["xb"]["spearman"] > 0.5
    assert set(report["similarity"]) == {"stsb-dev", "stsb-test"}
    assert report["tweets"] == {"accuracy": 1.0, "tested": 24, "trained": 96}


def test_a_model_that_knows_nothing_finds_few(data: Path) -> None:
    def ignorant(texts: list[str]) -> NDArray[np.float32]:
        return np.random.default_rng(len(texts[0])).standard_normal((len(texts), 48)).astype(np.float32)

    assert multilingual.evaluate(ignorant, data)["retrieval"]["xb"]["accuracy"] < 0.1


def test_candidates_are_filled_up_with_sentences_of_other_languages(data: Path) -> None:
    found: dict[str, int] = {}

    def compare(left: list[str], right: list[str]) -> NDArray[np.float64]:
        found[left[0][:2]] = len(right)
        assert len(set(right)) == len(right)
        return np.eye(len(left), len(right))

    extra = [f"made\txd\t{text}\txd {text}" for text in HELD[:60]]
    path = data / "multilingual/parallel.tsv"
    path.write_text(path.read_text() + "\n".join(extra) + "\n")
    results = multilingual.retrieval(compare, data)
    assert results["xd"] == {"accuracy": 1.0, "queries": 60, "candidates": len(HELD)}
    assert found == {"xb": len(HELD), "xd": len(HELD)}


def test_malformed_rows_are_named(data: Path) -> None:
    (data / sts.MULTILINGUAL).write_text("dev\ten\tfour\tone\ttwo\n")
    with pytest.raises(DataError, match="line 1"):
        sts.read_multilingual(data, "dev")
    (data / multilingual.TWEETS).write_text("nothing but a label\n")
    with pytest.raises(DataError, match="label and text"):
        multilingual.tweets(perfect, data)


def test_published_figures_have_a_source() -> None:
    for entry in evaluation.stored("multilingual_published.json"):
        assert entry["source"].startswith("https://")
        assert 0 < entry["sts17_mean"] < 1
