"""An ONNX graph in the making: each operation is a line that gives the name of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper

from edgezoo import __version__

EXTENSIONS = "ai.onnx.contrib"  # operators of onnxruntime-extensions
MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators

# The oldest opset with all that most graphs need, and the one of ONNX Runtime 1.18, which is the first with
# 4-bit integers, and with a StringNormalizer that does not fail at a text of nothing but emoji.
_OPSET, _OPSET_1_18 = 18, 21
_IR_VERSIONS = {_OPSET: 8, _OPSET_1_18: 10}


class Graph:
    """Nodes and constants; values are named by str, their shapes are in the comments where they are made."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, TensorProto] = {}
        self._domains: set[str] = set()
        self._opset = _OPSET

    def op(self, kind: str, *inputs: str, domain: str = "", output: str = "", **attributes: Any) -> str:
        """Add an operation of one result and return the result's name."""
        return self.operation(kind, inputs, [output or f"v{len(self._nodes)}"], domain, **attributes)[0]

    def operation(
        self, kind: str, inputs: Sequence[str], outputs: list[str], domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add an operation and return the names of its results."""
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, outputs, name=name, domain=domain, **attributes))
        self._domains.add(domain)
        return outputs

    def constant(self, value: NDArray[Any] | np.generic, name: str = "") -> str:
        """A tensor of the file, and its name; constants without a name are shared where they are equal."""
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        name = name or f"{array.dtype}{list(array.shape)}{array.tolist()}".replace(" ", "")
        self._constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def integers4(self, values: NDArray[np.int8], name: str) -> str:
        """A tensor of signed 4-bit integers, two of `values` in a byte, the first one low."""
        nibbles = values.reshape(-1, 2).view(np.uint8) & 15
        data = (nibbles[:, 0] | nibbles[:, 1] << np.uint8(4)).tobytes()
        self._constants[name] = helper.make_tensor(name, TensorProto.INT4, values.shape, data, raw=True)
        self.need_1_18()
        return name

    def need_1_18(self) -> None:
        """Have older versions of ONNX Runtime than 1.18 refuse the graph."""
        self._opset = _OPSET_1_18

    def scalar(self, value: int) -> str:
        """An int64 of no dimensions."""
        return self.constant(np.int64(value))

    def vector(self, *values: int) -> str:
        """An int64 [values]."""
        return self.constant(np.array(values, dtype=np.int64))

    def model(
        self,
        name: str,
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[ValueInfoProto],
        metadata: Mapping[str, str],
    ) -> ModelProto:
        """All that leads to the outputs; the same graph gives the same bytes."""
        nodes = self._needed({output.name for output in outputs})
        used = {name for node in nodes for name in node.input}
        constants = [constant for name, constant in self._constants.items() if name in used]
        versions = {"": self._opset, EXTENSIONS: 1, MICROSOFT: 1}
        model = helper.make_model(
            helper.make_graph(nodes, name, inputs, outputs, constants),
            opset_imports=[helper.make_opsetid(domain, versions[domain]) for domain in sorted(self._domains)],
            ir_version=_IR_VERSIONS[self._opset],
            producer_name="edgezoo",
            producer_version=__version__,
        )
        helper.set_model_props(model, dict(sorted(metadata.items())))
        return model

    def _needed(self, names: set[str]) -> list[Any]:
        """The nodes that values of these names come from: ONNX Runtime runs all that a file has."""
        nodes = []
        for node in reversed(self._nodes):
            if names.intersection(node.output):
                names = names.union(node.input)
                nodes.append(node)
        return nodes[::-1]


def value(name: str, kind: Any, *shape: str | int) -> ValueInfoProto:
    """An input or output; a str in `shape` names a dimension of any length."""
    return helper.make_tensor_value_info(name, kind, shape)
