"""The graph that ONNX Runtime is measured with computes the model, not something like it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo.benchmarks.onnx_peer import onnx_peers
from edgezoo.bundle.layout import TinyLstm
from edgezoo.errors import InputError
from tests.tiny_lstm import random_tensors, reference

IDS = [[4, 5, 6, 12, 7], [9], [8, 1, 4, 4, 15, 16, 20, 21], [11, 10]]


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (TinyLstm(), {}),
        (TinyLstm(pooling="max"), {"directions": 1, "norms": True}),
        (TinyLstm(skip=False), {"layers": 2, "dimension": 96}),
        (TinyLstm(), {"salience": True, "norms": True, "layers": 2}),
        (TinyLstm(labels=("a", "b", "c")), {"labels": 3, "dimension": 0, "salience": True}),
    ],
)
def test_float32_agrees_with_the_reference_and_int8_nearly(
    tmp_path: Path, settings: TinyLstm, shape: dict[str, Any]
) -> None:
    tensors = random_tensors(**shape)
    exact, small = onnx_peers(tensors, settings, tmp_path)
    vectors, probabilities = zip(*(reference(tensors, settings, ids) for ids in IDS), strict=True)
    expected = np.array(probabilities if settings.labels else vectors)
    for batch in (1, 3, 4):
        assert exact.run_all(IDS, batch) == pytest.approx(expected, abs=1e-5)
    cosines = (small.run_all(IDS, 4) * expected).sum(1) / np.square(expected).sum(1)
    assert cosines.min() > 0.97
    assert small.bytes < exact.bytes


def test_cls_pooling_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mean or max"):
        onnx_peers(random_tensors(), TinyLstm(pooling="cls"), tmp_path)
