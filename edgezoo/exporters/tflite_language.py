"""A language model in TFLite: one step of one text, the state in and out.

"ids" int32 [1], "h" and "c" float32 [layers, 1, hidden] in; "logits" float32 [1, tokens] of what follows,
"next_h" and "next_c" out. A text begins with zeros and token 2; logits become probabilities by a softmax.
The interpreter keeps nothing from one call to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.quantise import QuantisedTensor, integers, quantise
from edgezoo.exporters.tflite_flatbuffer import INT4
from edgezoo.exporters.tflite_graph import Graph, Value
from edgezoo.exporters.tflite_metadata import Tensor, metadata
from edgezoo.zoo.checkpoint import Checkpoint

Float32 = NDArray[np.float32]

_INPUTS = (
    Tensor("ids", "The token to read; the first of a text is [BOS] (2)."),
    Tensor("h", "The states after the token before; zeros before the first."),
    Tensor("c", "The cells after the token before; zeros before the first."),
)
_OUTPUTS = {
    "logits": Tensor("logits", "Of the token that follows; a softmax makes them probabilities."),
    "next_h": Tensor("next_h", "The states after this token."),
    "next_c": Tensor("next_c", "The cells after this token."),
}


def graph_file(checkpoint: Checkpoint, precision: str) -> bytes:
    """The graph of a step with its metadata; raises as `edgezoo.exporters.tflite.export` does."""
    card, graph = checkpoint.card, _Step(checkpoint.tensors, precision)
    described = metadata(
        card["name"],
        card["description"],
        card["license"],
        _INPUTS,
        [*_OUTPUTS.values()],
        word_pieces=False,
    )
    return graph.serialise(graph.outputs(), card["name"], described)


class _Step(Graph):
    """The graph; letters: E columns of the table, H states of a layer."""

    def __init__(self, tensors: dict[str, Float32], precision: str) -> None:
        super().__init__()
        self._weights = tensors
        self._stored = {} if precision == "fp32" else _quantised(tensors, precision)
        self._depth = sum(name.endswith(".recurrent") for name in tensors)
        self._hidden = tensors["lstm.0.forward.recurrent"].shape[1]

    def outputs(self) -> dict[str, Value]:
        """What comes out, by name."""
        ids = self.input("ids", (1,))
        h, c = (self.input(name, (self._depth, 1, self._hidden), np.float32) for name in ("h", "c"))
        value = self._row(ids)  # [1, E]
        states, cells = [], []
        for layer, before in enumerate(zip(self._by_layer(h), self._by_layer(c), strict=True)):
            value, cell = self._layer(f"lstm.{layer}.forward", value, *before)  # [1, H]
            states.append(value)
            cells.append(cell)
        p = self._linear("projection", self._norm(value), "projection.bias")  # [1, E]
        logits = self._linear("embedding", p, "head.bias")
        return {"logits": logits, "next_h": self._joined(states), "next_c": self._joined(cells)}

    def _row(self, ids: Value) -> Value:
        """The table's row of ids [1]: [1, E]."""
        table = self._stored.get("embedding")
        if table is None:
            return self.gather(self.constant(self._weights["embedding"]), ids)
        columns, groups = table.shape[1], table.scale.shape[1]
        scales = self.gather(self.constant(table.scale.astype(np.float32)), ids)  # [1, groups]
        values = self.cast(self.gather(self.constant(integers(table)), ids, np.int8))  # [1, E]
        grouped = self.reshape(values, groups, columns // groups)
        return self.reshape(self.binary("MUL", grouped, self.reshape(scales, groups, 1)), 1, columns)

    def _layer(self, name: str, value: Value, h: Value, c: Value) -> tuple[Value, Value]:
        """h and c [1, H] after `value` [1, in]."""
        gates = self.binary(
            "ADD", self._linear(f"{name}.input", value, f"{name}.bias"), self._linear(f"{name}.recurrent", h)
        )
        i, f, g, o = self.split(gates, 4, 1)
        new = self.binary("MUL", self.unary("LOGISTIC", i), self.unary("TANH", g))
        cell = self.binary("ADD", self.binary("MUL", self.unary("LOGISTIC", f), c), new)
        return self.binary("MUL", self.unary("LOGISTIC", o), self.unary("TANH", cell)), cell

    def _norm(self, value: Value) -> Value:
        """LayerNorm of the last layer's states, where the model has one."""
        if "output_norm.weight" not in self._weights:
            return value
        weight, bias = (self.constant(self._weights[f"output_norm.{part}"]) for part in ("weight", "bias"))
        return self.binary("ADD", self.binary("MUL", self.standard(value), weight), bias)

    def _linear(self, name: str, value: Value, bias: str = "") -> Value:
        """The product of [1, in] with a matrix [out, in], and its bias added."""
        matrix = self._stored.get(name)
        added = self.constant(self._weights[bias]) if bias else None
        if matrix is None:
            return self.linear(value, self.constant(self._weights[name]), added)
        groups = matrix.scale.shape[1]
        dtype = INT4 if matrix.dtype == "int4" else np.int8
        # A matrix has one scale a row here: of int4 each 32 columns become one, and the products are added.
        parts = zip(
            self.split(value, groups, 1) if groups > 1 else [value],
            np.split(integers(matrix), groups, axis=1),
            matrix.scale.astype(np.float32).T,
            strict=True,
        )
        total: Value | None = None
        for read, values, scales in parts:
            weight = self.constant(values.astype(dtype), scales)
            product = self.linear(read, weight, None if total else added, small=True)
            total = self.binary("ADD", total, product) if total else product
        assert total is not None
        return total

    def _by_layer(self, value: Value) -> list[Value]:
        parts = self.split(value, self._depth, 0) if self._depth > 1 else [value]
        return [self.reshape(part, 1, self._hidden) for part in parts]

    def _joined(self, values: list[Value]) -> Value:
        parts = [self.reshape(value, 1, 1, self._hidden) for value in values]
        return self.concat(parts, 0) if self._depth > 1 else parts[0]


def _quantised(tensors: dict[str, Float32], precision: str) -> dict[str, QuantisedTensor]:
    """The matrices as integers; not all of LiteRT's kernels understand -8."""
    largest = 7 if precision == "int4" else 127
    return {
        name: quantise(tensor, precision, keep_scale=True, largest=largest)
        for name, tensor in tensors.items()
        if tensor.ndim == 2
    }
