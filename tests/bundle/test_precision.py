import numpy as np
import pytest

from edgezoo.bundle.precision import PRECISIONS, quantise_recurrent
from edgezoo.bundle.quantise import QuantisedTensor
from edgezoo.errors import InputError
from tests.tiny_lstm import random_tensors


@pytest.mark.parametrize("precision", PRECISIONS)
def test_matrices_are_quantised_and_vectors_kept(precision: str) -> None:
    tensors = random_tensors(layers=2, norms=True, salience=True, labels=2)
    stored = quantise_recurrent(tensors, precision)
    assert set(stored) == set(tensors)
    for name, tensor in stored.items():
        if isinstance(tensor, QuantisedTensor):
            assert tensor.dtype == PRECISIONS[precision][name != "embedding"]
            assert tensor.shape == tensors[name].shape
            if tensor.dtype == "int8" and name != "embedding":
                assert np.abs(tensor.values).max() <= 63
        else:
            assert np.array_equal(tensor, tensors[name])
            assert name.startswith(("input_norm", "output_norm", "salience", "classifier")) or "bias" in name


def test_an_unknown_precision_is_named() -> None:
    with pytest.raises(InputError, match="int2"):
        quantise_recurrent(random_tensors(), "int2")
