"""The FlatBuffer of a TFLite graph, through the tables' classes that come with `ai-edge-litert`.

Equal shapes, options and names are written once: an unrolled recurrence is a thousand operators of few kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import ml_dtypes
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"
_FILE_VERSION = 3
_ALIGNMENT = 16  # of constants, as the kernels expect

INT4 = np.dtype(ml_dtypes.int4)  # LiteRT brings the package

_TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.bool_): schema.TensorType.BOOL,
    INT4: schema.TensorType.INT4,
}


@dataclass(frozen=True)
class Tensor:
    """A tensor; `buffer` 0: computed, else where its constant is; `scales`: of integers, one a row."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    name: str
    buffer: int
    scales: tuple[float, ...]


@dataclass(frozen=True)
class Operator:
    """An operator: name and version, tensors in and out (-1: left out), name and fields of its options."""

    code: tuple[str, int]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: tuple[str, tuple[tuple[str, int], ...]]


class Serialiser:
    """Writes tables back to front, as FlatBuffers are built, and each distinct vector once."""

    def __init__(self, tensors: Sequence[Tensor], operators: Sequence[Operator]) -> None:
        self._tensors, self._operators = tensors, operators
        self._builder = flatbuffers.Builder(1 << 20)
        self._shared: dict[Any, int] = {}

    def file(
        self,
        inputs: Mapping[str, int],
        outputs: Mapping[str, int],
        buffers: Sequence[bytes],
        description: str,
    ) -> bytes:
        b = self._builder
        names = {index: name for name, index in outputs.items()}
        stored = [self._buffer(data) for data in buffers]
        codes = sorted({operator.code for operator in self._operators})
        operators = [self._operator(operator, codes.index(operator.code)) for operator in self._operators]
        tensors = [
            self._tensor(tensor, names.get(index, tensor.name)) for index, tensor in enumerate(self._tensors)
        ]
        subgraph = self._table(
            "SubGraph",
            Tensors=self._offsets(tensors),
            Inputs=self._integers([*inputs.values()]),
            Outputs=self._integers([*outputs.values()]),
            Operators=self._offsets(operators),
            Name=self._string("main"),
        )
        signature = self._table(
            "SignatureDef",
            Inputs=self._offsets([self._named(*item) for item in inputs.items()]),
            Outputs=self._offsets([self._named(*item) for item in outputs.items()]),
            SignatureKey=self._string("serving_default"),
        )
        entry = self._table("Metadata", Name=self._string("TFLITE_METADATA"), Buffer=len(buffers) - 1)
        model = self._table(
            "Model",
            Version=_FILE_VERSION,
            OperatorCodes=self._offsets([self._code(*code) for code in codes]),
            Subgraphs=self._offsets([subgraph]),
            Description=self._string(description),
            Buffers=self._offsets(stored),
            Metadata=self._offsets([entry]),
            SignatureDefs=self._offsets([signature]),
        )
        b.Finish(model, _IDENTIFIER)
        return bytes(b.Output())

    def _tensor(self, tensor: Tensor, name: str) -> int:
        quantisation = {"Quantization": self._quantisation(tensor.scales)} if tensor.scales else {}
        return self._table(
            "Tensor",
            Shape=self._integers(tensor.shape),
            Type=_TYPES[tensor.dtype],
            Buffer=tensor.buffer,
            Name=self._string(name),
            **quantisation,
        )

    def _quantisation(self, scales: tuple[float, ...]) -> int:
        zeros = np.zeros(len(scales), dtype=np.int64)
        return self._table(
            "QuantizationParameters",
            Scale=self._once(
                ("floats", scales),
                lambda: self._builder.CreateNumpyVector(np.array(scales, dtype=np.float32)),
            ),
            ZeroPoint=self._once(("zeros", len(scales)), lambda: self._builder.CreateNumpyVector(zeros)),
        )

    def _operator(self, operator: Operator, code: int) -> int:
        name, fields = operator.options
        options = {}
        if name:
            options = {
                "BuiltinOptionsType": getattr(schema.BuiltinOptions, name),
                "BuiltinOptions": self._once((name, fields), lambda: self._table(name, **dict(fields))),
            }
        return self._table(
            "Operator",
            OpcodeIndex=code,
            Inputs=self._integers(operator.inputs),
            Outputs=self._integers(operator.outputs),
            **options,
        )

    def _code(self, kind: str, version: int) -> int:
        number = getattr(schema.BuiltinOperator, kind)
        return self._table(
            "OperatorCode", DeprecatedBuiltinCode=min(number, 127), Version=version, BuiltinCode=number
        )

    def _named(self, name: str, index: int) -> int:
        return self._table("TensorMap", Name=self._string(name), TensorIndex=index)

    def _buffer(self, data: bytes) -> int:
        if not data:
            return self._table("Buffer")
        self._builder.Prep(_ALIGNMENT, len(data))
        return self._table("Buffer", Data=self._builder.CreateByteVector(data))

    def _table(self, name: str, **fields: int) -> int:
        """A table of the schema; a field's value is a number, or where what it refers to was written."""
        getattr(schema, f"{name}Start")(self._builder)
        for field, value in fields.items():
            getattr(schema, f"{name}Add{field}")(self._builder, value)
        return int(getattr(schema, f"{name}End")(self._builder))

    def _string(self, text: str) -> int:
        return self._once(text, lambda: self._builder.CreateString(text))

    def _integers(self, values: Sequence[int]) -> int:
        array = np.array(values, dtype=np.int32)
        return self._once(("integers", *values), lambda: self._builder.CreateNumpyVector(array))

    def _offsets(self, offsets: Sequence[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return int(self._builder.EndVector())

    def _once(self, key: Any, make: Callable[[], int]) -> int:
        if key not in self._shared:
            self._shared[key] = int(make())
        return self._shared[key]
