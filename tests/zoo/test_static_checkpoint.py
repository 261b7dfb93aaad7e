"""The checkpoint directory of a static table; the recipe's tests read a whole one."""

from __future__ import annotations

import torch

from edgezoo.zoo import static_checkpoint


def test_rows_are_scaled_into_the_range_of_float16() -> None:
    rows = torch.tensor([[1e-6, 2e6], [-4e6, 0.0]])
    assert static_checkpoint.scaled(rows).abs().max() == 1.0
    torch.testing.assert_close(static_checkpoint.scaled(rows), rows / 4e6)
