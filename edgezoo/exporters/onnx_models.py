"""The families of the zoo in an ONNX graph: token ids to answers, as `zoo/architectures` defines them.

Letters on the lines: n texts, K tokens of all of them, T tokens of the longest one; E, H and D as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from edgezoo.bundle.layout import TinyLstm
from edgezoo.errors import InputError
from edgezoo.exporters.onnx_graph import Graph
from edgezoo.exporters.onnx_layers import Layers
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS

_PAD = SPECIAL_TOKENS.index("[PAD]")
_LOWEST = np.finfo(np.float32).min


@dataclass(frozen=True)
class Padded:
    """The tokens of n texts side by side, those that count; n is not 0."""

    ids: str  # int64 [n, T], 0 beyond a text's end
    lengths: str  # int64 [n]


def static_table(layers: Layers, ids: str, begins: str, ends: str) -> dict[str, str]:
    """Vectors [n, dimension], the unit sums of rows; zeros for a text without known tokens.

    ids: int64 [K], text after text; begins and ends of each text among them: int64 [n]. The sums are
    differences of running sums, in float64 because of that: ONNX Runtime's ScatterND adds to a row from
    several threads at once and loses some of it, its ScatterElements takes 20 times as long.
    """
    graph = layers.graph
    padded = graph.op("Concat", graph.vector(_PAD), ids, axis=0)  # [1 + K], its row counts for nothing
    rows = layers.rows(padded, TensorProto.DOUBLE)  # [1 + K, E]
    running = graph.op("CumSum", rows, graph.scalar(0))
    before, after = (graph.op("Gather", running, places, axis=0) for places in (begins, ends))  # [n, E]
    vectors = graph.op("Cast", graph.op("Sub", after, before), to=TensorProto.FLOAT)
    return {"vectors": graph.op("LpNormalization", vectors, axis=1, p=2)}


def tiny_lstm(layers: Layers, settings: TinyLstm, batch: Padded) -> dict[str, str]:
    """Vectors [n, dimension], zeros for an empty text, and probabilities [n, labels], as it has heads.

    Raises InputError for [CLS] pooling.
    """
    if settings.pooling == "cls":
        raise InputError("there is no ONNX export of [CLS] pooling; train with mean or max pooling")
    graph = layers.graph
    ids = graph.op("Transpose", batch.ids)  # [T, n]
    lengths = graph.op("Unsqueeze", graph.op("Cast", batch.lengths, to=TensorProto.FLOAT), graph.vector(1))
    one = graph.constant(np.float32(1))
    counts = graph.op("Max", lengths, one)  # [n, 1]
    rows = layers.rows(ids)  # [T, n, E], zeros beyond a text's end as [PAD] has
    states = _states(layers, rows, batch.lengths)  # [T, n, D * H]
    p = _pooled(layers, settings.pooling, states, ids, batch.lengths, counts)  # [n, D * H]
    weighted = rows
    if "salience" in layers:
        weight = graph.op("Add", layers.linear("salience", states), one)  # [T, n, 1]
        weighted = graph.op("Mul", rows, weight)
    total = graph.op("ReduceSum", weighted, graph.vector(0), keepdims=0)
    m = graph.op("Div", total, counts)  # [n, E]
    answers = {}
    if "projection" in layers:
        vectors = layers.linear("projection", p)
        vectors = graph.op("Add", vectors, m) if settings.skip else vectors
        unit = graph.op("LpNormalization", vectors, axis=1, p=2)
        answers["vectors"] = graph.op("Mul", unit, graph.op("Min", lengths, one))
    if "classifier" in layers:
        logits = layers.linear("classifier", graph.op("Concat", p, m, axis=1))
        answers["probabilities"] = graph.op("Softmax", logits, axis=1)
    return answers


def _states(layers: Layers, rows: str, lengths: str) -> str:
    """What the LSTM says at every token; zeros beyond a text's end, unless a norm follows."""
    short = layers.graph.op("Cast", lengths, to=TensorProto.INT32)
    states = layers.norm("input_norm", rows)
    layer = 0
    while f"lstm.{layer}.forward.input" in layers:
        states = layers.lstm(layer, states, short)
        layer += 1
    return layers.norm("output_norm", states)


def _pooled(layers: Layers, pooling: str, states: str, ids: str, lengths: str, counts: str) -> str:
    """The mean or the largest of the states of each text, zeros of an empty one: [n, D * H]."""
    graph, first = layers.graph, layers.graph.vector(0)
    if pooling == "mean" and "output_norm.weight" not in layers:
        return graph.op("Div", graph.op("ReduceSum", states, first, keepdims=0), counts)
    inside = _inside(graph, ids, lengths)
    if pooling == "mean":
        kept = graph.op("Where", inside, states, graph.constant(np.float32(0)))
        return graph.op("Div", graph.op("ReduceSum", kept, first, keepdims=0), counts)
    kept = graph.op("Where", inside, states, graph.constant(_LOWEST))
    largest = graph.op("ReduceMax", kept, first, keepdims=0)
    some = graph.op("Greater", graph.op("Unsqueeze", lengths, graph.vector(1)), graph.scalar(0))
    return graph.op("Where", some, largest, graph.constant(np.float32(0)))


def _inside(graph: Graph, ids: str, lengths: str) -> str:
    """Which places of int64 [T, n] hold a text's tokens: bool [T, n, 1]."""
    longest = graph.op("Squeeze", graph.op("Shape", ids, start=0, end=1))
    places = graph.op("Range", graph.scalar(0), longest, graph.scalar(1))
    inside = graph.op("Less", graph.op("Unsqueeze", places, graph.vector(1)), lengths)  # [T, n]
    return graph.op("Unsqueeze", inside, graph.vector(2))
