"""Sentiment files of any column order, and a held-out part whose phrases were not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import sentiment
from edgezoo.zoo.datasets.sentiment import Labelled


@pytest.mark.parametrize("header", ["label\tsentence", "label\tcontent"])
def test_rows_are_read_by_their_header(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.tsv").write_text(f"{header}\n1\tgood fun \n0\tdull\n")
    assert sentiment.read(tmp_path / "a.tsv") == Labelled(["good fun", "dull"], [1, 0])


def test_the_columns_may_be_in_glue_s_order(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("sentence\tlabel\ngood fun \t1\n")
    assert sentiment.read(tmp_path / "a.tsv") == Labelled(["good fun"], [1])


@pytest.mark.parametrize("text", ["good\t1\n", "label\tsentence\n2\tgood\n", "label\tsentence\n1\n"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(DataError, match=r"a\.tsv"):
        sentiment.read(tmp_path / "a.tsv")


def test_held_out_sentences_take_their_phrases_with_them() -> None:
    whole = "a film that is never dull and often funny ."
    other = "the plot of this other film is thin and silly ."
    train = Labelled(
        [whole, "never dull and often", "often funny", "thin and silly .", other, "of this other", "fine"],
        [1, 1, 1, 0, 0, 0, 1],
    )
    kept, held_out = sentiment.held_out(train, sentences=1)
    assert held_out.texts[0] in (whole, other)
    mine = [text for text in train.texts if text in held_out.texts[0] and len(text.split()) > 2]
    assert sorted(held_out.texts) == sorted(mine)
    assert set(kept.texts) == set(train.texts) - set(mine)
    labels = dict(zip(train.texts, train.labels, strict=True))
    assert [labels[text] for text in (*kept.texts, *held_out.texts)] == kept.labels + held_out.labels


def test_review_sentences_are_short_different_and_not_of_the_test_set(tmp_path: Path) -> None:
    (tmp_path / "sentiment").mkdir()
    (tmp_path / sentiment.DEV).write_text("label\tsentence\n1\tA fine film !\n")
    reviews = [
        "label\tid\tscore\ttext",
        "pos\t1\t9\tA fine film! I liked it a lot.<br /><br />Too short. I liked it a lot.",
        "neg\t2\t2\tThis sentence is far too long to be among those that are wanted here. What a mess!",
    ]
    (tmp_path / sentiment.REVIEWS).write_text("\n".join(reviews) + "\n")
    found = sentiment.reviewed(tmp_path, longest=6, count=10)
    assert sorted(zip(found.texts, found.labels, strict=True)) == [
        ("I liked it a lot.", 1),  # with the label of its review
        ("What a mess!", 0),
    ]
    assert sentiment.reviewed(tmp_path, longest=6, count=1).texts[0] in found.texts
    assert sentiment.reviewed(tmp_path / "sentiment", longest=6, count=1).texts == []


@pytest.mark.parametrize("row", ["good\tA fine film.", "pos"])
def test_a_review_without_a_label_or_a_text_is_an_error_with_its_line(tmp_path: Path, row: str) -> None:
    (tmp_path / "sentiment").mkdir()
    (tmp_path / sentiment.DEV).write_text("label\tsentence\n1\tA fine film !\n")
    (tmp_path / sentiment.REVIEWS).write_text(f"label\ttext\npos\tFine.\n{row}\n")
    with pytest.raises(DataError, match="line 3"):
        sentiment.reviewed(tmp_path, longest=6, count=10)
