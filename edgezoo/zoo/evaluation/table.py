"""Sentence vectors of a table of rows, for training; a shipped model is measured by its bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from edgezoo.zoo.datasets.sts import Pairs
from edgezoo.zoo.evaluation.correlation import correlate, cosines


class Texts:
    """Texts tokenized once, embedded by many tables."""

    def __init__(self, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
        ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
        lengths = np.array([len(row) for row in ids], np.int64)
        self.tokens = torch.tensor([token for row in ids for token in row], dtype=torch.int64)
        self.offsets = torch.from_numpy(np.cumsum(lengths) - lengths)

    def embed(self, rows: Tensor) -> NDArray[np.float32]:
        """Unit vectors [texts, dimension] by the table `rows` [tokens, dimension]."""
        sums = functional.embedding_bag(self.tokens, rows, self.offsets, mode="sum")
        vectors: NDArray[np.float32] = functional.normalize(sums, dim=1).numpy()
        return vectors


class MultilingualJudge:
    """Spearman correlation of a table on sentence pairs of several languages."""

    def __init__(self, tokenizer: Tokenizer, pairs: Mapping[str, Pairs]) -> None:
        self.judges = {language: Judge(tokenizer, own) for language, own in pairs.items()}

    def __call__(self, rows: Tensor) -> float:
        """The mean over the languages, -1 to 1, for the table `rows` [tokens, dimension]."""
        found = self.by_language(rows)
        return sum(found.values()) / len(found)

    def by_language(self, rows: Tensor) -> dict[str, float]:
        """-1 to 1 for each language."""
        return {language: judge(rows) for language, judge in self.judges.items()}


class Judge:
    """Spearman correlation of a table on sentence pairs."""

    def __init__(self, tokenizer: Tokenizer, pairs: Pairs) -> None:
        self.left, self.right = Texts(tokenizer, pairs.left), Texts(tokenizer, pairs.right)
        self.scores = pairs.scores

    def __call__(self, rows: Tensor) -> float:
        """-1 to 1 for the table `rows` [tokens, dimension]."""
        similarities = cosines(self.left.embed(rows), self.right.embed(rows))
        return float(correlate(similarities, self.scores)["spearman"])
