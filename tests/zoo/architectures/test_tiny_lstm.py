"""A recurrent encoder in training: what it computes is what the reference of the engine computes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from edgezoo.bundle import layout
from edgezoo.zoo.architectures import tiny_lstm
from edgezoo.zoo.architectures.tiny_lstm import POOLINGS, Shape, TinyLstm, restore, tensors
from tests.tiny_lstm import LABELS, random_tensors, reference

TEXTS = [[5, 6, 7, 8], [9], [], [4, 1, 13, 5, 5, 20, 22], [10, 11, 12]]
LENGTHS = torch.tensor([len(text) for text in TEXTS])
TOKENS = torch.tensor([token for text in TEXTS for token in text])


def model(shape: Shape, seed: int = 0) -> TinyLstm:
    """A model of random weights of this shape, in evaluation."""
    weights = random_tensors(
        hidden=shape.hidden,
        layers=shape.layers,
        directions=shape.directions,
        norms=shape.input_norm,
        salience=shape.salience,
        dimension=shape.dimension,
        labels=len(shape.labels),
        seed=seed,
    )
    found = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    return restore(TinyLstm(found["embedding"], shape), found).eval()


@pytest.mark.parametrize(
    ("pooling", "directions", "layers"), list(itertools.product(POOLINGS, (1, 2), (1, 2)))
)
@pytest.mark.parametrize("plain", [True, False])
def test_vectors_and_probabilities_are_those_of_the_reference(
    pooling: str, directions: int, layers: int, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_lstm, "CHUNK", 2)
    shape = Shape(
        hidden=32, layers=layers, directions=directions, pooling=pooling, dimension=64, skip=not plain,
        salience=not plain, input_norm=not plain, output_norm=not plain, labels=LABELS,
    )  # fmt: skip
    student = model(shape)
    weights = {name: weight.numpy() for name, weight in tensors(student).items()}
    settings = layout.TinyLstm(pooling=pooling, skip=shape.skip, labels=LABELS)
    with torch.inference_mode():
        vectors = student(TOKENS, LENGTHS).numpy()
        p, m = student.encode(TOKENS, LENGTHS)
        probabilities = functional.softmax(student.classify(p, m), dim=1).numpy()
    for row, text in enumerate(TEXTS):
        vector, found = reference(weights, settings, text)
        np.testing.assert_allclose(vectors[row], vector, atol=1e-5)
        np.testing.assert_allclose(probabilities[row], found, atol=1e-5)


def test_a_fresh_model_with_a_skip_path_is_its_static_table() -> None:
    table = torch.randn(25, 64, generator=torch.Generator().manual_seed(0))
    table[:4] = 0.0
    shape = Shape(hidden=32, dimension=64, salience=True, input_norm=True)
    with torch.inference_mode():
        vectors = TinyLstm(table, shape).eval()(TOKENS, LENGTHS)
    means = torch.stack([table[text].mean(0) if text else torch.zeros(64) for text in TEXTS])
    torch.testing.assert_close(vectors, functional.normalize(means, dim=1))


def test_special_rows_learn_nothing_but_the_one_that_is_pooled() -> None:
    for pooling in POOLINGS:
        student = model(Shape(hidden=32, dimension=64, pooling=pooling))
        student(TOKENS, LENGTHS)[0, 0].backward()
        gradient = student.embedding.grad
        assert gradient is not None
        touched = gradient.abs().sum(1) > 0
        assert touched[:4].tolist() == [False, False, pooling == "cls", False]
        assert touched[5]


def test_weights_survive_a_change_of_heads() -> None:
    both = model(Shape(hidden=32, dimension=64, labels=LABELS))
    only = restore(TinyLstm(both.embedding, Shape(hidden=32, dimension=64)), tensors(both)).eval()
    with torch.inference_mode():
        torch.testing.assert_close(only(TOKENS, LENGTHS), both(TOKENS, LENGTHS))


def test_a_skip_path_needs_the_dimension_of_the_rows() -> None:
    with pytest.raises(ValueError, match="64"):
        TinyLstm(torch.zeros(25, 64), Shape(dimension=32))
