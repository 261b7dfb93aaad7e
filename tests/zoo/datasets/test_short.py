"""Short texts are the first ones of the corpus that are short, in its order."""

from __future__ import annotations

from pathlib import Path

from edgezoo.zoo.datasets import short


def test_the_first_short_texts_are_taken_in_order(tmp_path: Path) -> None:
    texts = ["one two", "one two three", "a b c d e f", "this one fits", "so does this one"]
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n")
    assert short.build(tmp_path, longest=4, count=2) == 2
    assert (tmp_path / short.FILE).read_text() == "one two three\nthis one fits\n"


def test_what_exists_is_kept(tmp_path: Path) -> None:
    (tmp_path / short.FILE).write_text("kept as it is\n")
    assert short.build(tmp_path, longest=4, count=9) == 1
