"""Recipe of the static tables: from text and a teacher to a table of token vectors.

    edgezoo train static-en --data DIR --work DIR --out DIR

Model2Vec (Tulkens & van Dongen, 2024) as published gives the table to begin with: every token through the
teacher, PCA, a weight for each token. Then the table is trained on the teacher's sentence vectors, so that
the sum of a text's rows points where the teacher does (alignment) and has the teacher's neighbours
(divergence), in batches of texts that resemble each other: neighbours in the corpus, and sentences made to
share most of their words. Stages keep what they made in the work directory; run the same command again to go
on after an interruption.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.errors import DataError
from edgezoo.zoo import clusters, projection, vocabulary
from edgezoo.zoo.datasets import english, files, recombined, sts
from edgezoo.zoo.datasets.tokenised import TokenisedCorpus, tokenise
from edgezoo.zoo.evaluation.table import Judge
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.static_checkpoint import Origin, write_checkpoint
from edgezoo.zoo.teacher import Teacher, Vectors, encode_corpus, teacher_name
from edgezoo.zoo.tokenizers.wordpiece import CONTINUATION, SPECIAL_TOKENS, build_tokenizer
from edgezoo.zoo.training import Lessons, Settings, fit
from edgezoo.zoo.vocabulary import VocabularyConfig
from edgezoo.zoo.weighting import SCHEMES, token_weights


@dataclass(frozen=True)
class Config:
    """Everything that decides what the recipe makes."""

    name: str
    description: str
    vocabulary: VocabularyConfig
    dimension: int
    precision: str  # of the shipped bundle: int8 or int4
    steps: int
    weighting: str = "best"  # on STS-B dev; or one of SCHEMES
    settings: Settings = field(default_factory=Settings)
    comparison_steps: int = 300  # of training for each weighting, before the best is trained in full
    clusters: int = 256
    sample: int = 100_000  # teacher vectors for PCA and k-means


RECIPES = {
    config.name: config
    for config in (
        Config(
            name="static-en",
            description="English sentence vectors for similarity, search and clustering.",
            vocabulary=VocabularyConfig(32768),
            dimension=256,
            precision="int8",
            steps=4000,
        ),
        Config(
            name="static-en-micro",
            description="The smallest English sentence vectors, for where every kilobyte counts.",
            vocabulary=VocabularyConfig(7424, emoji=64, last_letter=0xFF, lists=()),
            dimension=128,
            precision="int4",
            steps=4000,
            settings=Settings(learning_rate=5e-3, temperature=0.05),
        ),
    )
}


def train(
    config: Config, data: Path, work: Path, out: Path, teacher: str | None = None, quiet: bool = False
) -> None:
    """Make a checkpoint directory `out` from the texts in `data`.

    work: what stages keep; the corpus and the teacher's vectors in it serve every recipe.
    teacher: hub id or path of a sentence-transformers model, by default the packaged all-MiniLM-L6-v2.
    Raises DataError if `data` has no text, or `work` was made with another configuration or teacher.
    """
    own = work / config.name
    own.mkdir(parents=True, exist_ok=True)
    claim(own, config)
    with Bars(quiet) as bars:
        bars("corpus", 0, 1)
        english.build(data, work)
        bars("corpus", 1, 1)
        texts = work / "texts.txt"
        count = sum(1 for _ in files.lines(texts))
        tokenizer = make_tokenizer(config, texts, own)
        encode_corpus(texts, count, work / "vectors", teacher, os.cpu_count() or 1, bars)
        vectors = Vectors(work / "vectors", count)
        tokenise(texts, tokenizer, own, lambda done: bars("tokenize", done, count))
        corpus = TokenisedCorpus(own)

        sample = vectors[np.arange(min(count, config.sample))]
        basis = projection.fit(sample, config.dimension)
        lessons = Lessons(corpus, vectors, cluster(config, sample, vectors.blocks(), own), basis)
        tables = first_tables(basis, encode_tokens(tokenizer, own, teacher), corpus)
        judge = (
            Judge(tokenizer, sts.read(data, "stsb-dev")) if files.find(data / sts.FILES["stsb-dev"]) else None
        )
        pooling = compare_weightings(config, tables, lessons, own, bars, judge)
        best = best_weighting(pooling) if config.weighting == "best" else config.weighting
        more = recombined_lessons(config, data, work, tokenizer, teacher, basis, sample, bars)
        place = own / "training"
        rows = fit(tables[best], lessons, config.settings, config.steps, place, bars, "train", judge, more)
    origin = Origin(
        teacher=teacher_name(teacher),
        sources=json.loads((work / "sources.json").read_text(encoding="utf-8")) + recombined.sources(work),
        texts=count,
        pooling=pooling,
        weighting=best,
        training=place,
    )
    write_checkpoint(out, asdict(config), rows, tokenizer, basis, origin, texts, judge)


def claim(own: Path, config: Any) -> None:
    """Note the configuration in the recipe's work directory; raise DataError if it has another's work."""
    note, text = own / "config.json", json.dumps(asdict(config), indent=1) + "\n"
    if note.exists() and note.read_text(encoding="utf-8") != text:
        raise DataError(f"{own} was made with another configuration; remove it or use another --work")
    note.write_text(text, encoding="utf-8")


def make_tokenizer(config: Config, texts: Path, own: Path) -> Tokenizer:
    """The tokenizer of the vocabulary that suits the corpus, kept as tokenizer.json."""
    path = own / "tokenizer.json"
    if not path.exists():
        counts = vocabulary.count_words(files.lines(texts))
        chosen = vocabulary.choose(counts, vocabulary.general_frequencies(), config.vocabulary)
        build_tokenizer(chosen).save(str(path))
    return Tokenizer.from_file(str(path))


def token_text(token: str) -> str:
    """What the teacher reads for a token: a piece without its prefix, an emoji's name."""
    import emoji

    bare = token[len(CONTINUATION) :] if token.startswith(CONTINUATION) and token != CONTINUATION else token
    return emoji.demojize(bare).strip(":").replace("_", " ") if emoji.is_emoji(bare) else bare


def encode_tokens(tokenizer: Tokenizer, own: Path, teacher: str | None) -> Tensor:
    """The teacher's vector of every token, float32 [tokens, teacher's dimension]."""
    path = own / "token_vectors.npy"
    if not path.exists():
        tokens = [tokenizer.id_to_token(index) for index in range(tokenizer.get_vocab_size())]
        files.save_array(path, Teacher(teacher).encode([token_text(token) for token in tokens]))
    return torch.from_numpy(np.load(path)).float()


def first_tables(
    basis: projection.Projection, token_vectors: Tensor, corpus: TokenisedCorpus
) -> dict[str, Tensor]:
    """The untrained table [tokens, dimension] of every weighting: Model2Vec as published."""
    rows = basis(token_vectors)
    rows[: len(SPECIAL_TOKENS)] = 0.0
    counts = corpus.counts(len(rows))
    return {
        scheme: rows * torch.from_numpy(token_weights(scheme, *counts, len(corpus)))[:, None]
        for scheme in SCHEMES
    }


def cluster(config: Config, sample: Tensor, blocks: Iterable[Tensor], place: Path) -> NDArray[np.int16]:
    """The k-means cluster, by the `sample` of teacher vectors, of every row of `blocks`; kept in `place`."""
    path = place / "clusters.npy"
    if not path.exists():
        centres = clusters.centroids(sample, config.clusters, config.settings.seed)
        files.save_array(path, clusters.assign(blocks, centres))
    found: NDArray[np.int16] = np.load(path)
    return found


def recombined_lessons(
    config: Config,
    data: Path,
    work: Path,
    tokenizer: Tokenizer,
    teacher: str | None,
    basis: projection.Projection,
    sample: Tensor,
    bars: Bars,
) -> Lessons | None:
    """Groups of recombined sentences with the teacher's vectors; None where `data` has none to recombine."""
    count = recombined.build(data, work)
    if count == 0:
        return None
    place = work / config.name / "recombined"
    place.mkdir(exist_ok=True)
    encode_corpus(
        work / recombined.FILE, count, work / "recombined-vectors", teacher, os.cpu_count() or 1, bars
    )
    vectors = Vectors(work / "recombined-vectors", count)
    tokenise(work / recombined.FILE, tokenizer, place)
    firsts = (block[:: recombined.GROUP] for block in vectors.blocks())
    groups = cluster(config, sample, firsts, place)
    return Lessons(TokenisedCorpus(place), vectors, groups, basis, recombined.GROUP)


def compare_weightings(
    config: Config, tables: dict[str, Tensor], lessons: Lessons, own: Path, bars: Bars, judge: Judge | None
) -> dict[str, dict[str, float]]:
    """Spearman on STS-B dev of every weighting, `untrained` and after a short training; empty without dev."""
    if judge is None:
        return {}
    pooling = {}
    for scheme, table in tables.items():
        place, steps = own / f"training-{scheme}", config.comparison_steps
        trained = fit(table, lessons, config.settings, steps, place, bars, f"weights: {scheme}", judge)
        pooling[scheme] = {"untrained": judge(table), "trained": judge(trained)}
    return pooling


def best_weighting(pooling: dict[str, dict[str, float]]) -> str:
    """The weighting with the best trained figure; Zipf where nothing was measured."""
    return max(pooling, key=lambda scheme: pooling[scheme]["trained"]) if pooling else "zipf"
