"""The checkpoint directory: what a recipe leaves, exporters read and a model's folder keeps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.atomic import write_bytes
from edgezoo.bundle.quantise import dequantise, quantise
from edgezoo.errors import DataError
from edgezoo.zoo.datasets import files
from edgezoo.zoo.evaluation.correlation import cosines
from edgezoo.zoo.evaluation.table import Judge, Texts
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


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint directory in memory: float32 tensors by the names they have in a bundle."""

    directory: Path
    tensors: dict[str, NDArray[np.float32]]
    vocabulary: list[str]
    card: dict[str, Any]

    @property
    def embedding(self) -> NDArray[np.float32]:
        """The table, [tokens, dimension], weights folded in."""
        return self.tensors["embedding"]


def write_checkpoint(
    out: Path,
    config: dict[str, Any],
    rows: Tensor,
    tokenizer: Tokenizer,
    basis: Projection,
    origin: Origin,
    texts: Path,
    judge: Judge | None,
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
    }
    save_tensors(out, {"embedding": rows}, tokenizer, card)
    basis.save(out / "pca.npz")
    shutil.copyfile(origin.training / "training.jsonl", out / "training.jsonl")
    draw_curve(out / "training.jsonl", out / "training.png")


def save_tensors(
    out: Path, tensors: Mapping[str, Tensor], tokenizer: Tokenizer, card: dict[str, Any]
) -> None:
    """Write what `read_checkpoint` needs: `embedding` in float16, all other tensors in float32."""
    out.mkdir(parents=True, exist_ok=True)
    stored = {
        name: tensor.detach().to("cpu", torch.float16 if name == "embedding" else torch.float32).contiguous()
        for name, tensor in tensors.items()
    }
    write_bytes(out / "checkpoint.safetensors", save(stored))
    tokenizer.save(str(out / "tokenizer.json"))
    write_card(out, card)


LIMITS = (
    "A bag of words: order, negation and who did what to whom are lost.",
    "English; words of other scripts are unknown and count for nothing.",
    "Similarity as its teacher sees it, with the biases of its teacher and texts.",
)


def scaled(rows: Tensor) -> Tensor:
    """`rows` times one factor that makes the largest entry 1: no overflow and few subnormals in float16."""
    return rows.float() / rows.abs().max().clamp(min=1e-30)


def drift(rows: Tensor, sample: Texts, judge: Judge | None) -> dict[str, dict[str, float]]:
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


def write_card(directory: Path, card: dict[str, Any]) -> None:
    """Write card.json."""
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    (directory / "card.json").write_text(text, encoding="utf-8")


def read_checkpoint(directory: Path) -> Checkpoint:
    """Read a checkpoint directory.

    The results of eval.json, where there is one, become the card's `quality`. Raises DataError if a file is
    missing or the table and the vocabulary differ in length.
    """
    for name in ("checkpoint.safetensors", "tokenizer.json", "card.json"):
        if not (directory / name).is_file():
            raise DataError(
                f"{directory} is no checkpoint directory: {name} is missing; make it with: edgezoo train"
            )
    stored = load_file(directory / "checkpoint.safetensors")
    tensors = {name: tensor.float().numpy() for name, tensor in stored.items()}
    tokens = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    vocabulary = sorted(tokens, key=lambda token: int(tokens[token]))
    rows = len(tensors["embedding"])
    if len(vocabulary) != rows:
        raise DataError(f"{directory}: {len(vocabulary)} tokens but {rows} rows; train it again")
    card = json.loads((directory / "card.json").read_text(encoding="utf-8"))
    evaluation = directory / "eval.json"
    if evaluation.is_file():
        card["quality"] = json.loads(evaluation.read_text(encoding="utf-8"))["results"]
    return Checkpoint(directory, tensors, vocabulary, card)


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
