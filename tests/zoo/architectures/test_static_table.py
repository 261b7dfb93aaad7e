"""A static table in training: weighted sum of rows, unit length, special rows of zero."""

from __future__ import annotations

import torch

from edgezoo.zoo.architectures.static_table import StaticTable

TABLE = torch.tensor([[9.0, 9.0]] * 4 + [[3.0, 0.0], [0.0, 4.0]])


def test_a_text_is_the_unit_sum_of_its_rows() -> None:
    vectors = StaticTable(TABLE)(torch.tensor([4, 5, 5]), torch.tensor([0, 2]))
    torch.testing.assert_close(vectors, torch.tensor([[0.6, 0.8], [0.0, 1.0]]))


def test_special_tokens_count_for_nothing_and_no_token_gives_zeros() -> None:
    vectors = StaticTable(TABLE)(torch.tensor([1, 4, 1]), torch.tensor([0, 2]))
    torch.testing.assert_close(vectors, torch.tensor([[1.0, 0.0], [0.0, 0.0]]))


def test_special_rows_receive_no_gradient() -> None:
    model = StaticTable(TABLE)
    model(torch.tensor([1, 4, 5]), torch.tensor([0]))[0, 0].backward()
    assert model.table.grad is not None
    assert not model.table.grad[:4].any()
    assert model.table.grad[4:].any()
