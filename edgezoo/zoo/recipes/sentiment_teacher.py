"""A sentiment teacher: a sentence-transformers model with a head of two classes, trained on SST-2.

Its last layers and the head learn from SST-2 train; then it labels phrases and unlabelled review sentences
with its logits, which a small student learns from. Both stages go on after an interruption.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgezoo.zoo.datasets import files
from edgezoo.zoo.datasets.sentiment import LABELS, Labelled
from edgezoo.zoo.losses import classification_error
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.teacher import Teacher
from edgezoo.zoo.training import rate

MAX_TOKENS = 64
BUCKET = 64  # batches that are drawn together and sorted by length
PART = 8192  # texts labelled between two saves


@dataclass(frozen=True)
class TeacherSettings:
    """How the teacher is trained; `frozen` layers, and the embeddings, stay as they are."""

    rows: int = 42_000  # at most: the longest phrases, in one pass
    batch: int = 32
    learning_rate: float = 1e-4
    head_rate: float = 1e-3
    frozen: int = 2
    seed: int = 0
    every: int = 100  # steps between checkpoints


class SentimentTeacher(nn.Module):
    """Mean-pooled states of a transformer [n, D] and a linear head: logits [n, 2]."""

    def __init__(self, name: str | None, frozen: int) -> None:
        super().__init__()
        teacher = Teacher(name)
        self.transformer: Any = teacher.model[0]
        self.tokenizer: Any = teacher.tokenizer
        width = int(teacher.model.get_embedding_dimension() or 0)
        torch.manual_seed(0)
        self.head = nn.Linear(width, len(LABELS))
        still = ("embeddings.", *(f"layer.{layer}." for layer in range(frozen)))
        for path, parameter in self.transformer.named_parameters():
            parameter.requires_grad_(not any(part in path for part in still))

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Logits [n, 2] of texts, each cut after 64 tokens."""
        found = self.tokenizer(
            list(texts), truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
        )
        mask = found["attention_mask"]
        features = {"input_ids": found["input_ids"], "attention_mask": mask}
        states = self.transformer(features)["token_embeddings"]  # [n, T, D]
        weights = mask.unsqueeze(2).to(states.dtype)
        logits: Tensor = self.head((states * weights).sum(1) / weights.sum(1))
        return logits


def batches(lengths: NDArray[np.int64], batch: int, seed: int) -> list[NDArray[np.int64]]:
    """One epoch: rows in random batches of similar `lengths`."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(lengths))
    found = []
    for start in range(0, len(order), batch * BUCKET):
        bucket = order[start : start + batch * BUCKET]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        found += [bucket[first : first + batch] for first in range(0, len(bucket), batch)]
    return [found[index] for index in random.permutation(len(found))]


def train(
    train_set: Labelled, settings: TeacherSettings, place: Path, name: str | None, bars: Bars
) -> SentimentTeacher:
    """The teacher, kept in `place`/teacher.pt."""
    model = SentimentTeacher(name, settings.frozen)
    words = np.array([len(text.split()) for text in train_set.texts])
    chosen = np.sort(np.argsort(-words, kind="stable")[: settings.rows])
    epoch = batches(words[chosen], settings.batch, settings.seed)
    body = [parameter for parameter in model.transformer.parameters() if parameter.requires_grad]
    groups = [
        {"params": body, "full": settings.learning_rate},
        {"params": list(model.head.parameters()), "full": settings.head_rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    first = _resume(place / "teacher.pt", model, optimiser)
    labels = torch.tensor(train_set.labels)
    for step in range(first, len(epoch)):
        torch.manual_seed(settings.seed * 1_000_003 + step)
        model.train()
        for group in optimiser.param_groups:
            group["lr"] = group["full"] * rate(step, len(epoch), max(1, len(epoch) // 20))
        rows = chosen[epoch[step]]
        loss = classification_error(model([train_set.texts[row] for row in rows]), labels[rows])
        optimiser.zero_grad()
        torch.autograd.backward([loss])
        torch.nn.utils.clip_grad_norm_([*body, *model.head.parameters()], 1.0)
        optimiser.step()
        if (step + 1) % settings.every == 0 or step + 1 == len(epoch):
            _save(place / "teacher.pt", model, optimiser, step + 1)
        bars("sentiment teacher", step + 1, len(epoch), f"loss {float(loss.detach()):.3f}")
    return model.eval()


def label(model: SentimentTeacher, texts: Sequence[str], place: Path, bars: Bars) -> NDArray[np.float32]:
    """Logits [n, 2] of texts, kept part by part in the directory `place`."""
    place.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(texts), PART):
        path = place / f"{start // PART:04d}.npy"
        if not path.exists():
            files.save_array(path, _logits(model, texts[start : start + PART]))
        parts.append(np.load(path))
        bars(f"label {place.name}", min(start + PART, len(texts)), len(texts))
    found: NDArray[np.float32] = np.concatenate(parts) if parts else np.zeros((0, len(LABELS)), np.float32)
    return found


def _logits(model: SentimentTeacher, texts: Sequence[str]) -> NDArray[np.float32]:
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    found = np.zeros((len(texts), len(LABELS)), np.float32)
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            found[rows] = model([texts[row] for row in rows]).float().numpy()
    return found


def _resume(path: Path, model: SentimentTeacher, optimiser: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def _save(path: Path, model: SentimentTeacher, optimiser: torch.optim.Optimizer, step: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, temporary)
    os.replace(temporary, path)
