"""What a multilingual table learns from: records of every language, in batches of neighbours in meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edgezoo.zoo import clusters
from edgezoo.zoo.architectures.static_table import SPECIAL_ROWS, StaticTable
from edgezoo.zoo.datasets.tokenised import TokenisedCorpus
from edgezoo.zoo.datasets.translations import CORPUS, EMOJI, RECOMBINED, SENTENCE, SLANG, WORD, Records
from edgezoo.zoo.losses import contrast, cosine_error, misalignment, similarity_divergence
from edgezoo.zoo.projection import Projection
from edgezoo.zoo.teacher import SHARD, Vectors
from edgezoo.zoo.training import Settings

ENGLISH = 0  # index of the language
FEW = 50  # occurrences of a token beyond which texts say what it means
SLANG_GLOSSES = 3.0  # how much what an emoji is used for counts beside what it is called
PRIOR = 0.3  # sentences' worth of the mean vector that a token begins with


@dataclass(frozen=True)
class Shares:
    """Of the records of an epoch; within sentences and words languages count by a power of their number."""

    english: float = 0.27
    recombined: float = 0.2  # of the English
    words: float = 0.12
    emoji: float = 0.02
    slang: float = 0.01
    power: float = 0.5
    epoch: int = 600_000  # records
    alignment_weight: float = 1.0
    contrast_weight: float = 0.3
    cosine_weight: float = 0.0


class Joined:
    """The vectors of several sets of texts as one, half precision [n, D]."""

    def __init__(self, parts: Sequence[Vectors]) -> None:
        cut = (
            part[: vectors.count - 32768 * index]
            for vectors in parts
            for index, part in enumerate(vectors.parts)
        )
        self.vectors: NDArray[np.float16] = np.concatenate(list(cut))

    def __getitem__(self, rows: NDArray[np.int64]) -> Tensor:
        """Float32 vectors of `rows`, in any order."""
        return torch.from_numpy(self.vectors[rows].astype(np.float32))

    def blocks(self) -> Iterable[Tensor]:
        """All vectors, float32, some thousands at a time."""
        for first in range(0, len(self.vectors), SHARD):
            yield torch.from_numpy(self.vectors[first : first + SHARD].astype(np.float32))


def groups(
    records: Records, usable: NDArray[np.bool_], shares: Shares
) -> list[tuple[NDArray[np.int64], float]]:
    """Records that are drawn from alike, and the share of an epoch that they have."""
    english, kind = records.language == ENGLISH, records.kind
    found: list[tuple[NDArray[np.int64], float]] = []

    def add(chosen: NDArray[np.bool_], share: float) -> None:
        rows = np.flatnonzero(chosen & usable)
        if len(rows):
            found.append((rows, share))

    def add_languages(chosen: NDArray[np.bool_], share: float) -> None:
        counts = np.bincount(records.language[chosen & usable], minlength=len(records.languages))
        weights = np.where(counts > 0, counts.astype(float) ** shares.power, 0.0)
        for language in np.flatnonzero(counts):
            add(chosen & (records.language == language), share * weights[language] / weights.sum())

    add(english & np.isin(kind, (CORPUS, SENTENCE)), shares.english * (1 - shares.recombined))
    add(kind == RECOMBINED, shares.english * shares.recombined)
    rest = 1 - shares.english - shares.words - shares.emoji - shares.slang
    add_languages(~english & (kind == SENTENCE), rest)
    add_languages(kind == WORD, shares.words)
    add(~english & (kind == EMOJI), shares.emoji)
    add(~english & (kind == SLANG), shares.slang)
    return found


class Sampler:
    """The records of every step, a function of seed and step alone: epochs drawn anew, in batches of kin."""

    def __init__(
        self,
        records: Records,
        usable: NDArray[np.bool_],
        assigned: NDArray[np.int16],
        shares: Shares,
        settings: Settings,
    ) -> None:
        self.groups = groups(records, usable, shares)
        self.assigned, self.shares, self.settings = assigned[records.english], shares, settings
        self.epoch = -1
        self.batches: list[NDArray[np.int64]] = []
        self.per_epoch = len(self._draw(0))

    def _draw(self, epoch: int) -> list[NDArray[np.int64]]:
        random = np.random.default_rng((self.settings.seed, epoch))
        total = sum(share for _, share in self.groups)
        drawn = []
        for rows, share in self.groups:
            count = max(1, round(self.shares.epoch * share / total))
            drawn.append(random.choice(rows, count, replace=count > len(rows)))
        chosen = np.concatenate(drawn)
        seed = (self.settings.seed, epoch)
        found = clusters.batches(self.assigned[chosen], self.settings.batch, self.settings.runs, seed)
        return [chosen[rows] for rows in found]

    def __call__(self, step: int) -> NDArray[np.int64]:
        """The records of a step."""
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self.epoch:
            self.epoch, self.batches = epoch, self._draw(epoch)
        return self.batches[place % len(self.batches)]


@dataclass(frozen=True)
class Translations:
    """The lesson: every text, whatever its language, has the vector of its English.

    Translation distillation (Reimers & Gurevych, 2020) with four losses: the student's vector is the target,
    is nearer to it than to others of the batch, has the teacher's neighbours, and the teacher's cosines.
    """

    corpus: TokenisedCorpus
    vectors: Joined
    records: Records
    basis: Projection
    sampler: Sampler

    def __call__(self, model: StaticTable, step: int) -> dict[str, tuple[float, Tensor]]:
        """Weights and losses of a step."""
        rows = self.sampler(step)
        settings, shares = self.sampler.settings, self.sampler.shares
        student = model(*self.corpus.bags(rows))  # [batch, dimension]
        teacher = self.vectors[self.records.english[rows]]  # [batch, teacher's dimension]
        target = self.basis(teacher)
        divergence = similarity_divergence(student, teacher, settings.temperature)
        return {
            "misalignment": (shares.alignment_weight, misalignment(student, target)),
            "divergence": (settings.divergence_weight, divergence),
            "contrast": (shares.contrast_weight, contrast(student, target)),
            "cosine": (shares.cosine_weight, cosine_error(student, teacher)),
        }


def first_rows(
    corpus: TokenisedCorpus, records: Records, vectors: Joined, basis: Projection, tokens: int
) -> Tensor:
    """For each token the mean target of the texts that have it, float32 [tokens, dimension].

    A text counts for a token by the share of its tokens that it is. So translations agree from the start.
    """
    rows = torch.zeros(tokens, len(basis.components))
    counts = torch.zeros(tokens)
    block = 100_000
    for first in range(0, len(corpus), block):
        last = min(first + block, len(corpus))
        lengths = np.diff(corpus.offsets[first : last + 1])
        ids = torch.from_numpy(corpus.tokens[corpus.offsets[first] : corpus.offsets[last]].astype(np.int64))
        owners = torch.from_numpy(np.repeat(np.arange(last - first), lengths))
        shares = torch.from_numpy((1 / np.maximum(lengths, 1)).astype(np.float32))
        targets = basis(vectors[records.english[first:last]]) * shares[:, None]
        rows.index_add_(0, ids, targets[owners])
        counts.index_add_(0, ids, shares[owners])
    rows /= (counts + PRIOR)[:, None]
    rows[:SPECIAL_ROWS] = 0.0
    return rows


def settle_terms(rows: Tensor, corpus: TokenisedCorpus, records: Records) -> Tensor:
    """`rows` in which an emoji or short form that is one token means what its English glosses mean.

    Only of tokens that hardly occur otherwise: few texts speak for them, and the table's own words do it
    better than so few steps. A row keeps its length, and has at least the median one.
    """
    lengths = np.diff(corpus.offsets)
    listed = np.isin(records.kind, (EMOJI, SLANG)) & (records.language != ENGLISH)
    terms = np.flatnonzero(listed & (lengths == 1))
    english = np.flatnonzero(records.language == ENGLISH)
    gloss = dict(zip(records.english[english].tolist(), english.tolist(), strict=True))
    terms = np.array([term for term in terms.tolist() if int(records.english[term]) in gloss], np.int64)
    if not len(terms):
        return rows
    glosses = np.array([gloss[int(row)] for row in records.english[terms]])
    weights = np.where(records.kind[terms] == SLANG, SLANG_GLOSSES, 1.0).astype(np.float32)
    meaning = StaticTable(rows)(*corpus.bags(glosses)).detach() * torch.from_numpy(weights)[:, None]
    tokens = torch.from_numpy(corpus.tokens[corpus.offsets[terms]].astype(np.int64))
    sums = torch.zeros_like(rows).index_add_(0, tokens, meaning)
    elsewhere = np.bincount(corpus.tokens[np.repeat(~listed, lengths)], minlength=len(rows))
    settled = (sums.abs().sum(1) > 0) & torch.from_numpy(elsewhere < FEW)
    lengths_of_rows = rows.norm(dim=1)
    length = lengths_of_rows.clamp(min=float(lengths_of_rows[SPECIAL_ROWS:].median()))
    return torch.where(settled[:, None], functional.normalize(sums, dim=1) * length[:, None], rows)
