"""The training loop of character language models: resumable, seeded, logged, stopped early."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edgezoo.zoo.architectures.char_lstm import CharLstm, State
from edgezoo.zoo.tokenizers.char import BOS, EOS, PAD
from edgezoo.zoo.training import rate

Ids = NDArray[np.uint16]
Report = Callable[[int, int, str], None]  # groups done, groups in all, a note

SLICE = 256  # texts judged side by side


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` epochs whose dev loss is not `min_delta` below the best one."""

    patience: int = 2
    min_delta: float = 0.0


@dataclass(frozen=True)
class Regimen:
    """How AdamW goes over the texts."""

    epochs: int = 5
    lanes: int = 16  # texts of similar length side by side
    max_seq_len: int = 256  # steps that a gradient goes back
    learning_rate: float = 3e-3
    weight_decay: float = 0.01  # of the matrices
    clip: float = 1.0
    warmup: float = 0.05  # of all groups; then half a cosine
    looks: int = 5  # at dev in an epoch, each with a checkpoint
    freeze_embeddings: bool = False
    early_stopping: EarlyStopping = EarlyStopping()
    seed: int = 0


@dataclass(frozen=True)
class Loss:
    """Mean cross-entropy of a character or [EOS], by the model that predicts it."""

    nats: float
    characters: int  # [EOS] of each text among them

    @property
    def bits(self) -> float:
        """Bits a character."""
        return self.nats / math.log(2)

    @property
    def perplexity(self) -> float:
        """As many equally likely characters would be as hard to predict."""
        return math.exp(self.nats)


def device() -> torch.device:
    """The accelerator where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def pack(texts: Sequence[Ids]) -> Tensor:
    """[BOS] text [EOS] of each text, padded behind: int64 [steps, texts]."""
    longest = max(map(len, texts))
    packed = np.full((longest + 2, len(texts)), PAD, np.int64)
    packed[0] = BOS
    for place, ids in enumerate(texts):
        packed[1 : len(ids) + 1, place] = ids
        packed[len(ids) + 1, place] = EOS
    return torch.from_numpy(packed)


def nats(model: CharLstm, packed: Tensor, steps: int) -> Iterator[tuple[Tensor, int]]:
    """Summed cross-entropy and number of characters of each window of `steps`; states are carried on."""
    state: State | None = None
    for begin in range(0, len(packed) - 1, steps):
        window = packed[begin : begin + steps + 1]
        logits, state = model(window[:-1], state)
        state = (state[0].detach(), state[1].detach())
        targets = window[1:].flatten()
        loss = functional.cross_entropy(logits.flatten(0, 1), targets, ignore_index=PAD, reduction="sum")
        yield loss, int((targets != PAD).sum())


def judge(model: CharLstm, texts: Sequence[Ids], steps: int = 256) -> Loss:
    """The loss over `texts`, each from its beginning to its [EOS], in evaluation mode."""
    model.eval()
    where = model.embedding.device
    total, characters = 0.0, 0
    with torch.inference_mode():
        for side_by_side in alike(texts):
            for loss, count in nats(model, pack(side_by_side).to(where), steps):
                total += float(loss)
                characters += count
    return Loss(total / characters, characters)


def alike(texts: Sequence[Ids]) -> Iterator[list[Ids]]:
    """All texts, up to SLICE of similar length together: what is computed for padding is lost."""
    found: list[Ids] = []
    for ids in sorted(texts, key=len):
        if found and (len(found) == SLICE or len(ids) > 1.5 * len(found[0]) + 16):
            yield found
            found = []
        found.append(ids)
    if found:
        yield found


def groups(texts: Sequence[Ids], lanes: int, seed: int) -> list[list[int]]:
    """Every text once, in groups of `lanes` texts of similar length, shuffled by `seed`."""
    generator = np.random.default_rng(seed)
    lengths = np.array([len(ids) for ids in texts])
    order = np.lexsort((generator.random(len(texts)), lengths))
    found = [order[i : i + lanes].tolist() for i in range(0, len(order), lanes)]
    return [found[i] for i in generator.permutation(len(found))]


def fit(
    model: CharLstm,
    train: Sequence[Ids],
    dev: Sequence[Ids],
    regimen: Regimen,
    directory: Path,
    report: Report = lambda done, total, note: None,
) -> CharLstm:
    """Train `model` in place and return it with the weights of its best look at dev.

    `directory` receives steps.jsonl and epochs.jsonl, training.pt at every look, best.pt, and at last
    metrics.json and finished.pt; where they exist, training goes on from them, to the same weights.
    """
    directory.mkdir(parents=True, exist_ok=True)
    where = device()
    model.to(where)
    if (directory / "finished.pt").exists():
        model.load_state_dict(torch.load(directory / "finished.pt", weights_only=True, map_location=where))
        return model.eval()
    if regimen.freeze_embeddings:
        model.embedding.requires_grad_(False)
    optimiser = torch.optim.AdamW(_parameters(model, regimen), betas=(0.9, 0.99), fused=True)
    course = _resume(directory, model, optimiser, where)
    if not course.seen:  # what the model knows before it has read anything here
        _look(model, optimiser, dev, course, directory, regimen)
    while course.epoch < regimen.epochs and course.stale_epochs < regimen.early_stopping.patience:
        epoch = course.epoch
        plan = groups(train, regimen.lanes, regimen.seed * 1_000_003 + epoch)
        total = len(plan) * regimen.epochs
        every = -(-len(plan) // regimen.looks)
        for index in range(course.group, len(plan)):
            done = epoch * len(plan) + index
            share = rate(done, total, max(1, int(regimen.warmup * total)))
            for settings in optimiser.param_groups:
                settings["lr"] = regimen.learning_rate * share
            torch.manual_seed((regimen.seed * 1_000_003 + epoch) * 1_000_003 + index)  # of dropout
            _learn(model, optimiser, pack([train[i] for i in plan[index]]).to(where), regimen, course)
            course.group = index + 1
            if course.group % every == 0 and course.group < len(plan):
                loss = _look(model, optimiser, dev, course, directory, regimen)
                report(done + 1, total, f"{loss.bits:.3f} bits")
            elif course.group % 10 == 0:
                report(done + 1, total, "")
        course.epoch, course.group = epoch + 1, 0
        loss = _look(model, optimiser, dev, course, directory, regimen)
        report(total * (epoch + 1) // regimen.epochs, total, f"{loss.bits:.3f} bits")
    model.load_state_dict(torch.load(directory / "best.pt", weights_only=True, map_location=where))
    model.embedding.requires_grad_(True)
    summary = _figures(judge(model, dev)) | {"epochs": course.epoch, "seen": course.seen, "step": course.step}
    (directory / "metrics.json").write_text(json.dumps({"dev": summary}, indent=1) + "\n", encoding="utf-8")
    _save(directory / "finished.pt", model.state_dict())
    return model.eval()


@dataclass
class _Course:
    """Where training stands."""

    epoch: int = 0
    group: int = 0
    step: int = 0  # optimiser's steps
    seen: int = 0  # characters read
    best: float = math.inf  # dev loss of the best look
    best_epoch_loss: float = math.inf
    stale_epochs: int = 0
    sum: float = 0.0  # of the training loss since the last look
    count: int = 0

    def note_epoch(self, loss: Loss, rule: EarlyStopping) -> None:
        """Count the epochs without progress, after one that ended with this dev loss."""
        better = loss.nats < self.best_epoch_loss - rule.min_delta
        self.stale_epochs = 0 if better else self.stale_epochs + 1
        self.best_epoch_loss = min(loss.nats, self.best_epoch_loss)


def _learn(
    model: CharLstm, optimiser: torch.optim.Optimizer, packed: Tensor, regimen: Regimen, course: _Course
) -> None:
    model.train()
    for loss, count in nats(model, packed, regimen.max_seq_len):
        optimiser.zero_grad()
        torch.autograd.backward([loss / count])
        torch.nn.utils.clip_grad_norm_(model.parameters(), regimen.clip)
        optimiser.step()
        course.sum += float(loss.detach())
        course.count += count
        course.seen += count
        course.step += 1


def _parameters(model: CharLstm, regimen: Regimen) -> list[dict[str, Any]]:
    learnt = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in learnt if p.dim() > 1 and p is not model.embedding]
    others = [p for p in learnt if p.dim() == 1 or p is model.embedding]
    return [
        {"params": matrices, "weight_decay": regimen.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _look(
    model: CharLstm,
    optimiser: torch.optim.Optimizer,
    dev: Sequence[Ids],
    course: _Course,
    directory: Path,
    regimen: Regimen,
) -> Loss:
    """Judge on dev, log it, and keep what training goes on from."""
    loss = judge(model, dev)
    line: dict[str, float] = {"epoch": course.epoch, "step": course.step, "seen": course.seen}
    if course.count:
        line["train"] = round(course.sum / course.count, 6)
    _record(directory / "steps.jsonl", line | {"dev": round(loss.nats, 6)})
    if course.group == 0 and course.seen:
        _record(directory / "epochs.jsonl", line | _figures(loss))
        course.note_epoch(loss, regimen.early_stopping)
    course.sum, course.count = 0.0, 0
    if loss.nats < course.best:
        course.best = loss.nats
        _save(directory / "best.pt", model.state_dict())
    _save(
        directory / "training.pt",
        {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "course": asdict(course)},
    )
    return loss


def _figures(loss: Loss) -> dict[str, float]:
    return {
        "nats": round(loss.nats, 6),
        "bits": round(loss.bits, 6),
        "perplexity": round(loss.perplexity, 6),
        "characters": loss.characters,
    }


def _resume(
    directory: Path, model: CharLstm, optimiser: torch.optim.Optimizer, where: torch.device
) -> _Course:
    path, logs = directory / "training.pt", [directory / "steps.jsonl", directory / "epochs.jsonl"]
    if not path.exists():
        for log in logs:
            log.unlink(missing_ok=True)
        return _Course()
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location=where)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    course = _Course(**state["course"])
    for log in logs:  # an interruption between the log and the checkpoint leaves a line too many
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["seen"] <= course.seen))
    return course


def _save(path: Path, state: Any) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def _record(path: Path, line: dict[str, float]) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
