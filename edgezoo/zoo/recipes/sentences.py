"""What a recurrent student learns sentence vectors from: short texts, recombined ones, and the teacher."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.errors import DataError
from edgezoo.zoo import clusters, projection, registry
from edgezoo.zoo.architectures.tiny_lstm import TinyLstm
from edgezoo.zoo.datasets import english, files, recombined, short, sts
from edgezoo.zoo.datasets.sts import Pairs
from edgezoo.zoo.datasets.tokenised import MAX_TOKENS, TokenisedCorpus, tokenise
from edgezoo.zoo.evaluation.correlation import correlate, cosines
from edgezoo.zoo.losses import EMBEDDING_LOSSES
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.projection import Projection
from edgezoo.zoo.teacher import Vectors, encode_corpus
from edgezoo.zoo.training import Curriculum, Lessons, Settings


@dataclass(frozen=True)
class Course:
    """Which texts, and in which batches."""

    start: str = "static-en"  # the model of the zoo whose tokens, rows and basis are the beginning
    texts: int = 655_360  # of the corpus, short ones, that the teacher reads
    longest: int = 24  # words
    recombined: int = 131_072
    clusters: int = 256
    sample: int = 100_000  # teacher vectors for k-means
    settings: Settings = field(default_factory=lambda: Settings(batch=1024))


@dataclass(frozen=True)
class Material:
    """A course made ready: tokens, first rows [V, E], the basis of targets, lessons, and STS-B dev."""

    tokenizer: Tokenizer
    table: Tensor
    basis: Projection
    corpus: Lessons
    recombined: Lessons | None
    dev: Pairs | None

    @property
    def texts(self) -> int:
        """How many texts there are to learn from, recombined ones included."""
        more = self.recombined.vectors.count if self.recombined else 0
        return self.corpus.vectors.count + more


def start(name: str) -> tuple[Tokenizer, Tensor, Projection]:
    """Tokens, rows [V, E] float32 and basis of a static table: a name of the zoo, or its directory.

    Raises DataError without it.
    """
    place = Path(name) if Path(name).is_dir() else Path(registry.MODELS) / name
    if not (place / "checkpoint.safetensors").is_file():
        raise DataError(f"{place} has no checkpoint; train it first: edgezoo train {name} --out {place}")
    rows = load_file(place / "checkpoint.safetensors")["embedding"].float()
    return Tokenizer.from_file(str(place / "tokenizer.json")), rows, projection.load(place / "pca.npz")


def prepare(course: Course, data: Path, work: Path, teacher: str | None, bars: Bars) -> Material:
    """Texts, the teacher's vectors of them, tokens and clusters, all kept in `work` for every recipe."""
    bars("corpus", 0, 1)
    english.build(data, work)
    count = short.build(work, course.longest, course.texts)
    bars("corpus", 1, 1)
    tokenizer, table, basis = start(course.start)
    first = _lessons(work / short.FILE, count, course, tokenizer, basis, teacher, bars, None)
    sample = first.vectors[np.arange(min(count, course.sample))]
    made = min(recombined.build(data, work), course.recombined) // recombined.GROUP * recombined.GROUP
    more = None
    if made:
        more = _lessons(work / recombined.FILE, made, course, tokenizer, basis, teacher, bars, sample)
    known = files.find(data / sts.FILES["stsb-dev"])
    return Material(tokenizer, table, basis, first, more, sts.read(data, "stsb-dev") if known else None)


def _lessons(
    texts: Path,
    count: int,
    course: Course,
    tokenizer: Tokenizer,
    basis: Projection,
    teacher: str | None,
    bars: Bars,
    sample: Tensor | None,
) -> Lessons:
    """Lessons of one file; in groups where there is a `sample` to cluster by, that of another file."""
    place = texts.with_name(f"{texts.stem}-{Path(course.start).name}")
    place.mkdir(exist_ok=True)
    vectors_at = texts.with_name(f"{texts.stem}-vectors")
    encode_corpus(texts, count, vectors_at, teacher, os.cpu_count() or 1, bars)
    vectors = Vectors(vectors_at, count)
    tokenise(texts, tokenizer, place, lambda done: bars(f"tokenize {texts.stem}", done, count))
    group = 1 if sample is None else recombined.GROUP
    path = place / "clusters.npy"
    if not path.exists():
        by = vectors[np.arange(min(count, course.sample))] if sample is None else sample
        centres = clusters.centroids(by, course.clusters, course.settings.seed)
        blocks = (block[::group] for block in vectors.blocks())
        files.save_array(path, clusters.assign(blocks, centres))
    assigned: NDArray[np.int16] = np.load(path)
    return Lessons(TokenisedCorpus(place), vectors, assigned, basis, group)


class Embedding:
    """The lesson of sentence vectors: the teacher's, by the losses `weights` names, times their weights."""

    def __init__(self, material: Material, settings: Settings, weights: dict[str, float]) -> None:
        self.curriculum = Curriculum(material.corpus, material.recombined, settings)
        self.temperature, self.weights = settings.temperature, weights

    def __call__(self, model: TinyLstm, step: int) -> dict[str, Tensor]:
        """The weighted losses of a step."""
        lessons, rows = self.curriculum(step)
        tokens, begins = lessons.corpus.bags(rows)
        student = model(tokens, torch.diff(begins, append=torch.tensor([len(tokens)])))
        teacher = lessons.vectors[rows]
        target = lessons.basis(teacher)
        return {
            name: weight * EMBEDDING_LOSSES[name](student.float(), target, teacher, self.temperature)
            for name, weight in self.weights.items()
        }


def ragged(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Flat int64 tokens [N] of texts, each cut after 128, and their lengths [n]."""
    found = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    ids = [encoding.ids[:MAX_TOKENS] for encoding in found]
    return torch.tensor([token for row in ids for token in row], dtype=torch.int64), torch.tensor(
        [len(row) for row in ids], dtype=torch.int64
    )


class SimilarityJudge:
    """Spearman correlation of a model's cosines on sentence pairs, as "dev"."""

    def __init__(self, tokenizer: Tokenizer, pairs: Pairs) -> None:
        self.texts = ragged(tokenizer, [*pairs.left, *pairs.right])
        self.scores = pairs.scores

    def __call__(self, model: TinyLstm) -> dict[str, float]:
        """{"dev": -1 to 1}."""
        vectors = model(*self.texts).float().numpy()
        half = len(self.scores)
        found = correlate(cosines(vectors[:half], vectors[half:]), self.scores)
        return {"dev": float(found["spearman"])}
