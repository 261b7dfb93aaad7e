"""Semantic textual similarity: pairs of sentences with a score from 0 to 5."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import files

FILES = {
    "stsb-dev": "sts/stsb-dev.tsv",
    "stsb-test": "sts/stsb-test.tsv",
    "sts12": "sts/sts12-test.tsv",
    "sts13": "sts/sts13-test.tsv",
    "sts14": "sts/sts14-test.tsv",
    "sts15": "sts/sts15-test.tsv",
    "sts16": "sts/sts16-test.tsv",
}
MULTILINGUAL = "sts/stsb-multilingual.tsv"
HEADER = ["score", "sentence1", "sentence2"]


@dataclass(frozen=True)
class Pairs:
    """Sentence pairs and their scores, index by index."""

    left: list[str]
    right: list[str]
    scores: list[float]


def read(data: Path, name: str) -> Pairs:
    """One of `FILES` from a data directory.

    The file has tab-separated columns `score sentence1 sentence2` (more may follow) and a header row.
    Raises DataError if it is missing or a row is malformed.
    """
    pairs = Pairs([], [], [])
    path = data / FILES[name]
    for number, line in enumerate(files.lines(path), start=1):
        columns = line.split("\t")
        if number == 1 and columns[:3] == HEADER:
            continue
        try:
            score, left, right = float(columns[0]), columns[1], columns[2]
        except (ValueError, IndexError):
            raise DataError(
                f"{path}, line {number}: expected score, sentence1, sentence2; got {line[:80]!r}"
            ) from None
        pairs.scores.append(score)
        pairs.left.append(left)
        pairs.right.append(right)
    return pairs


def read_multilingual(data: Path, split: str) -> dict[str, Pairs]:
    """stsb-multi-mt from a data directory, by language: `split` is "dev" or "test".

    The file has tab-separated columns `split lang score sentence1 sentence2` and a header row. Raises
    DataError if it is missing or a row is malformed.
    """
    found: dict[str, Pairs] = {}
    path = data / MULTILINGUAL
    for number, line in enumerate(files.lines(path), start=1):
        columns = line.split("\t")
        if number == 1 and columns[0] == "split":
            continue
        try:
            own, language, score, left, right = columns
            value = float(score)
        except ValueError:
            raise DataError(
                f"{path}, line {number}: expected split, lang, score and two sentences; got {line[:80]!r}"
            ) from None
        if own == split:
            pairs = found.setdefault(language, Pairs([], [], []))
            pairs.scores.append(value)
            pairs.left.append(left)
            pairs.right.append(right)
    return found


def evaluation_sentences(data: Path) -> Iterator[str]:
    """Every sentence of every evaluation file under `data`/sts, for decontamination.

    The columns are those whose name in the header row begins with "sentence".
    """
    for path in sorted((data / "sts").glob("*.tsv*")):
        rows = files.lines(path.with_name(path.name.removesuffix(".xz")))
        header = next(rows, "").split("\t")
        wanted = [index for index, name in enumerate(header) if name.startswith("sentence")]
        if not wanted:
            raise DataError(f"{path} has no header row that names a column sentence1; add one")
        for line in rows:
            columns = line.split("\t")
            yield from (columns[index] for index in wanted)
