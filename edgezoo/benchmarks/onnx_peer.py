"""A TinyLSTM as an ONNX graph, run by ONNX Runtime: what the engine is measured beside.

Ids in; vectors out, or probabilities of a model that has none. The int8 graph is what quantize_dynamic of
ONNX Runtime makes of it, one scale a channel: `DynamicQuantizeLSTM` for the recurrence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.layout import TinyLstm
from edgezoo.errors import InputError, MissingExtraError

Float32 = NDArray[np.float32]

_OPSET = 17


class OnnxPeer:
    """An ONNX Runtime session on one thread; `bytes` is the size of its graph."""

    def __init__(self, graph: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.bytes = graph.stat().st_size

    def run_all(self, ids: Sequence[Sequence[int]], batch: int) -> Float32:
        """What `run` gives, `batch` texts at a time, padded to the longest of them."""
        return np.concatenate([self.run(*padded(ids[at : at + batch])) for at in range(0, len(ids), batch)])

    def run(self, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> Float32:
        """[texts, dim] or [texts, labels] of padded ids [texts, tokens] and each text's number of them."""
        answers: Float32 = self._session.run(None, {"ids": ids, "lengths": lengths})[0]
        return answers


def padded(ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Ids [texts, longest], 0 where a text is shorter, and lengths [texts]; no text may be empty."""
    lengths = np.array([len(row) for row in ids], dtype=np.int32)
    matrix = np.zeros((len(ids), lengths.max()), dtype=np.int64)
    for row, text in zip(matrix, ids, strict=True):
        row[: len(text)] = text
    return matrix, lengths


def onnx_peers(tensors: Mapping[str, Float32], settings: TinyLstm, folder: Path) -> tuple[OnnxPeer, OnnxPeer]:
    """The float32 and the int8 session of a checkpoint's tensors; their graphs are left in `folder`.

    Raises MissingExtraError without ONNX Runtime, InputError for [CLS] pooling.
    """
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise MissingExtraError("measuring beside ONNX Runtime", "onnx") from error
    exact, small = folder / "float32.onnx", folder / "int8.onnx"
    onnx.save(onnx_model(tensors, settings), exact)
    # Seven bits: eight of both saturate the sums of pairs where a processor has no VNNI.
    quantize_dynamic(exact, small, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    return OnnxPeer(exact), OnnxPeer(small)


def onnx_model(tensors: Mapping[str, Float32], settings: TinyLstm) -> Any:
    """An onnx.ModelProto: ids int64 [texts, tokens], lengths int32 [texts] -> answers [texts, width]."""
    import onnx
    from onnx import TensorProto, helper

    if settings.pooling == "cls":
        raise InputError("only models with mean or max pooling are measured beside ONNX Runtime")
    graph = _Graph(tensors)
    graph.encode(settings)
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "tiny-lstm",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"]),
            ],
            [helper.make_tensor_value_info("answers", TensorProto.FLOAT, ["texts", "width"])],
            [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
    )


class _Graph:
    """Nodes and constants in the making; a value is its name, its shape in the comments."""

    def __init__(self, tensors: Mapping[str, Float32]) -> None:
        self.tensors = {name: np.asarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def encode(self, settings: TinyLstm) -> None:
        rows = self.op(
            "Gather", self.constant(self.tensors["embedding"]), self.op("Transpose", "ids")
        )  # [T, N, E]
        lengths = self.op("Unsqueeze", self.op("Cast", "lengths", to=1), self.axes(1))  # [N, 1]
        mask = self.mask()  # [T, N, 1]
        states = self.norm("input_norm", rows)
        layer = 0
        while f"lstm.{layer}.forward.input" in self.tensors:
            states = self.lstm(layer, states)  # [T, N, D * H]
            layer += 1
        states = self.norm("output_norm", states)
        kept = self.op("Mul", states, mask)
        if settings.pooling == "mean":
            pooled = self.op(
                "Div", self.op("ReduceSum", kept, self.axes(0), keepdims=0), lengths
            )  # [N, D * H]
        else:
            far = self.constant(np.float32(1e9))
            low = self.op("Mul", self.op("Sub", mask, self.constant(np.float32(1))), far)
            pooled = self.op("ReduceMax", self.op("Add", states, low), axes=[0], keepdims=0)
        total = self.op("ReduceSum", self.weighed(rows, states, mask), self.axes(0), keepdims=0)
        mean = self.op("Div", total, lengths)  # [N, E]
        if "projection" in self.tensors:
            vector = self.linear("projection", pooled)  # [N, dim]
            vector = self.op("Add", vector, mean) if settings.skip else vector
            self.op("LpNormalization", vector, axis=1, p=2, output="answers")
        else:
            features = self.op("Concat", pooled, mean, axis=1)
            self.op("Softmax", self.linear("classifier", features), axis=1, output="answers")

    def linear(self, name: str, value: str) -> str:
        product = self.op("MatMul", value, self.constant(self.tensors[name].T))
        return self.op("Add", product, self.constant(self.tensors[f"{name}.bias"]))

    def mask(self) -> str:
        """1 at the tokens of each text, 0 at its padding: float32 [T, N, 1]."""
        count = self.op("Gather", self.op("Shape", "ids"), self.constant(np.int64(1)))
        zero, one = self.constant(np.int64(0)), self.constant(np.int64(1))
        places = self.op("Unsqueeze", self.op("Range", zero, count, one), self.axes(1))  # [T, 1]
        inside = self.op("Less", places, self.op("Cast", "lengths", to=7))  # [T, N]
        return self.op("Unsqueeze", self.op("Cast", inside, to=1), self.axes(2))

    def weighed(self, rows: str, states: str, mask: str) -> str:
        """The rows that the skip path sums, [T, N, E]."""
        if "salience" not in self.tensors:
            return self.op("Mul", rows, mask)
        salience = self.op("MatMul", states, self.constant(self.tensors["salience"].T))  # [T, N, 1]
        weight = self.op("Add", salience, self.constant(1 + self.tensors["salience.bias"]))
        return self.op("Mul", rows, self.op("Mul", weight, mask))

    def norm(self, name: str, value: str) -> str:
        if f"{name}.weight" not in self.tensors:
            return value
        weight, bias = (self.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.op("LayerNormalization", value, weight, bias, epsilon=1e-5)

    def lstm(self, layer: int, value: str) -> str:
        """[T, N, in] -> [T, N, D * H]."""
        directions = [d for d in ("forward", "backward") if f"lstm.{layer}.{d}.input" in self.tensors]
        names = [f"lstm.{layer}.{direction}" for direction in directions]
        hidden = self.tensors[f"{names[0]}.recurrent"].shape[1]
        stacked = [
            np.stack([_iofc(self.tensors[f"{name}.{part}"]) for name in names])
            for part in ("input", "recurrent", "bias")
        ]
        stacked[2] = np.concatenate([stacked[2], np.zeros_like(stacked[2])], axis=1)  # b_ih + b_hh, and 0
        states = self.op(
            "LSTM",
            value,
            *map(self.constant, stacked),
            "lengths",
            hidden_size=hidden,
            direction="bidirectional" if len(names) == 2 else "forward",
        )  # [T, D, N, H]
        turned = self.op("Transpose", states, perm=[0, 2, 1, 3])
        return self.op("Reshape", turned, self.constant(np.array([0, 0, len(names) * hidden])))

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=f"n{len(self.nodes)}", **attributes))
        return name

    def axes(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(value)
        return name


def _iofc(gates: Float32) -> Float32:
    """The rows of the gates i, f, g, o, [4 * H, ...], in the order of ONNX: i, o, f, g."""
    i, f, g, o = np.split(gates, 4)
    return np.concatenate([i, o, f, g])
