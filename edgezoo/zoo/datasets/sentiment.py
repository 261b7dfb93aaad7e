"""Sentiment: SST-2's labelled phrases (GLUE) and the sentences of IMDB's reviews, for a teacher to label."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import english, files

LABELS = ("negative", "positive")
TRAIN, DEV = "sentiment/sst2-train.tsv", "sentiment/sst2-dev.tsv"
REVIEWS = "sentiment/imdb-train.tsv"
REVIEW_LABELS = {"neg": 0, "0": 0, "pos": 1, "1": 1}
TEXT_COLUMNS = ("sentence", "text", "content")
SENTENCES = 600  # of SST-2 train, held out with all their phrases for choices
FEWEST_WORDS = 8  # of a whole sentence
SHARED_WORDS = 2  # a phrase of so many words or fewer may be in held-out sentences too
SOURCES = (
    ("SST-2 train", TRAIN, "Stanford Sentiment Treebank: research use, cite Socher et al. 2013"),
    ("IMDB train, sentences", REVIEWS, "aclImdb: no formal licence, cite Maas et al. 2011"),
)


@dataclass(frozen=True)
class Labelled:
    """Texts and the index of each one's label in `LABELS`."""

    texts: list[str]
    labels: list[int]

    def __len__(self) -> int:
        return len(self.texts)


def read(path: Path) -> Labelled:
    """A tab-separated file whose header row names a column `label` and one of sentence, text and content.

    GLUE's own files and their copies differ in order and name. Raises DataError for anything else.
    """
    rows = files.lines(path)
    header = next(rows, "").split("\t")
    columns_of_text = [header.index(name) for name in TEXT_COLUMNS if name in header]
    if "label" not in header or not columns_of_text:
        raise DataError(f"{path} has no header row with the columns label and sentence; add one")
    label, text = header.index("label"), columns_of_text[0]
    found = Labelled([], [])
    for number, line in enumerate(rows, start=2):
        columns = line.split("\t")
        if len(columns) != len(header) or columns[label] not in ("0", "1"):
            raise DataError(f"{path}, line {number}: expected a label 0 or 1 and a text; got {line[:80]!r}")
        found.texts.append(columns[text].strip())
        found.labels.append(int(columns[label]))
    return found


def held_out(train: Labelled, sentences: int = SENTENCES, seed: int = 1) -> tuple[Labelled, Labelled]:
    """SST-2 train without some whole sentences and their phrases, and those sentences with their phrases.

    SST-2 train has sentences and most of their phrases, each a row: a random part of it would have been seen
    in parts. The sentences come first in the second set.
    """
    whole = [text for text in train.texts if text.endswith(" .") and len(text.split()) >= FEWEST_WORDS]
    random.Random(seed).shuffle(whole)
    chosen = set(whole[:sentences])
    parts = {
        " ".join(words[first:last])
        for words in (text.split() for text in chosen)
        for first in range(len(words))
        for last in range(first + SHARED_WORDS + 1, len(words) + 1)
    }
    rows = list(zip(train.texts, train.labels, strict=True))
    kept = [row for row in rows if row[0] not in parts]
    other = [row for row in rows if row[0] in chosen] + [
        row for row in rows if row[0] in parts and row[0] not in chosen
    ]
    return _labelled(kept), _labelled(other)


def _labelled(rows: list[tuple[str, int]]) -> Labelled:
    return Labelled([text for text, _ in rows], [label for _, label in rows])


def review_sentences(path: Path, longest: int) -> Iterator[tuple[str, int]]:
    """Sentences of 3 to `longest` words of reviews, each with the index of its review's label in `LABELS`.

    The file is tab-separated with the columns `text` and `label` (neg or 0, pos or 1); line breaks of
    HTML are taken out. Raises DataError for anything else.
    """
    rows = files.lines(path)
    header = next(rows, "").split("\t")
    if not {"text", "label"} <= set(header):
        raise DataError(f"{path} has no header row with the columns text and label; add one")
    text_at, label_at = header.index("text"), header.index("label")
    for number, line in enumerate(rows, start=2):
        columns = line.split("\t")
        if len(columns) != len(header) or columns[label_at] not in REVIEW_LABELS:
            raise DataError(
                f"{path}, line {number}: expected a label neg or pos and a text; got {line[:80]!r}"
            )
        for sentence in english.SENTENCE_END.split(columns[text_at].replace("<br />", " ")):
            if 3 <= len(sentence.split()) <= longest:
                yield " ".join(sentence.split()), REVIEW_LABELS[columns[label_at]]


def reviewed(data: Path, longest: int, count: int, seed: int = 1) -> Labelled:
    """`count` different sentences that are not of SST-2 dev, with the labels of the reviews that have them.

    None where there are no reviews.
    """
    if files.find(data / REVIEWS) is None:
        return Labelled([], [])
    taboo = {english.normalised(text) for text in read(data / DEV).texts}
    first: dict[str, int] = {}
    for text, label in review_sentences(data / REVIEWS, longest):
        first.setdefault(text, label)
    found = [row for row in first.items() if english.normalised(row[0]) not in taboo]
    random.Random(seed).shuffle(found)
    return _labelled(found[:count])
