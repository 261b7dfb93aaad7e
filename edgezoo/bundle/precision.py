"""Which tensors of a recurrent encoder are stored in which precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.quantise import QuantisedTensor, quantise

# What becomes of the table and of the other matrices.
PRECISIONS = {"int8": ("int8", "int8"), "mixed": ("int4", "int8"), "int4": ("int4", "int4")}
_MATRICES = (".input", ".recurrent", "projection")
# Weights of 7 bits can be multiplied four at a time in 16 bits: a third faster where there is no VNNI.
_NARROW = 63

Tensors = dict[str, QuantisedTensor | NDArray[Any]]


def quantise_recurrent(tensors: Mapping[str, NDArray[np.float32]], precision: str) -> Tensors:
    """The tensors of a TinyLSTM as a bundle holds them, sorted by name, the table first; vectors as they are.

    Raises InputError for a precision that `PRECISIONS` lacks.
    """
    table, matrices = PRECISIONS.get(precision, (precision, precision))
    stored: Tensors = {"embedding": quantise(tensors["embedding"], table, keep_scale=True)}
    for name in sorted(set(tensors) - {"embedding"}):
        matrix = name.endswith(_MATRICES)
        stored[name] = (
            quantise(tensors[name], matrices, keep_scale=True, largest=_NARROW) if matrix else tensors[name]
        )
    return stored
