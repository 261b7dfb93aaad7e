"""Static table: a sentence vector is the L2-normalised sum of the rows of its tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SPECIAL_ROWS = 4


class StaticTable(nn.Module):
    """A table [tokens, dimension] whose first rows, those of the special tokens, stay zero.

    A row's norm is its token's weight in the sum. Method: Model2Vec (Tulkens & van Dongen, 2024).
    """

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = nn.Parameter(table.clone())
        mask = torch.ones(len(table), 1)
        mask[:SPECIAL_ROWS] = 0.0
        self.register_buffer("mask", mask)
        self.mask: Tensor

    def rows(self) -> Tensor:
        """The effective table [tokens, dimension]: special rows zero."""
        return self.table * self.mask

    def forward(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Unit vectors [texts, dimension] of a flat int64 `tokens` with each text's start in `offsets`.

        A text without known tokens gives zeros.
        """
        sums = functional.embedding_bag(tokens, self.rows(), offsets, mode="sum")  # [texts, dimension]
        return functional.normalize(sums, dim=1)
