"""Recombined sentences: groups that share words, reproducible, without a sentence of the evaluation."""

import random
from pathlib import Path

import pytest

from edgezoo.zoo.datasets import english, files, recombined, sts

CAPTIONS = [
    "two dogs run across the wide green field",
    "a woman in red plays the violin",
    "the old man sits on a bench",
    "children jump into the cold lake",
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with pairs of captions, a label in the third column."""
    folder = tmp_path / "data"
    (folder / "english" / "pairs").mkdir(parents=True)
    rows = [f"{CAPTIONS[0]}\t{CAPTIONS[1]}\t0", f"{CAPTIONS[2]}\t{CAPTIONS[3]}\t1", "Too short.\tNo.\t2"]
    (folder / "english" / "pairs" / "snli-dev-test.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_a_group_shares_halves_or_all_but_one_word() -> None:
    for text, begin, end, word in recombined.recombine(CAPTIONS, 40, seed=3):
        words = text.split()
        assert begin.split()[:2] == words[:2]
        assert end.split()[-2:] == words[-2:]
        replaced = word.split()
        assert len(replaced) == len(words)
        assert sum(a != b for a, b in zip(words, replaced, strict=True)) <= 1


def test_a_seed_decides_everything() -> None:
    first, again, other = (list(recombined.recombine(CAPTIONS, 20, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_neither_half_is_empty() -> None:
    draw = random.Random(0)
    for _ in range(100):
        begin, end = recombined.halves("one two three four", draw)
        assert begin
        assert end
        assert begin + end == ["one", "two", "three", "four"]


def test_a_text_without_a_longer_word_stays() -> None:
    assert recombined.replace_word("I am on it", "violin", random.Random(0)) == "I am on it"


def test_groups_lie_together_in_a_file(data: Path, tmp_path: Path) -> None:
    count = recombined.build(data, tmp_path / "work")
    lines = list(files.lines(tmp_path / "work" / recombined.FILE))
    assert len(lines) == count == recombined.GROUP * 60_000
    assert lines[:: recombined.GROUP][:4] == CAPTIONS
    assert recombined.build(tmp_path / "nowhere", tmp_path / "work") == count, "what exists is kept"
    assert recombined.sources(tmp_path / "work")[0]["texts"] == count


def test_no_sentence_of_the_evaluation_is_made(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = "Two dogs run across into the cold lake!"
    monkeypatch.setattr(sts, "evaluation_sentences", lambda data: [held_out, CAPTIONS[1]])
    recombined.build(data, tmp_path / "work")
    made = {english.normalised(line) for line in files.lines(tmp_path / "work" / recombined.FILE)}
    assert english.normalised(CAPTIONS[0]) in made
    assert made.isdisjoint({english.normalised(held_out), english.normalised(CAPTIONS[1])})


def test_without_captions_nothing_is_made(tmp_path: Path) -> None:
    assert recombined.build(tmp_path / "empty", tmp_path / "work") == 0
    assert recombined.sources(tmp_path / "work") == []
