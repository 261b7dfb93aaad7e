"""Tables, matrices and LSTMs in an ONNX graph, in the precision that an export asks for.

The integers and scales are those of a bundle: int8 with one scale a row of a table or an output of a matrix,
int4 with one for 32 columns. int8 matrices keep to 7 bits, because ONNX Runtime's sums of pairs saturate with
8 where a processor has no VNNI. There are no 4-bit kernels for LSTMs: with int4 theirs stay int8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from edgezoo.bundle.layout import INT4_GROUP
from edgezoo.bundle.precision import quantise_recurrent
from edgezoo.bundle.quantise import QuantisedTensor, integers, quantise
from edgezoo.exporters.onnx_graph import MICROSOFT, Graph

Float32 = NDArray[np.float32]


class Layers:
    """The weights of a checkpoint as operations of `graph`; `precision` is fp32, int8 or int4."""

    def __init__(self, graph: Graph, tensors: Mapping[str, Float32], precision: str) -> None:
        self.graph = graph
        self._exact = tensors
        self._small = {} if precision == "fp32" else _small(tensors, precision)

    def __contains__(self, name: str) -> bool:
        return name in self._exact

    def vector(self, name: str) -> str:
        """A tensor of the checkpoint in float32."""
        return self.graph.constant(self._exact[name], name)

    def rows(self, ids: str, kind: Any = TensorProto.FLOAT) -> str:
        """The rows of the table at ids [...], as numbers of that kind: [..., E]."""
        graph, table = self.graph, self._small.get("embedding")
        if isinstance(table, QuantisedTensor) and table.dtype == "int8":
            small = graph.op("Gather", graph.constant(table.values, "embedding"), ids)
            scale = graph.op("Gather", graph.constant(table.scale.astype(np.float32), "embedding.scale"), ids)
            return graph.op("Mul", graph.op("Cast", small, to=kind), self._as(kind, scale))
        if isinstance(table, QuantisedTensor):
            return self._as(kind, self._rows_int4(table, ids))
        return self._as(kind, graph.op("Gather", self.vector("embedding"), ids))

    def _rows_int4(self, table: QuantisedTensor, ids: str) -> str:
        return self.graph.op(
            "GatherBlockQuantized",
            self.graph.integers4(integers(table), "embedding"),
            ids,
            self.graph.constant(table.scale.astype(np.float32), "embedding.scale"),
            domain=MICROSOFT,
            block_size=INT4_GROUP,
            gather_axis=0,
            quantize_axis=1,
        )

    def _as(self, kind: Any, floats: str) -> str:
        return floats if kind == TensorProto.FLOAT else self.graph.op("Cast", floats, to=kind)

    def linear(self, name: str, value: str) -> str:
        """The product of [..., in] with the matrix `name` [out, in], and its bias added: [..., out]."""
        matrix, bias = self._small.get(name), self.vector(f"{name}.bias")
        if isinstance(matrix, QuantisedTensor) and matrix.dtype == "int8":
            return self._linear_int8(name, value, matrix, bias)
        product = (
            self.product_int4(name, value)
            if isinstance(matrix, QuantisedTensor)
            else self.graph.op("MatMul", value, self.graph.constant(self._exact[name].T, name))
        )
        return self.graph.op("Add", product, bias)

    def norm(self, name: str, value: str) -> str:
        """LayerNorm by the weight and bias of that name, or `value` itself where there are none."""
        if f"{name}.weight" not in self:
            return value
        weight, bias = (self.vector(f"{name}.{part}") for part in ("weight", "bias"))
        return self.graph.op("LayerNormalization", value, weight, bias, epsilon=1e-5)

    def _linear_int8(self, name: str, value: str, matrix: QuantisedTensor, bias: str) -> str:
        scale = self.graph.constant(matrix.scale[:, 0].astype(np.float32), f"{name}.scale")
        return self.graph.op(
            "DynamicQuantizeMatMul",
            value,
            self.graph.constant(matrix.values.T, name),
            scale,
            "",
            bias,
            domain=MICROSOFT,
        )

    def product_int4(self, name: str, value: str, *, rounded: bool = False) -> str:
        """The product of [..., in] with an int4 matrix [out, in]; `rounded`: with the inputs in int8."""
        matrix = self._quantised(name)
        outputs, inputs = matrix.shape
        unsigned = (integers(matrix).reshape(outputs, -1, INT4_GROUP) + 8).astype(np.uint8)
        packed = unsigned[..., ::2] | unsigned[..., 1::2] << np.uint8(4)  # [out, groups, 16]
        return self.graph.op(
            "MatMulNBits",
            value,
            self.graph.constant(packed, name),
            self.graph.constant(matrix.scale.astype(np.float32), f"{name}.scale"),
            domain=MICROSOFT,
            K=inputs,
            N=outputs,
            bits=4,
            block_size=INT4_GROUP,
            accuracy_level=4 if rounded else 0,
        )

    def lstm(self, layer: int, value: str, lengths: str) -> str:
        """States [T, n, D * H] of [T, n, in], of which int32 [n] `lengths` count; zeros beyond."""
        ways = [way for way in ("forward", "backward") if f"lstm.{layer}.{way}.input" in self]
        hidden = self._exact[f"lstm.{layer}.forward.recurrent"].shape[1]
        states = self._lstm(layer, ways, [value, lengths], 1)[0]
        turned = self.graph.op("Transpose", states, perm=[0, 2, 1, 3])  # [T, n, D, H] of [T, D, n, H]
        return self.graph.op("Reshape", turned, self.graph.vector(0, 0, len(ways) * hidden))

    def lstm_step(self, layer: int, value: str, h: str, c: str) -> tuple[str, str]:
        """h and c [1, n, H] of a forward layer after it read [n, in]."""
        step = self.graph.op("Unsqueeze", value, self.graph.vector(0))
        _, state, cell = self._lstm(layer, ["forward"], [step, "", h, c], 3)
        return state, cell

    def _lstm(self, layer: int, ways: list[str], values: list[str], outputs: int) -> list[str]:
        """So many outputs of the operator; `values` are its inputs but the weights: X, lengths, h, c."""
        graph, prefix = self.graph, f"lstm.{layer}"
        names = [f"{prefix}.{way}" for way in ways]
        bias = np.stack([_reordered(self._exact[f"{name}.bias"]) for name in names])  # the checkpoint has one
        biases = graph.constant(np.concatenate([bias, np.zeros_like(bias)], axis=1), f"{prefix}.bias")
        settings = {
            "hidden_size": bias.shape[1] // 4,
            "direction": "bidirectional" if len(ways) == 2 else "forward",
        }
        results = ["", *(f"{prefix}.{name}" for name in ("h", "c"))] if outputs == 3 else [f"{prefix}.y"]
        if not self._small:
            weights = [
                graph.constant(
                    np.stack([_reordered(self._exact[f"{name}.{part}"]) for name in names]),
                    f"{prefix}.{part}",
                )
                for part in ("input", "recurrent")
            ]
            return graph.operation("LSTM", [values[0], *weights, biases, *values[1:]], results, **settings)
        weights, scales = [], []
        for part in ("input", "recurrent"):
            matrices = [self._quantised(f"{name}.{part}") for name in names]
            integer = np.stack([_reordered(matrix.values).T for matrix in matrices])  # [D, in, 4H]
            weights.append(graph.constant(integer, f"{prefix}.{part}"))
            scale = np.stack([_reordered(matrix.scale[:, 0]) for matrix in matrices])  # [D, 4H]
            scales.append(graph.constant(scale.astype(np.float32), f"{prefix}.{part}.scale"))
        zero = graph.constant(np.zeros(bias.shape, dtype=np.int8), f"{prefix}.zero")
        state = [*values[1:], *[""] * (4 - len(values)), ""]  # lengths, h, c, and no peepholes
        inputs = [values[0], *weights, biases, *state, scales[0], zero, scales[1], zero]
        return graph.operation("DynamicQuantizeLSTM", inputs, results, MICROSOFT, **settings)

    def _quantised(self, name: str) -> QuantisedTensor:
        tensor = self._small[name]
        assert isinstance(tensor, QuantisedTensor)
        return tensor


def _small(tensors: Mapping[str, Float32], precision: str) -> Mapping[str, object]:
    """The matrices of a checkpoint as integers: the table and the projection in `precision`, others int8."""
    if tensors.keys() == {"embedding"}:
        return {"embedding": quantise(tensors["embedding"], precision)}
    small = quantise_recurrent(tensors, "int8" if precision == "int8" else "mixed")
    if precision == "int4" and "projection" in tensors:
        small["projection"] = quantise(tensors["projection"], precision, keep_scale=True)
    return small


def _reordered(gates: NDArray[Any]) -> NDArray[Any]:
    """The rows of the gates i, f, g, o, [4H, ...], in the order of ONNX: i, o, f, g."""
    i, f, g, o = np.split(gates, 4)
    return np.concatenate([i, o, f, g])
