"""What each choice of `tinylstm-sts` is worth: short trainings that differ in one or two of them.

python -m edgezoo.zoo.recipes.tiny_lstm_ablation DATA WORK FILE

Every row is a model trained on 50,000 sentences and measured on STS-B dev: all poolings with all losses, and
directions with hidden sizes; then, for sentiment, losses on 50,000 texts measured on held-out phrases of
SST-2 train. FILE is JSON and written row by row; what it has is not run again.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from edgezoo.atomic import write_bytes
from edgezoo.zoo.architectures.tiny_lstm import POOLINGS, TinyLstm
from edgezoo.zoo.lstm_training import Judge, Lesson, Pace, fit
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import sentences
from edgezoo.zoo.recipes import sentiment as feelings
from edgezoo.zoo.recipes.sentences import Course, Embedding, Material, SimilarityJudge
from edgezoo.zoo.recipes.sentiment import Sentiment, SentimentCourse, SentimentMaterial
from edgezoo.zoo.recipes.tiny_lstm import RECIPES

SENTENCES = 50_000
BATCH = 512
LOSSES = ("alignment+divergence", "alignment", "divergence", "cosine", "infonce", "triplet")
# Cosines of a batch differ little from the teacher's: their error is a hundredth of the other losses.
WEIGHTS = {"cosine": 100.0}
# Weights of cross-entropy with labels and of divergence from the teacher's distribution.
SENTIMENT_LOSSES = {
    "cross-entropy": (1.0, 0.0),
    "distillation": (0.0, 1.0),
    "cross-entropy+distillation": (0.5, 1.0),
}

Row = dict[str, Any]


def grid() -> Iterator[Row]:
    """The settings of every row, none twice: the recipe's own first, then what differs in one choice."""
    own = RECIPES["tinylstm-sts"].shape
    base = {"pooling": own.pooling, "loss": LOSSES[0], "directions": own.directions, "hidden": own.hidden}
    rows = [base | {"pooling": pooling, "loss": loss} for pooling in POOLINGS for loss in LOSSES]
    rows += [
        base | {"directions": directions, "hidden": hidden} for directions in (1, 2) for hidden in (128, 256)
    ]
    different = [row for place, row in enumerate(rows) if row not in rows[:place]]
    yield from sorted(different, key=lambda row: sum(row[name] != base[name] for name in base))


def run(
    data: Path,
    work: Path,
    file: Path,
    bars: Bars,
    teacher: str | None = None,
    course: Course | None = None,
    sentiment: SentimentCourse | None = None,
    sentences_each: int = SENTENCES,
) -> dict[str, list[Row]]:
    """Train and measure what `file` lacks, and return all its rows by task."""
    report: dict[str, list[Row]] = {"embedding": [], "sentiment": []}
    if file.exists():
        report = json.loads(file.read_text(encoding="utf-8"))
    rows = report["embedding"]
    chosen = course or Course()
    material = sentences.prepare(chosen, data, work, teacher, bars)
    pace = replace(RECIPES["tinylstm-sts"].pace, steps=-(-sentences_each // BATCH), every=10**9, snapshot=0)
    if material.dev is None:
        raise SystemExit(f"{data} has no STS-B dev to measure on")
    judge = SimilarityJudge(material.tokenizer, material.dev)
    for row in grid():
        if not _known(rows, row):
            lesson = _embedding(material, chosen, row["loss"])
            shape = replace(
                RECIPES["tinylstm-sts"].shape,
                **{name: row[name] for name in ("pooling", "directions", "hidden")},
            )
            torch.manual_seed(pace.seed)
            found = _measure(TinyLstm(material.table, shape), lesson, judge, pace, bars)
            rows.append(row | found | {"sentences": pace.steps * BATCH})
            _write(file, report)
    labels = sentiment or SentimentCourse()
    labelled = feelings.prepare(labels, material.tokenizer, data, work, teacher, bars)
    for name in SENTIMENT_LOSSES:
        row = {"loss": name}
        if not _known(report["sentiment"], row):
            found = _sentiment(material, labelled, labels, name, sentences_each, bars)
            report["sentiment"].append(row | found)
            _write(file, report)
    return report


def _embedding(material: Material, course: Course, loss: str) -> Lesson:
    weights = {name: WEIGHTS.get(name, 1.0) for name in loss.split("+")}
    return Embedding(material, replace(course.settings, batch=BATCH), weights)


def _sentiment(
    material: Material,
    labelled: SentimentMaterial,
    course: SentimentCourse,
    name: str,
    texts: int,
    bars: Bars,
) -> Row:
    config = RECIPES["tinylstm-sst2"]
    gold, divergence = SENTIMENT_LOSSES[name]
    reviewed = course.reviewed if divergence else 0.0  # reviews have no labels
    course = replace(course, gold_weight=gold, divergence_weight=divergence, reviewed=reviewed)
    pace = replace(config.pace, steps=-(-texts // course.batch), every=10**9)
    torch.manual_seed(pace.seed)
    model = TinyLstm(material.table, config.shape)
    found = _measure(model, Sentiment(labelled, course), labelled.judge, pace, bars)
    return found | {"sentences": pace.steps * course.batch}


def _measure(model: TinyLstm, lesson: Lesson, judge: Judge, pace: Pace, bars: Bars) -> Row:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        trained = fit(model, lesson, pace, Path(place), bars, "ablation")
    seconds = time.perf_counter() - began
    with torch.inference_mode():
        return {"dev": round(100 * judge(trained)["dev"], 2), "seconds": round(seconds, 1)}


def _known(rows: list[Row], row: Row) -> bool:
    return any(all(known.get(name) == value for name, value in row.items()) for known in rows)


def _write(file: Path, report: dict[str, list[Row]]) -> None:
    write_bytes(file, (json.dumps(report, indent=1) + "\n").encode())


if __name__ == "__main__":
    torch.set_num_threads(1)
    with Bars() as shown:
        run(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), shown)
