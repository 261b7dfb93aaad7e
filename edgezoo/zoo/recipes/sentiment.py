"""What a small classifier learns sentiment from: labelled phrases, and a teacher's logits of more text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.zoo.architectures.tiny_lstm import TinyLstm
from edgezoo.zoo.datasets import files, sentiment
from edgezoo.zoo.datasets.sentiment import Labelled
from edgezoo.zoo.losses import classification_error, logit_divergence
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import sentiment_teacher
from edgezoo.zoo.recipes.sentences import ragged
from edgezoo.zoo.recipes.sentiment_teacher import TeacherSettings

UNLABELLED = -100
HELD_OUT = 2000  # rows for choices, whole sentences first


@dataclass(frozen=True)
class SentimentCourse:
    """Which texts, how the teacher learns, and what of it the student learns."""

    reviews: int = 65_536  # sentences of reviews that the teacher labels
    longest: int = 24  # words of such a sentence
    batch: int = 512
    review_evidence: float = 1.2  # log-odds that a review's label adds to what the teacher says of a sentence
    reviewed: float = 0.5  # share of review sentences in a batch
    gold_weight: float = 0.5  # of cross-entropy with the labels of phrases
    divergence_weight: float = 1.0  # of the teacher's distribution
    held_out: int = sentiment.SENTENCES  # sentences of SST-2 train, with their phrases, kept for choices
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """Texts as flat tokens and where each begins, gold labels (or -100), and a teacher's logits [n, 2]."""

    tokens: Tensor
    offsets: Tensor
    labels: Tensor
    logits: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Flat tokens and lengths of some texts."""
        starts, lengths = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        begins = lengths.cumsum(0) - lengths
        places = torch.repeat_interleave(starts - begins, lengths) + torch.arange(int(lengths.sum()))
        return self.tokens[places], lengths


@dataclass(frozen=True)
class SentimentMaterial:
    """A course made ready; `judge` knows the held-out rows, `sources` are rows of the card's table."""

    phrases: Examples
    reviews: Examples
    judge: SentimentJudge
    sources: list[dict[str, Any]]
    teacher_accuracy: float  # on the held-out rows


class SentimentJudge:
    """Accuracy of a model on held-out rows of SST-2 train, as "dev"."""

    def __init__(self, tokenizer: Tokenizer, held_out: Labelled) -> None:
        self.texts = ragged(tokenizer, held_out.texts)
        self.labels = torch.tensor(held_out.labels)

    def __call__(self, model: TinyLstm) -> dict[str, float]:
        """{"dev": 0 to 1}."""
        found = model.classify(*model.encode(*self.texts)).argmax(1)
        return {"dev": float((found == self.labels).float().mean())}


class Sentiment:
    """The lesson of sentiment: batches of phrases and review sentences."""

    def __init__(self, material: SentimentMaterial, course: SentimentCourse) -> None:
        self.material, self.course = material, course
        reviews = int(course.batch * course.reviewed) if len(material.reviews) else 0
        self.sizes = (course.batch - reviews, reviews)

    def __call__(self, model: TinyLstm, step: int) -> dict[str, Tensor]:
        """The weighted losses of a step."""
        parts = []
        for examples, size in zip((self.material.phrases, self.material.reviews), self.sizes, strict=True):
            if size:
                rows = _rows(len(examples), size, step, self.course.seed)
                parts.append((*examples.take(rows), examples.labels[rows], examples.logits[rows]))
        tokens, lengths, labels, wanted = (torch.cat(column) for column in zip(*parts, strict=True))
        found = model.classify(*model.encode(tokens, lengths)).float()
        return {
            "cross_entropy": self.course.gold_weight * classification_error(found, labels),
            "sentiment": self.course.divergence_weight * logit_divergence(found, wanted),
        }


def _rows(count: int, size: int, step: int, seed: int) -> Tensor:
    """Rows of a step: the epochs' permutations end to end, cut in pieces of `size`."""
    first = step * size
    found: list[int] = []
    while len(found) < size:
        epoch, place = divmod(first + len(found), count)
        order = _permutation(count, epoch, seed)
        found += order[place : place + size - len(found)].tolist()
    return torch.tensor(found)


_kept: dict[tuple[int, int, int], NDArray[np.int64]] = {}


def _permutation(count: int, epoch: int, seed: int) -> NDArray[np.int64]:
    key = (count, epoch, seed)
    if key not in _kept:
        if len(_kept) > 8:
            _kept.clear()
        _kept[key] = np.random.default_rng(key).permutation(count)
    return _kept[key]


def prepare(
    course: SentimentCourse, tokenizer: Tokenizer, data: Path, work: Path, teacher: str | None, bars: Bars
) -> SentimentMaterial:
    """The teacher, its labels and tokens, kept in `work`/sentiment for every recipe."""
    place = work / "sentiment"
    place.mkdir(parents=True, exist_ok=True)
    train, held_out = sentiment.held_out(sentiment.read(data / sentiment.TRAIN), course.held_out)
    judged = Labelled(held_out.texts[:HELD_OUT], held_out.labels[:HELD_OUT])
    reviews = sentiment.reviewed(data, course.longest, course.reviews)
    expert = sentiment_teacher.train(train, course.teacher, place, teacher, bars)
    phrase_logits = sentiment_teacher.label(expert, train.texts, place / "phrases", bars)
    review_logits = sentiment_teacher.label(expert, reviews.texts, place / "reviews", bars)
    review_logits = review_logits + course.review_evidence * _sides(reviews.labels)
    judged_logits = sentiment_teacher.label(expert, judged.texts, place / "held-out", bars)
    right = judged_logits.argmax(1) == np.array(judged.labels)
    counts = (len(train), len(reviews))
    return SentimentMaterial(
        _examples(tokenizer, train.texts, train.labels, phrase_logits),
        _examples(tokenizer, reviews.texts, [UNLABELLED] * len(reviews), review_logits),
        SentimentJudge(tokenizer, judged),
        [
            {"name": name, "texts": count, "licence": licence}
            for (name, file, licence), count in zip(sentiment.SOURCES, counts, strict=True)
            if count and files.find(data / file)
        ],
        round(float(right.mean()), 6) if len(right) else 0.0,
    )


def _sides(labels: list[int]) -> NDArray[np.float32]:
    """Logits [n, 2] one apart, in favour of the labels."""
    found: NDArray[np.float32] = (np.eye(2, dtype=np.float32)[labels] - np.float32(0.5)).reshape(-1, 2)
    return found


def _examples(
    tokenizer: Tokenizer, texts: list[str], labels: list[int], logits: NDArray[np.float32]
) -> Examples:
    tokens, lengths = ragged(tokenizer, texts)
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    return Examples(tokens, offsets, torch.tensor(labels, dtype=torch.int64), torch.from_numpy(logits))
