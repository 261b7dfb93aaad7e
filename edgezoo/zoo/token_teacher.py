"""A multilingual teacher that reads single tokens: any Transformer by hub id or path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgezoo.errors import InputError
from edgezoo.zoo.teacher import BATCH, MAX_TOKENS, fastest_dtype

POOLINGS = ("mean", "cls")
# What E5 was trained to read; LaBSE and others take the bare token.
TEMPLATES = {"e5": "query: {}"}


def template_of(teacher: str) -> str:
    """The template that suits a teacher, by its name."""
    name = Path(teacher).name.lower()
    return next((template for family, template in TEMPLATES.items() if family in name), "{}")


def pooling_of(teacher: str) -> str:
    """The pooling that a teacher was trained with, by its name: "cls" of LaBSE, else "mean"."""
    return "cls" if "labse" in Path(teacher).name.lower() else "mean"


class TokenTeacher:
    """A Transformer by hub id or path, whose last states are pooled.

    template: the text for a token, with {} in its place. Raises InputError for another pooling or a template
    without {}.
    """

    def __init__(self, name: str, template: str, pooling: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        if pooling not in POOLINGS:
            raise InputError(f"pooling {pooling!r} is unknown; choose one of {', '.join(POOLINGS)}")
        if "{}" not in template:
            raise InputError(f"the template {template!r} has no {{}} for the token")
        offline = Path(name).is_dir()
        self.tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=offline)
        self.model = AutoModel.from_pretrained(name, local_files_only=offline, dtype=fastest_dtype()).eval()
        self.template, self.pooling = template, pooling

    def encode(self, tokens: Sequence[str]) -> NDArray[np.float16]:
        """Unit vectors [tokens, dimension]."""
        texts = [self.template.format(token) for token in tokens]
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors: NDArray[np.float16] | None = None
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                features = self.tokenizer(
                    [texts[index] for index in batch],
                    padding=True,
                    truncation=True,
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
                states = self.model(**features).last_hidden_state.float()
                found = torch.nn.functional.normalize(self._pool(states, features["attention_mask"]), dim=1)
                if vectors is None:
                    vectors = np.empty((len(texts), found.shape[1]), np.float16)
                vectors[batch] = found.half().numpy()
        return np.empty((0, 0), np.float16) if vectors is None else vectors

    def _pool(self, states: Tensor, mask: Tensor) -> Tensor:
        """[batch, length, D] -> [batch, D]: the first state, or the mean of those that are no padding."""
        if self.pooling == "cls":
            return states[:, 0]
        weights = mask.unsqueeze(-1).float()
        return (states * weights).sum(1) / weights.sum(1)
