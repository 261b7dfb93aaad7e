"""The character model: its head is its embedding, its state is all it remembers, its tensors restore it."""

from __future__ import annotations

import pytest
import torch

from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape, restore, tensors

SHAPES = (Shape(32, 64, 2), Shape(32, 32, 1, output_norm=True))
IDS = torch.tensor([[2, 2], [5, 6], [7, 8], [4, 4], [9, 5]])


def fresh(shape: Shape) -> CharLstm:
    torch.manual_seed(3)
    return CharLstm(11, shape).eval()


@pytest.mark.parametrize("shape", SHAPES)
def test_state_is_all_that_is_carried_on(shape: Shape) -> None:
    model = fresh(shape)
    whole, last = model(IDS)
    first, state = model(IDS[:2])
    second, after = model(IDS[2:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    torch.testing.assert_close(after, last)


@pytest.mark.parametrize("shape", SHAPES)
def test_tensors_restore_the_model(shape: Shape) -> None:
    model = fresh(shape)
    torch.manual_seed(4)
    other = restore(CharLstm(11, shape).eval(), tensors(model))
    torch.testing.assert_close(other(IDS)[0], model(IDS)[0])


def test_head_is_tied_to_the_embedding() -> None:
    model = fresh(SHAPES[0])
    before = model(IDS)[0]
    with torch.no_grad():
        model.embedding[10] += 1.0  # a token that is not read here
    after = model(IDS)[0]
    assert not torch.equal(before[..., 10], after[..., 10])
    assert torch.equal(before[..., :10], after[..., :10])


def test_no_token_changes_what_came_before_it() -> None:
    model, changed = fresh(SHAPES[0]), IDS.clone()
    changed[3:] = 10
    assert torch.equal(model(IDS)[0][:3], model(changed)[0][:3])
