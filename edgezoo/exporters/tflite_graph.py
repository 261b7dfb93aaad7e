"""A TFLite graph in the making: tensors, constants and operators of one subgraph.

Constants that are equal are stored once, so all steps of an unrolled recurrence name the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.exporters.tflite_flatbuffer import INT4, Operator, Serialiser, Tensor

_EPSILON = 1e-5  # of torch's LayerNorm


@dataclass(frozen=True)
class Value:
    """A tensor of the graph: its place in the list of tensors, and its shape."""

    index: int
    shape: tuple[int, ...]


class Graph:
    """Operators in the order in which they run; every method that adds one returns what it computes."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._buffers: list[bytes] = [b""]  # the first is every computed tensor's, and empty
        self._operators: list[Operator] = []
        self._constants: dict[tuple[Any, ...], Value] = {}
        self._inputs: dict[str, Value] = {}

    def input(self, name: str, shape: Sequence[int], dtype: Any = np.int32) -> Value:
        """An input of the model."""
        self._inputs[name] = self._tensor(shape, dtype, name)
        return self._inputs[name]

    def constant(self, array: Any, scales: NDArray[np.float32] | None = None) -> Value:
        """A tensor that is stored; `scales` float32 [rows] of an int8 or int4 matrix, one a row."""
        array = np.ascontiguousarray(array)
        data = (
            _packed(array) if array.dtype == INT4 else array.astype(array.dtype.newbyteorder("<")).tobytes()
        )
        steps = () if scales is None else tuple(map(float, scales))
        key = (array.shape, array.dtype, data, steps)
        if key not in self._constants:
            self._buffers.append(data)
            self._constants[key] = self._tensor(
                array.shape, array.dtype, buffer=len(self._buffers) - 1, scales=steps
            )
        return self._constants[key]

    def op(
        self,
        kind: str,
        *inputs: Value | None,
        shape: Sequence[int],
        dtype: Any = np.float32,
        options: tuple[str, Mapping[str, int]] | None = None,
        version: int = 1,
    ) -> Value:
        """One operator of one output; an input None is left out."""
        return self.ops(kind, *inputs, shapes=[shape], dtype=dtype, options=options, version=version)[0]

    def ops(
        self,
        kind: str,
        *inputs: Value | None,
        shapes: Sequence[Sequence[int]],
        dtype: Any = np.float32,
        options: tuple[str, Mapping[str, int]] | None = None,
        version: int = 1,
    ) -> list[Value]:
        """One operator of several outputs."""
        outputs = [self._tensor(shape, dtype) for shape in shapes]
        name, fields = options or ("", {})
        self._operators.append(
            Operator(
                (kind, version),
                tuple(-1 if value is None else value.index for value in inputs),
                tuple(value.index for value in outputs),
                (name, tuple(sorted(fields.items()))),
            )
        )
        return outputs

    def _tensor(
        self,
        shape: Sequence[int],
        dtype: Any,
        name: str = "",
        buffer: int = 0,
        scales: tuple[float, ...] = (),
    ) -> Value:
        self._tensors.append(Tensor(tuple(shape), np.dtype(dtype), name, buffer, scales))
        return Value(len(self._tensors) - 1, tuple(shape))

    # --- Shorthands ----------------------------------------------------------------------------------

    def binary(self, kind: str, left: Value, right: Value) -> Value:
        """An elementwise float32 operator, ADD, SUB, MUL, DIV, MAXIMUM or MINIMUM; shapes broadcast."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        name = "MaximumMinimum" if kind in ("MAXIMUM", "MINIMUM") else kind.capitalize()
        return self.op(kind, left, right, shape=shape, options=(f"{name}Options", {}))

    def unary(self, kind: str, value: Value) -> Value:
        """An elementwise operator without options: LOGISTIC, TANH, FLOOR, RSQRT."""
        return self.op(kind, value, shape=value.shape)

    def scalar(self, value: float) -> Value:
        """A float32 constant [1]."""
        return self.constant(np.array([value], dtype=np.float32))

    def cast(self, value: Value, dtype: Any = np.float32) -> Value:
        return self.op("CAST", value, shape=value.shape, dtype=dtype)

    def reshape(self, value: Value, *shape: int, dtype: Any = np.float32) -> Value:
        target = self.constant(np.array(shape, dtype=np.int32))
        return self.op("RESHAPE", value, target, shape=shape, dtype=dtype, options=("ReshapeOptions", {}))

    def gather(self, table: Value, rows: Value, dtype: Any = np.float32) -> Value:
        """Rows of `table`, [*rows, ...]."""
        version = {np.dtype(np.int8): 2, np.dtype(np.int16): 4}.get(np.dtype(dtype), 1)
        shape = (*rows.shape, *table.shape[1:])
        return self.op(
            "GATHER",
            table,
            rows,
            shape=shape,
            dtype=dtype,
            version=version,
            options=("GatherOptions", {"Axis": 0}),
        )

    def reduce(self, kind: str, value: Value, axis: int, *, keep: bool = True) -> Value:
        """SUM, MEAN or REDUCE_MAX over one axis."""
        shape = list(value.shape)
        shape[axis : axis + 1] = [1] if keep else []
        axes = self.constant(np.array([axis], dtype=np.int32))
        options = ("ReducerOptions", {"KeepDims": int(keep)})
        return self.op(kind, value, axes, shape=shape, options=options)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return self.op(
            "CONCATENATION", *values, shape=shape, options=("ConcatenationOptions", {"Axis": axis})
        )

    def split(self, value: Value, parts: int, axis: int) -> list[Value]:
        shape = list(value.shape)
        shape[axis] //= parts
        place = self.constant(np.array(axis, dtype=np.int32))
        options = ("SplitOptions", {"NumSplits": parts})
        return self.ops("SPLIT", place, value, shapes=[shape] * parts, options=options)

    def linear(self, value: Value, weight: Value, bias: Value | None = None, *, small: bool = False) -> Value:
        """[n, in] by `weight` [out, in]; `small`: of integers, and `value` is rounded for each row."""
        options = ("FullyConnectedOptions", {"AsymmetricQuantizeInputs": int(small)})
        shape = (value.shape[0], weight.shape[0])
        version = 12 if small else 1 if bias else 6
        return self.op("FULLY_CONNECTED", value, weight, bias, shape=shape, options=options, version=version)

    def standard(self, value: Value) -> Value:
        """[n, width] with mean 0 and variance 1 in each row: LayerNorm before its weight and bias."""
        centred = self.binary("SUB", value, self.reduce("MEAN", value, 1))
        variance = self.reduce("MEAN", self.binary("MUL", centred, centred), 1)
        return self.binary(
            "MUL", centred, self.unary("RSQRT", self.binary("ADD", variance, self.scalar(_EPSILON)))
        )

    # --- The file ------------------------------------------------------------------------------------

    def serialise(self, outputs: Mapping[str, Value], description: str, metadata: bytes) -> bytes:
        """The FlatBuffer: `outputs` by name, and TFLite Metadata."""
        return Serialiser(self._tensors, self._operators).file(
            {name: value.index for name, value in self._inputs.items()},
            {name: value.index for name, value in outputs.items()},
            [*self._buffers, metadata],
            description,
        )


def _packed(array: NDArray[Any]) -> bytes:
    """Two 4-bit integers a byte, the first one low."""
    pairs = array.reshape(-1, 2).astype(np.int8).view(np.uint8) & 15
    packed: NDArray[np.uint8] = pairs[:, 0] | pairs[:, 1] << np.uint8(4)
    return packed.tobytes()
