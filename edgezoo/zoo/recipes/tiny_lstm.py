"""Recipes of the recurrent models: sentence vectors, sentiment, and both from one encoder.

    edgezoo train tinylstm-sts --data DIR --work DIR --out DIR

`tinylstm-sts` starts as the static table that it contains and learns the teacher's sentence vectors
(alignment) and neighbourhoods (divergence) on short texts. The others start from weights that it passes on
its way: `tinylstm-sst2` learns SST-2's labels and the logits of a larger classifier on its phrases and on
sentences of reviews, `tinylstm` learns both at once. Stages keep what they made in the work directory; run
the same command again to go on after an interruption.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from edgezoo.errors import DataError
from edgezoo.zoo.architectures.tiny_lstm import Shape, TinyLstm
from edgezoo.zoo.datasets import recombined, sentiment, short
from edgezoo.zoo.lstm_training import Judge, Lesson, Pace, fit
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import sentences
from edgezoo.zoo.recipes import sentiment as feelings
from edgezoo.zoo.recipes.sentences import Course, Embedding, Material, SimilarityJudge
from edgezoo.zoo.recipes.sentiment import Sentiment, SentimentCourse
from edgezoo.zoo.recurrent_checkpoint import write
from edgezoo.zoo.teacher import teacher_name
from edgezoo.zoo.training import Settings


@dataclass(frozen=True)
class Config:
    """Everything that decides what a recipe makes; without a course it does not learn that task."""

    name: str
    description: str
    shape: Shape
    pace: Pace
    precision: str = "mixed"  # with an int4 table an open model stays under 10 MB
    start: str = "static-en"  # whose tokens and rows are the beginning
    embedding: Course | None = None
    sentiment: SentimentCourse | None = None
    losses: tuple[tuple[str, float], ...] = (("alignment", 1.0), ("divergence", 1.0))
    after: str = ""  # the recipe whose snapshot is the beginning, if not the table alone


ENCODER = Shape(hidden=128, directions=2, pooling="mean", salience=True, input_norm=True)
RECIPES = {
    config.name: config
    for config in (
        Config(
            name="tinylstm-sts",
            description="English sentence vectors that read the order of words.",
            shape=ENCODER,
            pace=Pace(2800, learning_rate=2e-3, table_rate=5e-4, every=100, snapshot=1800, tolerance=0.002),
            embedding=Course(),
        ),
        Config(
            name="tinylstm-sst2",
            description="Sentiment of English sentences: negative or positive, with probabilities.",
            shape=replace(ENCODER, dimension=0, labels=sentiment.LABELS, dropout=0.2),
            pace=Pace(800, learning_rate=1.5e-3, table_rate=5e-4, every=50),
            sentiment=SentimentCourse(),
            after="tinylstm-sts",
        ),
        Config(
            name="tinylstm",
            description="English sentence vectors and sentiment from one encoder.",
            shape=replace(ENCODER, labels=sentiment.LABELS, dropout=0.1),
            pace=Pace(600, learning_rate=1.5e-3, table_rate=5e-4, every=50),
            embedding=Course(settings=Settings(batch=512)),
            sentiment=SentimentCourse(gold_weight=1.0, divergence_weight=2.0),
            after="tinylstm-sts",
        ),
    )
}


class Both:
    """Two lessons in every step, one batch each."""

    def __init__(self, first: Lesson, second: Lesson) -> None:
        self.lessons = (first, second)

    def __call__(self, model: TinyLstm, step: int) -> dict[str, Tensor]:
        """The losses of both."""
        return {name: loss for lesson in self.lessons for name, loss in lesson(model, step).items()}


class MeanJudge:
    """The mean of two judges' figures as "dev", with each by its own name."""

    def __init__(self, stsb_dev: Judge, held_out: Judge) -> None:
        self.judges = {"stsb_dev": stsb_dev, "held_out": held_out}

    def __call__(self, model: TinyLstm) -> dict[str, float]:
        """{"dev", "stsb_dev", "held_out"}."""
        found = {name: judge(model)["dev"] for name, judge in self.judges.items()}
        return {"dev": sum(found.values()) / len(found)} | found


def train(
    config: Config, data: Path, work: Path, out: Path, teacher: str | None = None, quiet: bool = False
) -> None:
    """Make a checkpoint directory `out` from the data in `data`.

    work: what stages keep; texts, the teacher's vectors and its labels in it serve every recipe.
    teacher: hub id or path of a sentence-transformers model, by default the packaged all-MiniLM-L6-v2.
    Raises DataError where data are missing, or `work` was made with another configuration or teacher.
    """
    own = work / config.name
    own.mkdir(parents=True, exist_ok=True)
    claim(own, config)
    with Bars(quiet) as bars:
        facts: dict[str, Any] = {
            "name": config.name,
            "description": config.description,
            "precision": config.precision,
            "teacher": teacher_name(teacher),
            "data": [],
            "texts": 0,
        }
        lessons: list[Lesson] = []
        judges: list[Judge] = []
        tokenizer, table, _ = sentences.start(config.start)
        if config.embedding:
            material = sentences.prepare(config.embedding, data, work, teacher, bars)
            lessons.append(Embedding(material, config.embedding.settings, dict(config.losses)))
            judges += [SimilarityJudge(material.tokenizer, material.dev)] if material.dev else []
            facts["data"] += _sources(material, work)
            facts["selection"] = (
                f"of the corpus a random {material.corpus.vectors.count:,} texts of {short.FEWEST_WORDS} to "
                f"{config.embedding.longest} words; the table counts all texts of a source"
            )
            facts["texts"] += material.texts
        if config.sentiment:
            labelled = feelings.prepare(config.sentiment, tokenizer, data, work, teacher, bars)
            lessons.append(Sentiment(labelled, config.sentiment))
            judges.append(labelled.judge)
            facts["data"] += labelled.sources
            facts["texts"] += len(labelled.phrases) + len(labelled.reviews)
            facts["sentiment_teacher"] = {
                "model": f"{teacher_name(teacher)}, last layers and a head trained on SST-2 train",
                "held_out_accuracy": labelled.teacher_accuracy,
            }
        model = fresh(config, table, work)
        lesson = lessons[0] if len(lessons) == 1 else Both(*lessons)
        judge = MeanJudge(*judges) if len(judges) == 2 else judges[0] if judges else None
        fit(model, lesson, config.pace, own / "training", bars, "train", judge)
    facts |= {"recipe": asdict(config), "dev": _judged(config, model, judge)}
    write(out, model, tokenizer, facts, own / "training" / "training.jsonl", judge)


def fresh(config: Config, table: Tensor, work: Path) -> TinyLstm:
    """A model at its beginning. Raises DataError if the recipe that it comes after was not run in `work`."""
    torch.manual_seed(config.pace.seed)
    model = TinyLstm(table, config.shape)
    if config.after:
        path = work / config.after / "training" / "snapshot.pt"
        if not path.exists():
            raise DataError(f"{path} is missing; first run: edgezoo train {config.after} --work {work}")
        model.load_state_dict(torch.load(path, weights_only=True), strict=False)
    return model


def claim(own: Path, config: Config) -> None:
    """Note the configuration in the recipe's work directory; raise DataError if it has another's work."""
    note, text = own / "config.json", json.dumps(asdict(config), indent=1) + "\n"
    if note.exists() and note.read_text(encoding="utf-8") != text:
        raise DataError(f"{own} was made with another configuration; remove it or use another --work")
    note.write_text(text, encoding="utf-8")


def _sources(material: Material, work: Path) -> list[dict[str, Any]]:
    """The sources of the corpus, with all their texts, and the recombined sentences that were used."""
    rows: list[dict[str, Any]] = json.loads((work / "sources.json").read_text(encoding="utf-8"))
    if material.recombined:
        used = material.recombined.vectors.count
        rows += [row | {"texts": used} for row in recombined.sources(work)]
    return rows


def _judged(config: Config, model: TinyLstm, judge: Judge | None) -> dict[str, float]:
    """What choices were made by: Spearman on STS-B dev, accuracy on held-out rows of SST-2 train, or both."""
    if judge is None:
        return {}
    with torch.inference_mode():
        found = judge(model.eval())
    merit = found.pop("dev")
    only = "stsb_dev" if config.embedding else "held_out"
    return {name: round(value, 6) for name, value in (found or {only: merit}).items()}
