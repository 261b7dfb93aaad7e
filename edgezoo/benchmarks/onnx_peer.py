"""ONNX Runtime on one thread, and a TinyLSTM's exported graph in it: what the engine is measured beside.

Ids in; vectors out, or probabilities of a model that has none. What exports do for empty batches is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.layout import TinyLstm
from edgezoo.errors import MissingExtraError

Float32 = NDArray[np.float32]


def open_session(graph: Path | bytes) -> Any:
    """An onnxruntime.InferenceSession of a graph on one thread of the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors are raised
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class OnnxPeer:
    """An ONNX Runtime session on one thread; `bytes` is the size of its graph."""

    def __init__(self, graph: Path) -> None:
        self._session = open_session(graph)
        self.bytes = graph.stat().st_size

    def run_all(self, ids: Sequence[Sequence[int]], batch: int) -> Float32:
        """What `run` gives, `batch` texts at a time, padded to the longest of them."""
        return np.concatenate([self.run(*padded(ids[at : at + batch])) for at in range(0, len(ids), batch)])

    def run(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> Float32:
        """[texts, dim] or [texts, labels] of padded ids [texts, tokens] and each text's number of them."""
        answers: Float32 = self._session.run(None, {"ids": ids, "lengths": lengths})[0]
        return answers


def padded(ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids [texts, longest], 0 where a text is shorter, and lengths [texts]; no text may be empty."""
    lengths = np.array([len(row) for row in ids], dtype=np.int64)
    matrix = np.zeros((len(ids), lengths.max()), dtype=np.int64)
    for row, text in zip(matrix, ids, strict=True):
        row[: len(text)] = text
    return matrix, lengths


def onnx_peers(tensors: Mapping[str, Float32], settings: TinyLstm, folder: Path) -> tuple[OnnxPeer, OnnxPeer]:
    """The float32 and the int8 session of a checkpoint's tensors; their graphs are left in `folder`.

    Raises MissingExtraError without ONNX Runtime, InputError for [CLS] pooling.
    """
    try:
        return _peer(tensors, settings, "fp32", folder), _peer(tensors, settings, "int8", folder)
    except ModuleNotFoundError as error:
        raise MissingExtraError("measuring beside ONNX Runtime", "train,onnx") from error


def _peer(tensors: Mapping[str, Float32], settings: TinyLstm, precision: str, folder: Path) -> OnnxPeer:
    from onnx import TensorProto

    from edgezoo.exporters.onnx_graph import Graph, value
    from edgezoo.exporters.onnx_layers import Layers
    from edgezoo.exporters.onnx_models import Padded, tiny_lstm

    graph = Graph()
    answers = tiny_lstm(Layers(graph, tensors, precision), settings, Padded("ids", "lengths"))
    inputs = [
        value("ids", TensorProto.INT64, "texts", "tokens"),
        value("lengths", TensorProto.INT64, "texts"),
    ]
    name, answer = next(iter(answers.items()))
    outputs = [value(graph.op("Identity", answer, output=name), TensorProto.FLOAT, "texts", "width")]
    path = folder / f"{precision}.onnx"
    path.write_bytes(graph.model("tiny-lstm", inputs, outputs, {}).SerializeToString())
    return OnnxPeer(path)
