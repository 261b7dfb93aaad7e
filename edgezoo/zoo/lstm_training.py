"""The training loop of recurrent models: resumable, seeded, logged, stopped when dev stops improving."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from edgezoo.zoo.architectures.tiny_lstm import TinyLstm
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.teacher import fastest_dtype
from edgezoo.zoo.training import rate

WARMUP = 0.05  # of the steps; then half a cosine
CLIP = 1.0

Judge = Callable[[TinyLstm], dict[str, float]]


@dataclass(frozen=True)
class Pace:
    """How AdamW goes: the embedding has a rate of its own, because it starts from a trained table."""

    steps: int
    learning_rate: float = 2e-3
    table_rate: float = 2e-3
    weight_decay: float = 0.01  # of the matrices, not of the table, norms and biases
    every: int = 100  # steps between looks at dev, each with a checkpoint
    patience: int = 10  # looks without as good a dev figure before it stops
    tolerance: float = 0.0  # how much worse a later look may be to count as better: noise of dev
    snapshot: int = 0  # a step whose weights are kept as snapshot.pt, for a model that starts from them
    seed: int = 0


class Lesson(Protocol):
    """What is learnt in a step."""

    def __call__(self, model: TinyLstm, step: int) -> dict[str, Tensor]:
        """The named losses of a step, weighted, to be added up; a function of `step` alone."""


def fit(
    model: TinyLstm,
    lesson: Lesson,
    pace: Pace,
    directory: Path,
    bars: Bars,
    stage: str,
    judge: Judge | None = None,
) -> TinyLstm:
    """Train `model` in place and return it with the weights of its best look at dev (or the last ones).

    `directory` receives training.pt and training.jsonl every `pace.every` steps, best.pt, and at last
    finished.pt; where they exist, training goes on from them. The figure that counts in what `judge` gives is
    "dev". Under bfloat16 autocast where the CPU has the instructions. A snapshot is at a multiple of
    `pace.every`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / "finished.pt").exists():
        model.load_state_dict(torch.load(directory / "finished.pt", weights_only=True))
        return model.eval()
    optimiser = torch.optim.AdamW(_groups(model, pace), betas=(0.9, 0.99), eps=1e-8, fused=True)
    progress = _resume(directory, model, optimiser)
    half = fastest_dtype() is torch.bfloat16
    sums: dict[str, float] = {}
    since = 0
    for step in range(progress["step"], pace.steps):
        torch.manual_seed(pace.seed * 1_000_003 + step)  # of dropout: the same after an interruption
        model.train()
        share = rate(step, pace.steps, max(1, int(WARMUP * pace.steps)))
        for group in optimiser.param_groups:
            group["lr"] = group["full"] * share
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            losses = lesson(model, step)
        optimiser.zero_grad()
        torch.autograd.backward([torch.stack(list(losses.values())).sum()])
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + float(loss.detach())
        since += 1
        progress["step"] = step + 1
        if (step + 1) % pace.every == 0 or step + 1 == pace.steps:
            merits = _look(model, judge)
            _record(directory, {"step": step + 1} | _means(sums, since) | merits)
            merit = merits.get("dev", float(step))
            if merit > progress["best"] - pace.tolerance:
                progress.update(best=max(merit, progress["best"]), best_step=step + 1)
                _save(directory / "best.pt", model.state_dict())
            _save(
                directory / "training.pt",
                {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "progress": progress},
            )
            if step + 1 == pace.snapshot:
                _save(directory / "snapshot.pt", model.state_dict())
            sums, since = {}, 0
            bars(stage, step + 1, pace.steps, f"dev {100 * merits['dev']:.2f}" if merits else "")
            if step + 1 - progress["best_step"] >= pace.patience * pace.every:
                break
        elif (step + 1) % 10 == 0:
            bars(stage, step + 1, pace.steps)
    best: dict[str, Tensor] = torch.load(directory / "best.pt", weights_only=True)
    model.load_state_dict(best)
    _save(directory / "finished.pt", best)
    return model.eval()


def _groups(model: TinyLstm, pace: Pace) -> list[dict[str, Any]]:
    matrices: list[Tensor] = []
    vectors: list[Tensor] = []
    for name, parameter in model.named_parameters():
        if name != "embedding":
            (matrices if parameter.dim() > 1 else vectors).append(parameter)
    return [
        {"params": [model.embedding], "full": pace.table_rate, "weight_decay": 0.0},
        {"params": matrices, "full": pace.learning_rate, "weight_decay": pace.weight_decay},
        {"params": vectors, "full": pace.learning_rate, "weight_decay": 0.0},
    ]


def _look(model: TinyLstm, judge: Judge | None) -> dict[str, float]:
    if judge is None:
        return {}
    model.eval()
    with torch.inference_mode():
        return {name: round(merit, 6) for name, merit in judge(model).items()}


def _means(sums: dict[str, float], steps: int) -> dict[str, float]:
    return {name: round(total / max(steps, 1), 6) for name, total in sums.items()}


def _resume(directory: Path, model: TinyLstm, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    path, log = directory / "training.pt", directory / "training.jsonl"
    if not path.exists():
        log.unlink(missing_ok=True)
        return {"step": 0, "best": -float("inf"), "best_step": 0}
    state: dict[str, Any] = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    progress: dict[str, Any] = state["progress"]
    # An interruption between the log and the checkpoint leaves a line too many.
    kept = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= progress["step"]]
    log.write_text("".join(line + "\n" for line in kept))
    return progress


def _save(path: Path, state: Any) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def _record(directory: Path, line: dict[str, float]) -> None:
    with open(directory / "training.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
