"""Batches of sentiment: every row of an epoch once, tokens as they are, and losses that want the labels."""

from __future__ import annotations

import torch

from edgezoo.zoo.recipes.sentiment import Examples, SentimentCourse, _rows


def test_epochs_follow_each_other_without_a_gap() -> None:
    found = torch.cat([_rows(10, 4, step, seed=0) for step in range(5)])
    assert sorted(found[:10].tolist()) == sorted(found[10:].tolist()) == list(range(10))
    assert found[:10].tolist() != found[10:].tolist()
    assert torch.equal(_rows(10, 4, 3, seed=0), found[12:16])


def test_rows_bring_their_tokens() -> None:
    examples = Examples(
        torch.arange(6), torch.tensor([0, 2, 2, 6]), torch.tensor([1, 0, 1]), torch.zeros(3, 2)
    )
    tokens, lengths = examples.take(torch.tensor([2, 1, 0]))
    assert tokens.tolist() == [2, 3, 4, 5, 0, 1]
    assert lengths.tolist() == [4, 0, 2]


def test_a_course_keeps_some_sentences_for_choices() -> None:
    assert SentimentCourse().held_out > 0
