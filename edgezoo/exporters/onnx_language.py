"""A language model in ONNX: one step, the state in and out.

"ids" int64 [texts], "h" and "c" float32 [layers, texts, hidden] in; "logits" float32 [texts, tokens] of what
follows, "next_h" and "next_c" out. A text begins with zeros and token 2; logits become probabilities by a
softmax. A step is all there is: ONNX Runtime has no int4 LSTM, and its int8 one would round all steps of a
call with one scale, so that how likely a character is would depend on those behind it. (It does round the
texts of a call with one.)
"""

from __future__ import annotations

import json

import numpy as np
from onnx import ModelProto, TensorProto

from edgezoo.bundle.precision import quantise_recurrent
from edgezoo.bundle.quantise import QuantisedTensor
from edgezoo.exporters import licence
from edgezoo.exporters.onnx_graph import Graph, value
from edgezoo.exporters.onnx_layers import Layers
from edgezoo.zoo.checkpoint import Checkpoint


def model(checkpoint: Checkpoint, precision: str) -> ModelProto:
    """The graph of a step, with all that is to be known about the model as metadata.

    In int4 all matrices are int4. Raises InputError for tensors that int4 does not fit.
    """
    graph = Graph()
    layers = _Layers(graph, checkpoint, precision)
    logits, h, c = layers.step("ids", "h", "c")
    state = (layers.depth, "texts", layers.hidden)
    inputs = [value("ids", TensorProto.INT64, "texts")]
    inputs += [value(name, TensorProto.FLOAT, *state) for name in ("h", "c")]
    width = len(checkpoint.vocabulary)
    outputs = [value(graph.op("Identity", logits, output="logits"), TensorProto.FLOAT, "texts", width)]
    for name, values in (("next_h", h), ("next_c", c)):
        joined = graph.operation("Concat", values, [name], axis=0)[0]
        outputs.append(value(joined, TensorProto.FLOAT, *state))
    card = checkpoint.card
    metadata = {
        "card": json.dumps({**card, "precision": precision}, ensure_ascii=False),
        "labels": "[]",
        "license": licence.text(),
        "max_tokens": "0",
        "name": card["name"],
        "vocabulary": json.dumps(checkpoint.vocabulary, ensure_ascii=False),
        "vocabulary_size": str(len(checkpoint.vocabulary)),
    }
    return graph.model(card["name"], inputs, outputs, metadata)


class _Layers(Layers):
    """The weights of a language model. Letters: n texts, V tokens, E columns of the table, H states."""

    def __init__(self, graph: Graph, checkpoint: Checkpoint, precision: str) -> None:
        super().__init__(graph, checkpoint.tensors, precision)
        self._int4 = precision == "int4"
        if self._int4:
            small = quantise_recurrent(checkpoint.tensors, "int4")
            self._small = {**small, "head": small["embedding"]}  # the table once more, as a matrix
        self.depth = sum(name.endswith(".recurrent") for name in checkpoint.tensors)
        self.hidden = checkpoint.tensors["lstm.0.forward.recurrent"].shape[1]

    def step(self, ids: str, h: str, c: str) -> tuple[str, list[str], list[str]]:
        """Logits [n, V] after ids [n], and h and c [1, n, H] of each layer."""
        graph = self.graph
        value = self.rows(ids) if self._int4 else graph.op("Gather", self._table(), ids)  # [n, E]
        before = zip(self._by_layer(h), self._by_layer(c), strict=True)
        states, cells = [], []
        for layer, (state, cell) in enumerate(before):
            advance = self._step_int4 if self._int4 else self.lstm_step
            state, cell = advance(layer, value, state, cell)
            value = graph.op("Squeeze", state, graph.vector(0))  # [n, H]
            states.append(state)
            cells.append(cell)
        p = self.linear("projection", self.norm("output_norm", value))  # [n, E]
        return self._head(p), states, cells

    def _head(self, p: str) -> str:
        bias = self.vector("head.bias")
        if self._int4:
            return self.graph.op("Add", self.product_int4("head", p, rounded=True), bias)
        return self.graph.op("Gemm", p, self._table(), bias, transB=1)

    def _table(self) -> str:
        """The table in float32 [V, E]; of int8 ONNX Runtime computes it when it opens the file."""
        graph, table = self.graph, self._small.get("embedding")
        if not isinstance(table, QuantisedTensor):
            return self.vector("embedding")
        values = graph.op("Cast", graph.constant(table.values, "embedding"), to=TensorProto.FLOAT)
        scale = graph.constant(table.scale.astype(np.float32), "embedding.scale")  # [V, 1]
        return graph.op("Mul", values, scale)

    def _by_layer(self, name: str) -> list[str]:
        if self.depth == 1:
            return [name]
        parts = [f"{name}.{layer}" for layer in range(self.depth)]
        return self.graph.operation("Split", [name], parts, axis=0, num_outputs=self.depth)

    def _step_int4(self, layer: int, value: str, h: str, c: str) -> tuple[str, str]:
        """As `lstm_step`, of products and activations."""
        graph, axis = self.graph, self.graph.vector(0)
        products = [
            self.product_int4(f"lstm.{layer}.forward.{part}", read, rounded=True)
            for part, read in (("input", value), ("recurrent", graph.op("Squeeze", h, axis)))
        ]
        gates = graph.op("Add", graph.op("Add", *products), self.vector(f"lstm.{layer}.forward.bias"))
        parts = [f"{name}.{layer}" for name in ("input", "forget", "new", "output")]
        i, f, g, o = graph.operation("Split", [gates], parts, axis=1, num_outputs=4)  # [n, H] each
        kept = graph.op("Mul", graph.op("Sigmoid", f), graph.op("Squeeze", c, axis))
        cell = graph.op("Add", kept, graph.op("Mul", graph.op("Sigmoid", i), graph.op("Tanh", g)))
        state = graph.op("Mul", graph.op("Sigmoid", o), graph.op("Tanh", cell))
        return graph.op("Unsqueeze", state, axis), graph.op("Unsqueeze", cell, axis)
