"""Recipes of multilingual static tables, by two routes.

    edgezoo train static-multilingual --data DIR --work DIR --out DIR
    edgezoo train static-multilingual-tokens --teacher intfloat/multilingual-e5-base --data DIR --out DIR

Translation distillation (Reimers & Gurevych, 2020): the vector that an English teacher has for a sentence is
the target of that sentence and of its translations, of words and theirs, of emoji and what they are called. A
token begins as the mean target of the texts that have it; then the table is trained on batches of neighbours
in meaning, languages mixed: first a wider one, then its first dimensions alone.

A multilingual teacher: every token through it, PCA, a weight for each token, as Model2Vec makes tables
(Tulkens & van Dongen, 2024).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.errors import DataError, InputError
from edgezoo.zoo import clusters, projection, unigram_vocabulary
from edgezoo.zoo.architectures.static_table import SPECIAL_ROWS
from edgezoo.zoo.datasets import english, files, multilingual, recombined, short, sts, translations
from edgezoo.zoo.datasets.tokenised import TokenisedCorpus, tokenise
from edgezoo.zoo.evaluation.table import MultilingualJudge
from edgezoo.zoo.multilingual_training import Joined, Sampler, Shares, Translations, first_rows, settle_terms
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes.static_table import claim, token_text
from edgezoo.zoo.static_checkpoint import Origin, write_checkpoint
from edgezoo.zoo.teacher import Vectors, encode_corpus, teacher_name
from edgezoo.zoo.token_teacher import TokenTeacher, pooling_of, template_of
from edgezoo.zoo.tokenizers.unigram import FIXED_TOKENS
from edgezoo.zoo.training import Settings, descend
from edgezoo.zoo.unigram_vocabulary import UnigramConfig
from edgezoo.zoo.vocabulary import listed_words
from edgezoo.zoo.weighting import SCHEMES, token_weights

ROUTES = ("translations", "tokens")


@dataclass(frozen=True)
class Config:
    """Everything that decides what the recipe makes."""

    name: str
    route: str = "translations"
    description: str = (
        "Sentence vectors in many languages, alike for what means alike, emoji and hashtags included."
    )
    vocabulary: UnigramConfig = field(default_factory=UnigramConfig)
    dimension: int = 64
    precision: str = "int8"
    steps: int = 1200
    wide: int = 128  # dimensions of the table that is trained first, and of which this one keeps the first
    wide_steps: int = 1200
    weighting: str = "best"  # on stsb-multi-mt dev; or one of SCHEMES
    settings: Settings = field(default_factory=Settings)  # of the wide table
    shares: Shares = field(default_factory=Shares)
    last_settings: Settings = field(default_factory=lambda: Settings(temperature=0.1))
    # In few dimensions the teacher's cosines matter more than the place of each vector.
    last_shares: Shares = field(
        default_factory=lambda: Shares(alignment_weight=0.2, contrast_weight=0.1, cosine_weight=30.0)
    )
    comparison_steps: int = 30
    texts: int = 655_360  # English ones, short
    longest: int = 24  # words
    recombined: int = 131_072
    vocabulary_texts: int = 300_000  # of the English ones
    sentences: int = 80_000  # English sides that are not among them
    clusters: int = 256
    sample: int = 100_000  # teacher vectors for PCA and k-means
    length: float = 0.3  # mean norm of a row at the beginning


RECIPES = {
    config.name: config
    for config in (
        Config(name="static-multilingual"),
        Config(name="static-multilingual-tokens", route="tokens"),
    )
}


def train(
    config: Config, data: Path, work: Path, out: Path, teacher: str | None = None, quiet: bool = False
) -> None:
    """Make a checkpoint directory `out` from the texts in `data`.

    work: what stages keep; the English corpus and its vectors in it serve every recipe. teacher: of the route
    "translations" a sentence-transformers model, by default the packaged all-MiniLM-L6-v2; of the route
    "tokens" a multilingual Transformer, which must be named. Raises DataError if `data` lacks text, or `work`
    was made with another configuration or teacher; InputError where a teacher must be named.
    """
    if config.route == "tokens" and teacher is None:
        raise InputError(f"{config.name} needs a multilingual teacher; name it with --teacher")
    if multilingual.annotations_folder(data) is None:
        raise DataError(
            f"the names of emoji are missing: put Unicode CLDR's common/annotations into {data / 'cldr'}, "
            "or on Debian: apt-get install unicode-cldr-core"
        )
    own = work / config.name
    own.mkdir(parents=True, exist_ok=True)
    claim(own, config)
    with Bars(quiet) as bars:
        bars("corpus", 0, 1)
        english.build(data, work)
        count = short.build(work, config.longest, config.texts)
        bars("corpus", 1, 1)
        tokenizer = make_tokenizer(config, data, work, own)
        judge = _judge(data, tokenizer)
        if config.route == "tokens" and teacher is not None:
            rows, basis, facts = from_tokens(config, work, own, tokenizer, teacher, judge)
        else:
            rows, basis, facts = from_translations(
                config, data, work, own, tokenizer, teacher, judge, bars, count
            )
    weighting = facts.pop("weighting")
    origin = Origin(
        teacher=teacher_name(teacher),
        sources=json.loads((work / "sources.json").read_text(encoding="utf-8")) + list(SOURCES),
        texts=facts.pop("texts"),
        pooling=facts.pop("pooling"),
        weighting=weighting,
        training=own / "training",
        facts=FACTS | facts,
    )
    write_checkpoint(out, asdict(config), rows, tokenizer, basis, origin, work / short.FILE, judge)


def make_tokenizer(config: Config, data: Path, work: Path, own: Path) -> Tokenizer:
    """The tokenizer of the vocabulary that suits all languages of `data`, kept as tokenizer.json."""
    path = own / "tokenizer.json"
    if not path.exists():
        corpus = (
            text
            for text, _ in zip(files.lines(work / short.FILE), range(config.vocabulary_texts), strict=False)
        )
        texts = unigram_vocabulary.sample(unigram_vocabulary.gather(data, corpus), config.vocabulary)
        emoji = [pair.other for pair in multilingual.emoji(data) if pair.language == "emoji"]
        terms = [*(pair.other for pair in multilingual.slang()), *listed_words("hashtags")]
        unigram_vocabulary.choose(texts, emoji, terms, config.vocabulary).save(str(path), pretty=False)
    return Tokenizer.from_file(str(path))


def _judge(data: Path, tokenizer: Tokenizer) -> MultilingualJudge | None:
    if not files.find(data / sts.MULTILINGUAL):
        return None
    return MultilingualJudge(tokenizer, sts.read_multilingual(data, "dev"))


def from_translations(
    config: Config,
    data: Path,
    work: Path,
    own: Path,
    tokenizer: Tokenizer,
    teacher: str | None,
    judge: MultilingualJudge | None,
    bars: Bars,
    count: int,
) -> tuple[Tensor, projection.Projection, dict[str, Any]]:
    """Rows, basis, and what the card says of them, by translation distillation."""
    made = min(recombined.build(data, work), config.recombined)
    texts = [work / short.FILE, *([_first(work / recombined.FILE, made, own)] if made else [])]
    added = translations.build(data, own, texts, config.sentences)
    parts = []
    for path, lines, place in (
        (work / short.FILE, count, work / "short-vectors"),
        (work / recombined.FILE, made, work / "recombined-vectors"),
        (own / translations.ENGLISH, added, own / "vectors"),
    ):
        if lines:
            encode_corpus(path, lines, place, teacher, os.cpu_count() or 1, bars)
            parts.append(Vectors(place, lines))
    vectors = Joined(parts)
    records = translations.read(own)
    tokenise(own / translations.TEXTS, tokenizer, own, lambda done: bars("tokenize", done, len(records)))
    corpus = TokenisedCorpus(own)

    sample = vectors[np.arange(min(count, config.sample))]
    wide = projection.fit(sample, config.wide)
    basis = wide.first(config.dimension)
    usable = np.diff(corpus.offsets) > 0
    assigned = _clusters(config, sample, vectors, own)
    sampler = Sampler(records, usable, assigned, config.shares, config.settings)
    lesson = Translations(corpus, vectors, records, wide, sampler)
    first = _weighted(first_rows(corpus, records, vectors, wide, tokenizer.get_vocab_size()), corpus, config)

    def fit(scheme: str, steps: int, place: Path) -> Tensor:
        return descend(first[scheme], lesson, config.settings, steps, place, bars, place.name, judge)

    pooling: dict[str, dict[str, float]] = {}
    if judge is not None:
        for scheme in SCHEMES:
            trained = fit(scheme, config.comparison_steps, own / f"training-{scheme}")
            pooling[scheme] = {"untrained": judge(first[scheme]), "trained": judge(trained)}
    best = _best(pooling, config)
    cut = fit(best, config.wide_steps, own / "training-wide")[:, : config.dimension].contiguous()
    sampler = Sampler(records, usable, assigned, config.last_shares, config.last_settings)
    last = Translations(corpus, vectors, records, basis, sampler)
    place = own / "training"
    rows = descend(cut, last, config.last_settings, config.steps, place, bars, place.name, judge)
    rows = settle_terms(rows, corpus, records)
    kinds = Counter(translations.KINDS[kind] for kind in records.kind.tolist())
    sentences = records.language[records.kind <= translations.SENTENCE]
    spoken = Counter(records.languages[language] for language in sentences.tolist())
    facts = {
        "texts": len(records),
        "pooling": pooling,
        "weighting": best,
        "records": dict(kinds),
        "languages": _spoken(spoken),
    }
    return rows, basis, facts


def from_tokens(
    config: Config,
    work: Path,
    own: Path,
    tokenizer: Tokenizer,
    teacher: str,
    judge: MultilingualJudge | None,
) -> tuple[Tensor, projection.Projection, dict[str, Any]]:
    """Rows, basis, and what the card says of them, by a multilingual teacher of tokens, without training."""
    path = own / "token_vectors.npy"
    if not path.exists():
        tokens = [tokenizer.id_to_token(index) for index in range(tokenizer.get_vocab_size())]
        expert = TokenTeacher(teacher, template_of(teacher), pooling_of(teacher))
        files.save_array(path, expert.encode([token_text(token) for token in tokens]))
    vectors = torch.from_numpy(np.load(path)).float()
    basis = projection.fit(vectors[len(FIXED_TOKENS) :], config.dimension)
    rows = basis(vectors)
    rows[:SPECIAL_ROWS] = 0.0
    tokenise(work / short.FILE, tokenizer, own)
    corpus = TokenisedCorpus(own)
    first = _weighted(rows, corpus, config)
    pooling = {scheme: {"untrained": judge(table)} for scheme, table in first.items()} if judge else {}
    best = _best(pooling, config)
    facts = {"texts": len(corpus), "pooling": pooling, "weighting": best}
    facts["explained_variance"] = round(float(basis.explained_variance_ratio.sum()), 6)
    return first[best], basis, facts


def _weighted(rows: Tensor, corpus: TokenisedCorpus, config: Config) -> dict[str, Tensor]:
    """The table of each weighting, rows of one mean length."""
    counts = corpus.counts(len(rows))
    found = {}
    for scheme in SCHEMES:
        table = rows * torch.from_numpy(token_weights(scheme, *counts, len(corpus)))[:, None]
        found[scheme] = table * (config.length / table.norm(dim=1).mean().clamp(min=1e-30))
    return found


def _best(pooling: dict[str, dict[str, float]], config: Config) -> str:
    if config.weighting != "best":
        return config.weighting
    return max(pooling, key=lambda scheme: max(pooling[scheme].values())) if pooling else "zipf"


def _clusters(config: Config, sample: Tensor, vectors: Joined, own: Path) -> NDArray[np.int16]:
    path = own / "clusters.npy"
    if not path.exists():
        centres = clusters.centroids(sample, config.clusters, config.settings.seed)
        files.save_array(path, clusters.assign(vectors.blocks(), centres))
    found: NDArray[np.int16] = np.load(path)
    return found


def _first(path: Path, count: int, own: Path) -> Path:
    """A file of the first `count` lines of another."""
    cut = own / path.name
    if not cut.exists():
        lines = (line for line, _ in zip(files.lines(path), range(count), strict=False))
        cut.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
    return cut


def _spoken(counts: Counter[str]) -> list[str]:
    """Languages that the model has seen enough of, the most frequent first."""
    return [language for language, count in counts.most_common() if count >= ENOUGH]


ENOUGH = 500  # sentences of a language that the card names
SOURCES = (
    {
        "name": "parallel",
        "licence": "Tatoeba: CC BY 2.0 FR; tldr pages: CC BY 4.0; indian-parallel-corpora: CC BY-SA 3.0; "
        "small_parallel_enja (Tanaka): CC BY 2.0 FR; TICO-19: CC0; MLQE: CC BY-SA 4.0",
    },
    {"name": "lexicon", "licence": "Open Multilingual Wordnet: each wordnet's own"},
    {"name": "monolingual, for the vocabulary alone", "licence": "Common Voice prompts: CC0"},
    {"name": "Unicode CLDR annotations, of emoji and symbols", "licence": "Unicode-DFS-2016"},
    {"name": "slang, a list of edgezoo", "licence": "Apache-2.0"},
)
FACTS: dict[str, Any] = {
    "languages": ["en"],
    "architecture": "L2-normalised sum of one weighted row for each Unigram token",
    "limits": [
        "A bag of words: order, negation and who did what to whom are lost.",
        "A language is as good as its translations are many: see the retrieval table. "
        "Words spelt alike in two languages share a row.",
        "Similarity as its English teacher sees it, with the biases of its teacher and texts.",
        "A text of which nothing is known has a vector of zeros: control characters alone, or a language of "
        "which the vocabulary was made and no translation was read, such as Dhivehi. Rows without meaning "
        "would make all texts of such a script alike.",
        "In ONNX graphs of texts a word of more than 64 characters is not cut after as many, which scripts "
        "without blanks have, and rare orders of combining marks stay: there a few ids differ from those of "
        "every other runtime.",
    ],
}
