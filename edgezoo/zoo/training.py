"""The training loop of sentence-vector students: resumable, seeded, logged."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgezoo.zoo import clusters
from edgezoo.zoo.architectures.static_table import StaticTable
from edgezoo.zoo.datasets import files
from edgezoo.zoo.datasets.tokenised import TokenisedCorpus
from edgezoo.zoo.losses import misalignment, similarity_divergence
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.projection import Projection
from edgezoo.zoo.teacher import Vectors


@dataclass(frozen=True)
class Settings:
    """How a student is trained; the rate is of Adam and decays to zero by a cosine."""

    batch: int = 1024
    runs: int = 1  # clusters that a batch is made of
    temperature: float = 0.07
    divergence_weight: float = 1.0
    learning_rate: float = 3e-3
    warmup: int = 100
    recombined_share: float = 0.2  # of the batches
    every: int = 250  # steps between checkpoints
    seed: int = 0


# Weights and losses, by name, of the model at a step.
Lesson = Callable[[StaticTable, int], dict[str, tuple[float, torch.Tensor]]]


@dataclass(frozen=True)
class Lessons:
    """What is learnt: texts, the teacher's vectors of them, their clusters, and the target basis.

    Every `group` neighbouring texts stay together and have one cluster.
    """

    corpus: TokenisedCorpus
    vectors: Vectors
    clusters: NDArray[np.int16]
    basis: Projection
    group: int = 1


class Schedule:
    """Batch of every step, a function of seed and step alone, so that training resumes where it stopped."""

    def __init__(self, lessons: Lessons, settings: Settings) -> None:
        self.lessons, self.settings = lessons, settings
        self.epoch = -1
        self.rows: list[NDArray[np.int64]] = []
        self.per_epoch = len(self._draw(0))

    def _draw(self, epoch: int) -> list[NDArray[np.int64]]:
        group, settings = self.lessons.group, self.settings
        batch = settings.batch // group
        drawn = clusters.batches(
            self.lessons.clusters, batch, min(settings.runs, batch), (settings.seed, epoch)
        )
        return [(rows[:, None] * group + np.arange(group)).ravel() for rows in drawn]

    def __call__(self, step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, self.per_epoch)
        if epoch != self.epoch:
            self.epoch, self.rows = epoch, self._draw(epoch)
        return self.rows[place % len(self.rows)]


class Curriculum:
    """What every step learns from: the corpus, and at even intervals the recombined sentences."""

    def __init__(self, lessons: Lessons, recombined: Lessons | None, settings: Settings) -> None:
        self.corpus = Schedule(lessons, settings)
        self.recombined = Schedule(recombined, settings) if recombined else None
        enough = self.recombined is not None and self.recombined.per_epoch > 0
        self.share = settings.recombined_share if enough else 0.0

    def __call__(self, step: int) -> tuple[Lessons, NDArray[np.int64]]:
        """The lessons of a step and the rows of its batch."""
        before = int(step * self.share)
        if self.recombined and int((step + 1) * self.share) > before:
            return self.recombined.lessons, self.recombined(before)
        return self.corpus.lessons, self.corpus(step - before)


def rate(step: int, steps: int, warmup: int) -> float:
    """Share of the full learning rate at `step`: linear warm-up, then half a cosine down to zero."""
    return min(1.0, (step + 1) / warmup) * 0.5 * (1.0 + math.cos(math.pi * step / steps))


def fit(
    table: torch.Tensor,
    lessons: Lessons,
    settings: Settings,
    steps: int,
    directory: Path,
    bars: Bars,
    stage: str,
    judge: Callable[[torch.Tensor], float] | None = None,
    recombined: Lessons | None = None,
) -> torch.Tensor:
    """Train `table` [tokens, dimension] for `steps` steps and return the effective rows, float32.

    `directory` receives training.pt (model, optimiser, step; replaced every `settings.every` steps),
    training.jsonl (a line for each of those) and at last table.npy; where they exist, training goes on from
    them. `judge` gives a figure of merit for rows, which is logged and decides nothing.
    """
    curriculum = Curriculum(lessons, recombined, settings)

    def lesson(model: StaticTable, step: int) -> dict[str, tuple[float, torch.Tensor]]:
        error, divergence = _losses(model, *curriculum(step), settings.temperature)
        return {"misalignment": (1.0, error), "divergence": (settings.divergence_weight, divergence)}

    return descend(table, lesson, settings, steps, directory, bars, stage, judge)


def descend(
    table: torch.Tensor,
    lesson: Lesson,
    settings: Settings,
    steps: int,
    directory: Path,
    bars: Bars,
    stage: str,
    judge: Callable[[torch.Tensor], float] | None = None,
) -> torch.Tensor:
    """Train `table` as `fit` does, on whatever `lesson` asks for: weights and losses, by name, of a step."""
    directory.mkdir(parents=True, exist_ok=True)
    finished = directory / "table.npy"
    if finished.exists():
        return torch.from_numpy(np.load(finished))
    model = StaticTable(table)
    optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.99), eps=1e-10, fused=True)
    first = _resume(directory, model, optimiser)
    sums: dict[str, float] = {}
    for step in range(first, steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * rate(step, steps, settings.warmup)
        losses = lesson(model, step)
        optimiser.zero_grad()
        torch.autograd.backward([torch.stack([weight * loss for weight, loss in losses.values()]).sum()])
        optimiser.step()
        for name, (_, loss) in losses.items():
            sums[name] = sums.get(name, 0.0) + loss.item()
        done = step + 1
        if done % settings.every == 0 or done == steps:
            since = settings.every if done % settings.every == 0 else done % settings.every
            with torch.no_grad():
                merit = judge(model.rows()) if judge else None
            _record(directory, done, {name: total / since for name, total in sums.items()}, merit)
            _save(directory, model, optimiser, done)
            sums.clear()
            bars(stage, done, steps, "" if merit is None else f"dev {100 * merit:.2f}")
        elif done % 10 == 0:
            bars(stage, done, steps)
    rows = model.rows().detach()
    files.save_array(finished, rows.numpy())
    return rows


def _losses(
    model: StaticTable, lessons: Lessons, rows: NDArray[np.int64], temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    student = model(*lessons.corpus.bags(rows))  # [batch, dimension]
    teacher = lessons.vectors[rows]  # [batch, teacher's dimension]
    return misalignment(student, lessons.basis(teacher)), similarity_divergence(student, teacher, temperature)


def _resume(directory: Path, model: StaticTable, optimiser: torch.optim.Optimizer) -> int:
    path = directory / "training.pt"
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    log = directory / "training.jsonl"
    # An interruption between the log and the checkpoint leaves a line too many.
    kept = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= state["step"]]
    log.write_text("".join(line + "\n" for line in kept))
    return int(state["step"])


def _save(directory: Path, model: StaticTable, optimiser: torch.optim.Optimizer, step: int) -> None:
    temporary = directory / f"training.{os.getpid()}.tmp"
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, temporary)
    os.replace(temporary, directory / "training.pt")


def _record(directory: Path, step: int, losses: dict[str, float], merit: float | None) -> None:
    line = {
        "step": step,
        **{name: round(loss, 6) for name, loss in losses.items()},
        "dev": None if merit is None else round(merit, 6),
    }
    with open(directory / "training.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
