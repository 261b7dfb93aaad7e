"""The checkpoint directory of a static table: its rows, its card, and what each precision changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.bundle.quantise import dequantise, quantise
from edgezoo.zoo.checkpoint import save_tensors
from edgezoo.zoo.datasets import files
from edgezoo.zoo.evaluation.correlation import cosines
from edgezoo.zoo.evaluation.table import Texts
from edgezoo.zoo.projection import Projection

PRECISIONS = ("int8", "int4")
DRIFT_TEXTS = 10_000


@dataclass(frozen=True)
class Origin:
    """Where a table comes from, for its card."""

    teacher: str
    sources: list[dict[str, Any]]
    texts: int
    pooling: dict[str, dict[str, float]]
    weighting: str
    training: Path
    facts: dict[str, Any] = field(default_factory=dict)  # of the card, instead of those of English


def write_checkpoint(
    out: Path,
    config: dict[str, Any],
    rows: Tensor,
    tokenizer: Tokenizer,
    basis: Projection,
    origin: Origin,
    texts: Path,
    judge: Callable[[Tensor], float] | None,
) -> None:
    """Write `out`: checkpoint.safetensors (float16), tokenizer.json, pca.npz, card.json, log and curve."""
    rows = scaled(rows)
    sample = Texts(tokenizer, list(islice(files.lines(texts), DRIFT_TEXTS)))
    card = {
        "name": config["name"],
        "family": "static-table",
        "description": config["description"],
        "languages": ["en"],
        "license": "Apache-2.0",
        "architecture": "L2-normalised sum of one weighted row for each WordPiece token",
        "dimension": rows.shape[1],
        "vocabulary_size": rows.shape[0],
        "precision": config["precision"],
        "teacher": origin.teacher,
        "data": origin.sources,
        "texts": origin.texts,
        "weighting": origin.weighting,
        "pooling": origin.pooling,
        "drift": drift(rows, sample, judge),
        "limits": list(LIMITS),
        "reproduce": [
            f"edgezoo train {config['name']} --data DATA --work WORK --out OUT",
            "python -m edgezoo.exporters.flatbuffer OUT",
            f"edgezoo eval OUT/{config['name']}.ezb --data DATA --out OUT/eval.json",
            "python -m edgezoo.exporters.flatbuffer OUT  # again: the figures go into the bundle's card",
        ],
        "recipe": config,
        **origin.facts,
    }
    save_tensors(out, {"embedding": rows}, tokenizer, card)
    basis.save(out / "pca.npz")
    log = origin.training / "training.jsonl"
    if log.exists():
        shutil.copyfile(log, out / log.name)
        draw_curve(log, out / "training.png")


LIMITS = (
    "A bag of words: order, negation and who did what to whom are lost.",
    "English; words of other scripts are unknown and count for nothing.",
    "Similarity as its teacher sees it, with the biases of its teacher and texts.",
)


def scaled(rows: Tensor) -> Tensor:
    """`rows` times one factor that makes the largest entry 1: no overflow and few subnormals in float16."""
    return rows.float() / rows.abs().max().clamp(min=1e-30)


def drift(
    rows: Tensor, sample: Texts, judge: Callable[[Tensor], float] | None
) -> dict[str, dict[str, float]]:
    """What each precision does to sentence vectors, against float32.

    `cosine_mean` and `cosine_min` over the texts of `sample` that have a known token, `dev_change`: change of
    Spearman on STS-B dev (only with `judge`).
    """
    exact = sample.embed(rows)
    known = np.abs(exact).sum(1) > 0
    table: dict[str, dict[str, float]] = {}
    for precision in PRECISIONS:
        if precision == "int4" and rows.shape[1] % 32:
            continue
        restored = torch.from_numpy(dequantise(quantise(rows.numpy(), precision)))
        found = cosines(exact[known], sample.embed(restored)[known])
        table[precision] = {
            "cosine_mean": round(float(found.mean()), 6),
            "cosine_min": round(float(found.min()), 6),
        }
        if judge is not None:
            table[precision]["dev_change"] = round(judge(restored) - judge(rows), 6)
    return table


def draw_curve(log: Path, path: Path) -> None:
    """Draw the losses and, where it was measured, STS-B dev over the steps of a training log."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    steps = [line["step"] for line in lines]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3), constrained_layout=True)
    for name in ("misalignment", "divergence"):
        left.plot(steps, [line[name] for line in lines], label=name)
    left.set(xlabel="step", yscale="log")
    left.legend()
    if lines and lines[0]["dev"] is not None:
        right.plot(steps, [100 * line["dev"] for line in lines])
    right.set(xlabel="step", title="STS-B dev, Spearman × 100")
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)
