"""A corpus as one flat array of token ids: tokenized once, sliced at memory speed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.zoo.datasets.files import save_array

BLOCK = 50_000
MAX_TOKENS = 128


def tokenise(
    texts: Path, tokenizer: Tokenizer, directory: Path, progress: Callable[[int], None] = lambda done: None
) -> None:
    """Write tokens.npy (uint16, or uint32 for a large vocabulary) and offsets.npy (int64 [texts + 1]).

    Does nothing where both exist. `progress` hears how many texts are done.
    """
    if (directory / "offsets.npy").exists():
        return
    kind = np.uint16 if tokenizer.get_vocab_size() <= 1 << 16 else np.uint32
    tokens: list[NDArray[np.uint16 | np.uint32]] = []
    lengths: list[NDArray[np.int64]] = []
    done = 0
    with open(texts, encoding="utf-8", newline="\n") as file:
        while block := [line.rstrip("\n") for line in islice(file, BLOCK)]:
            ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(block, add_special_tokens=False)]
            tokens.append(np.fromiter((token for row in ids for token in row), kind))
            lengths.append(np.fromiter(map(len, ids), np.int64, len(ids)))
            done += len(block)
            progress(done)
    save_array(directory / "tokens.npy", np.concatenate(tokens))
    save_array(
        directory / "offsets.npy", np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(lengths))])
    )


class TokenisedCorpus:
    """What `tokenise` wrote, in memory."""

    def __init__(self, directory: Path) -> None:
        self.tokens = np.load(directory / "tokens.npy")
        self.offsets = np.load(directory / "offsets.npy")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def bags(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Flat int64 tokens of the texts `rows` and where each begins, as `embedding_bag` takes them.

        A text is cut after 128 tokens, which is about where the teacher cuts it.
        """
        starts = self.offsets[rows]
        lengths = np.minimum(self.offsets[rows + 1] - starts, MAX_TOKENS)
        begins = np.cumsum(lengths) - lengths
        places = np.repeat(starts - begins, lengths) + np.arange(lengths.sum())
        return torch.from_numpy(self.tokens[places].astype(np.int64)), torch.from_numpy(begins)

    def counts(self, vocabulary: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Occurrences of each token, and texts that have it: two int64 [vocabulary]."""
        occurrences = np.bincount(self.tokens, minlength=vocabulary)
        texts = np.zeros(vocabulary, np.int64)
        for first, last in self._spans():
            owners = np.repeat(np.arange(last - first), np.diff(self.offsets[first : last + 1]))
            inside = self.tokens[self.offsets[first] : self.offsets[last]].astype(np.int64)
            texts += np.bincount(np.unique(owners * vocabulary + inside) % vocabulary, minlength=vocabulary)
        return occurrences, texts

    def _spans(self) -> Iterator[tuple[int, int]]:
        for first in range(0, len(self), BLOCK):
            yield first, min(first + BLOCK, len(self))
