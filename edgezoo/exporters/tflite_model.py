"""The two families of models as TFLite graphs; the letters on the comments are those of zoo/architectures.

Only operators that TFLite has had for years, and none with a memory: the recurrence is unrolled, for the
fused LSTM keeps its state from one text to the next. A table is stored in int8 or int4, and its rows are
restored after they were gathered; int8 matrices are multiplied with inputs that the runtime rounds to int8,
row by row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.layout import INT4_GROUP, TinyLstm
from edgezoo.bundle.quantise import quantise
from edgezoo.errors import InputError
from edgezoo.exporters.tflite_graph import Graph, Value

Float32 = NDArray[np.float32]
Tensors = Mapping[str, Float32]

_SPECIAL = (0, 2, 3)  # [PAD], [CLS] and [SEP]: what MediaPipe adds to a text
_CLOSED = 1e4  # taken from a gate, makes its sigmoid zero


class Model(Graph):
    """A graph over ids, mask and segment_ids, int32 [1, L]; `small`: in int8, the table in `precision`."""

    def __init__(self, tensors: Tensors, precision: str, length: int) -> None:
        super().__init__()
        self.weights, self.precision, self.length = tensors, precision, length
        ids, mask, _ = (self.input(name, (1, length)) for name in ("ids", "mask", "segment_ids"))
        self.ids = self.reshape(ids, length, dtype=np.int32)
        self.kept = self._kept(self.reshape(mask, length, dtype=np.int32))  # [L, 1]
        self.count = self.binary("MAXIMUM", self.reduce("SUM", self.kept, 0), self.scalar(1))  # [1, 1]
        self.known = self.reduce("REDUCE_MAX", self.kept, 0)  # [1, 1], 0 of a text without tokens

    def static_table(self) -> dict[str, Value]:
        """The unit vector of the sum of the tokens' rows."""
        return {"vector": self._unit(self.reduce("SUM", self._rows(self.kept), 0))}

    def tiny_lstm(self, settings: TinyLstm) -> dict[str, Value]:
        """The unit vector, the probabilities, or both. Raises InputError for [CLS] pooling."""
        if settings.pooling == "cls":
            raise InputError(
                "a model that pools at [CLS] cannot be exported to TFLite; choose mean or max pooling"
            )
        self.weights = _folded(self.weights)
        rows = self._rows(self.kept)  # [L, E]
        shut = self.binary("MUL", self.binary("SUB", self.kept, self.scalar(1)), self.scalar(_CLOSED))
        states = self.standard(rows) if "input_norm.weight" in self.weights else rows
        layer = 0
        while f"lstm.{layer}.forward.input" in self.weights:
            states = self._layer(layer, states, shut)  # [L, D * H]
            layer += 1
        if "output_norm.weight" in self.weights:
            weight, bias = (self.constant(self.weights[f"output_norm.{part}"]) for part in ("weight", "bias"))
            states = self.binary("ADD", self.binary("MUL", self.standard(states), weight), bias)
        pooled = self._pooled(states, shut, settings.pooling)  # [1, D * H]
        if "salience" in self.weights:
            weight = self.constant(self.weights["salience"])
            salience = self.linear(states, weight, self.constant(1 + self.weights["salience.bias"]))  # [L, 1]
            rows = self.binary("MUL", rows, salience)
        mean = self.binary("DIV", self.reduce("SUM", rows, 0), self.count)  # [1, E]
        outputs = {}
        if "projection" in self.weights:
            vector = self._matrix("projection", pooled, self.weights["projection.bias"])  # [1, dimension]
            vector = self.binary("ADD", vector, mean) if settings.skip else vector
            outputs["vector"] = self._unit(self.binary("MUL", vector, self.known))
        if "classifier" in self.weights:
            weight, bias = (self.constant(self.weights[name]) for name in ("classifier", "classifier.bias"))
            logits = self.linear(self.concat([pooled, mean], 1), weight, bias)
            outputs["probabilities"] = self.op(
                "SOFTMAX", logits, shape=logits.shape, options=("SoftmaxOptions", {"Beta": 1})
            )
        return outputs

    # --- Tokens and rows -----------------------------------------------------------------------------

    def _kept(self, mask: Value) -> Value:
        """1 at a text's own tokens and 0 at special ones and padding, float32 [L, 1]."""
        kept = self._unequal(mask, 0)
        for token in _SPECIAL:
            kept = self.op(
                "LOGICAL_AND", kept, self._unequal(self.ids, token), shape=kept.shape, dtype=np.bool_
            )
        return self.reshape(self.cast(kept), self.length, 1)

    def _unequal(self, value: Value, number: int) -> Value:
        other = self.constant(np.array([number], dtype=np.int32))
        return self.op("NOT_EQUAL", value, other, shape=value.shape, dtype=np.bool_)

    def _rows(self, kept: Value) -> Value:
        """The tokens' rows, [L, E]; zeros where `kept` is."""
        table = self.weights["embedding"]
        if self.precision == "fp32":
            return self.binary("MUL", self.gather(self.constant(table), self.ids), kept)
        stored = quantise(table, self.precision, keep_scale=True)
        scale = np.where(
            _groups(stored.values, stored.scale.shape[1]).any(2), stored.scale.astype(np.float32), 0
        )
        step = np.float32(scale.max() / np.iinfo(np.int16).max)
        # 16 bits for a scale are plenty, and half of what float32 takes.
        levels = self.constant(np.rint(scale / step).astype(np.int16))
        scales = self.cast(self.gather(levels, self.ids, np.int16))  # [L, groups]
        scales = self.binary("MUL", scales, self.binary("MUL", kept, self.scalar(step)))
        if self.precision == "int8":
            values = self.cast(self.gather(self.constant(stored.values), self.ids, np.int8))
            return self.binary("MUL", values, scales)
        packed = self.cast(self.gather(self.constant(stored.values), self.ids, np.uint8))  # [L, E / 2]
        values = self.binary(
            "MUL", self._nibbles(packed), self.reshape(scales, self.length, scales.shape[1], 1)
        )
        return self.reshape(values, self.length, table.shape[1])

    def _nibbles(self, packed: Value) -> Value:
        """[L, groups, 32] of bytes: value j of a group in the low half, value j + 16 in the high half.

        By arithmetic, for int4 tensors are not understood by every runtime in use.
        """
        groups = packed.shape[1] * 2 // INT4_GROUP
        packed = self.reshape(packed, self.length, groups, INT4_GROUP // 2)
        high = self.unary("FLOOR", self.binary("MUL", packed, self.scalar(1 / 16)))
        low = self.binary("SUB", packed, self.binary("MUL", high, self.scalar(16)))
        return self.binary("SUB", self.concat([low, high], 2), self.scalar(8))

    # --- The recurrence ------------------------------------------------------------------------------

    def _layer(self, layer: int, value: Value, shut: Value) -> Value:
        """One layer, [L, in] -> [L, D * H].

        Both directions take a step together, the backward one from the last place on. At a place that does
        not count the input gate is shut, so that a direction's states are zero until its first token.
        """
        names = [f"lstm.{layer}.{way}" for way in ("forward", "backward")]
        names = [name for name in names if f"{name}.input" in self.weights]
        ways, hidden = len(names), self.weights[f"{names[0]}.recurrent"].shape[1]
        closing = np.repeat(np.array([[1, 0, 0, 0]], dtype=np.float32), hidden, axis=1)
        gates = []
        for name, reverse in zip(names, (False, True), strict=False):
            found = self._matrix(f"{name}.input", value, self.weights[f"{name}.bias"])  # [L, 4 * H]
            found = self.binary("ADD", found, self.binary("MUL", shut, self.constant(closing)))
            gates.append(self._reversed(found) if reverse else found)
        joined = (
            self.reshape(self.concat(gates, 1), self.length * ways, 4 * hidden) if ways == 2 else gates[0]
        )
        states = self._steps(self.split(joined, self.length, 0), names)
        found = self.reshape(self.concat(states, 0), self.length, ways * hidden)
        if ways == 1:
            return found
        forward, backward = self.split(found, 2, 1)
        return self.concat([forward, self._reversed(backward)], 1)

    def _steps(self, gates: list[Value], names: list[str]) -> list[Value]:
        """States [D, H] after each of the steps, whose gates without the recurrent part are [D, 4 * H]."""
        recurrent = [self._weight(f"{name}.recurrent") for name in names]
        states: list[Value] = []
        cell: Value | None = None
        for step in gates:
            if states:
                before = self.split(states[-1], len(names), 0) if len(names) == 2 else [states[-1]]
                products = [
                    self.linear(state, weight, small=self.precision != "fp32")
                    for state, weight in zip(before, recurrent, strict=True)
                ]
                step = self.binary("ADD", self.concat(products, 0) if len(names) == 2 else products[0], step)
            i, f, g, o = self.split(step, 4, 1)
            new = self.binary("MUL", self.unary("LOGISTIC", i), self.unary("TANH", g))
            if cell is not None:
                new = self.binary("ADD", self.binary("MUL", self.unary("LOGISTIC", f), cell), new)
            cell = new
            states.append(self.binary("MUL", self.unary("LOGISTIC", o), self.unary("TANH", cell)))
        return states

    def _reversed(self, value: Value) -> Value:
        """[L, width], last row first."""
        return self.gather(value, self.constant(np.arange(self.length, dtype=np.int32)[::-1]))

    # --- From states to answers ----------------------------------------------------------------------

    def _pooled(self, states: Value, shut: Value, pooling: str) -> Value:
        """[L, D * H] -> [1, D * H], zeros of a text without tokens."""
        if pooling == "mean":
            return self.binary(
                "DIV", self.reduce("SUM", self.binary("MUL", states, self.kept), 0), self.count
            )
        largest = self.reduce("REDUCE_MAX", self.binary("ADD", states, shut), 0)
        return self.binary("MUL", largest, self.known)

    def _unit(self, value: Value) -> Value:
        """[1, width] of length 1; zeros stay."""
        return self.op("L2_NORMALIZATION", value, shape=value.shape, options=("L2NormOptions", {}))

    def _matrix(self, name: str, value: Value, bias: Float32) -> Value:
        return self.linear(value, self._weight(name), self.constant(bias), small=self.precision != "fp32")

    def _weight(self, name: str) -> Value:
        """A matrix, in int8 unless all is float32."""
        if self.precision == "fp32":
            return self.constant(self.weights[name])
        stored = quantise(self.weights[name], "int8", keep_scale=True)
        return self.constant(stored.values, stored.scale[:, 0].astype(np.float32))


def _groups(values: NDArray[np.generic], groups: int) -> NDArray[np.generic]:
    return values.reshape(len(values), groups, -1)


def _folded(tensors: Tensors) -> Tensors:
    """The tensors with the input norm's weight and bias moved into the matrices that follow it."""
    if "input_norm.weight" not in tensors:
        return tensors
    weight, bias = tensors["input_norm.weight"], tensors["input_norm.bias"]
    found = dict(tensors)
    for name in ("lstm.0.forward", "lstm.0.backward"):
        if f"{name}.input" in tensors:
            found[f"{name}.bias"] = tensors[f"{name}.bias"] + tensors[f"{name}.input"] @ bias
            found[f"{name}.input"] = tensors[f"{name}.input"] * weight
    return found
