"""What rounding does to a recurrent model's figures."""

from __future__ import annotations

import torch

from edgezoo.bundle.precision import PRECISIONS
from edgezoo.zoo.architectures.tiny_lstm import Shape, TinyLstm, restore, tensors
from edgezoo.zoo.recurrent_checkpoint import drift, rounded, settings
from tests.tiny_lstm import LABELS, random_tensors

SHAPE = Shape(hidden=32, dimension=64, labels=LABELS)


def model() -> TinyLstm:
    weights = {name: torch.from_numpy(tensor) for name, tensor in random_tensors(labels=2).items()}
    return restore(TinyLstm(weights["embedding"], SHAPE), weights).eval()


def test_matrices_are_rounded_and_vectors_are_not() -> None:
    exact = tensors(model())
    for precision in PRECISIONS:
        found = rounded(exact, precision)
        assert set(found) == set(exact)
        for name in ("embedding", "projection", "lstm.0.backward.recurrent"):
            error = (found[name] - exact[name]).abs().max() / exact[name].abs().max()
            assert 0.0 < error < 0.2
        for name in ("lstm.0.forward.bias", "projection.bias", "classifier"):
            assert torch.equal(found[name], exact[name])


def test_drift_is_the_change_of_every_figure() -> None:
    student = model()

    def judge(other: TinyLstm) -> dict[str, float]:
        return {"dev": float(other.embedding[4, 0]), "same": 1.0}

    found = drift(student, judge)
    assert set(found) == set(PRECISIONS)
    change = float(rounded(tensors(student), "int4")["embedding"][4, 0] - student.embedding.detach()[4, 0])
    assert found["int4"] == {"dev_change": round(change, 6), "same_change": 0.0}
    assert drift(student, None) == {}


def test_a_card_has_the_settings_of_the_bundle() -> None:
    assert settings(SHAPE) == {
        "hidden": 32, "layers": 1, "directions": 2, "pooling": "mean", "skip": True, "salience": False,
        "input_norm": False, "output_norm": False, "labels": list(LABELS), "max_tokens": 128,
    }  # fmt: skip
