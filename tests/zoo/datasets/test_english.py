"""The corpus: deduplicated, decontaminated, shuffled, its licences listed."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import english


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "english").mkdir()
    (tmp_path / "sts").mkdir()
    with lzma.open(tmp_path / "english" / "sentences.txt.xz", "wt", encoding="utf-8") as file:
        file.write("A  man\tis playing.\nA MAN is playing.\nThe held-out sentence!\nhi\n" + "x" * 601 + "\n")
    articles = [
        {"text": "One sentence stands here. Another follows it.\nShort."},
        {"text": "A man is playing."},
    ]
    (tmp_path / "english" / "wikipedia.jsonl").write_text("\n".join(map(json.dumps, articles)))
    (tmp_path / "mine.txt").write_text("My own text.\n")
    rows = "score\tsentence1\tsentence2\n5.0\tthe held out, SENTENCE\tMy other text.\n"
    (tmp_path / "sts" / "stsb-dev.tsv").write_text(rows)
    return tmp_path


def test_texts_are_unique_clean_and_not_those_of_the_evaluation(data: Path, tmp_path: Path) -> None:
    english.build(data, tmp_path / "work")
    texts = (tmp_path / "work" / "texts.txt").read_text().splitlines()
    expected = ["A man is playing.", "One sentence stands here.", "Another follows it.", "My own text."]
    assert sorted(texts) == sorted(expected)


def test_sources_say_how_many_texts_and_which_licence(data: Path, tmp_path: Path) -> None:
    english.build(data, tmp_path / "work")
    rows = json.loads((tmp_path / "work" / "sources.json").read_text())
    assert [(row["name"], row["texts"]) for row in rows] == [("sentences", 1), ("wikipedia", 2), ("mine", 1)]
    assert rows[1]["licence"] == "CC BY-SA 3.0"
    assert rows[2]["licence"] == "not stated"


def test_a_corpus_that_exists_is_kept(data: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "texts.txt").write_text("kept\n")
    english.build(data, tmp_path / "work")
    assert (tmp_path / "work" / "texts.txt").read_text() == "kept\n"


def test_no_text_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no training text"):
        english.build(tmp_path, tmp_path / "work")


def test_readers_take_sentences_and_leave_labels(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("a dog runs\tan animal moves\t0\nshort\tno\tentailment\n")
    assert list(english.sentences_of_pairs(tmp_path / "pairs.tsv")) == ["a dog runs", "an animal moves"]
    (tmp_path / "glosses.tsv").write_text("synset\tmembers\tdefinition\n1\tdog\ta tame animal\n")
    assert list(english.glosses(tmp_path / "glosses.tsv")) == ["a tame animal"]
