"""Checkpoint -> ONNX: NAME-PRECISION.onnx takes texts, NAME-PRECISION-ids.onnx takes token ids.

Both give "vectors" float32 [texts, dimension] or "probabilities" float32 [texts, labels], or both, for a
batch of any size, 0 included. The one takes "texts", string [texts], and gives the "ids" of all texts in a
row and the "lengths" of each besides; it needs onnxruntime-extensions. The other takes what servers'
tokenizers make and their model runners expect: "input_ids" and "attention_mask", int64 [texts, tokens], here
without special tokens and padded behind. Of a language model there is one file: see `onnx_language`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, StringStringEntryProto, TensorProto, ValueInfoProto, numpy_helper

from edgezoo.bundle.layout import StaticTable, TinyLstm
from edgezoo.errors import DataError
from edgezoo.exporters import flatbuffer, licence, onnx_language, onnx_tokenizer, onnx_unigram
from edgezoo.exporters.onnx_graph import Graph, value
from edgezoo.exporters.onnx_layers import Layers
from edgezoo.exporters.onnx_models import Padded, static_table, tiny_lstm
from edgezoo.exporters.onnx_tokenizer import Tokens
from edgezoo.zoo.checkpoint import Checkpoint
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS

# Of "int4" the table and the projection are in int4, LSTMs in int8; it needs ONNX Runtime 1.20 or newer.
PRECISIONS = ("fp32", "int8", "int4")

_ZERO = numpy_helper.from_array(np.zeros(1, dtype=np.int64))


def export(checkpoint: Checkpoint, precision: str, out: Path) -> list[Path]:
    """Write `out`/NAME-PRECISION.onnx and, unless it is a language model, `out`/NAME-PRECISION-ids.onnx.

    Raises DataError for an unknown family, InputError for [CLS] pooling or a table that int4 does not fit.
    """
    stem = f"{checkpoint.card['name']}-{precision}"
    written = []
    models = {stem: from_texts, f"{stem}-ids": from_ids}
    if checkpoint.card.get("family") == "char-lstm":
        models = {stem: onnx_language.model}
    for name, build in models.items():
        path = out / f"{name}.onnx"
        path.write_bytes(_sealed(build(checkpoint, precision).SerializeToString(deterministic=True)))
        written.append(path)
    return written


def from_texts(checkpoint: Checkpoint, precision: str) -> ModelProto:
    """The model that takes texts."""
    graph, settings = Graph(), _settings(checkpoint)
    if checkpoint.scores is None:
        tokens = onnx_tokenizer.tokenize(graph, "texts", checkpoint.vocabulary)
    else:
        tokens = onnx_unigram.tokenize(graph, "texts", checkpoint.vocabulary, checkpoint.scores)
    layers = Layers(graph, _tensors(checkpoint), precision)
    if isinstance(settings, StaticTable):
        answers = static_table(layers, tokens.ids, tokens.begins, tokens.ends)
    else:
        answers = tiny_lstm(layers, settings, _padded(graph, tokens, settings.max_tokens))
        answers = _first(graph, answers, graph.op("Shape", tokens.lengths))
    inputs = [value("texts", TensorProto.STRING, "texts")]
    extra = [value("ids", TensorProto.INT64, "tokens"), value("lengths", TensorProto.INT64, "texts")]
    return _model(checkpoint, precision, graph, inputs, answers, extra)


def from_ids(checkpoint: Checkpoint, precision: str) -> ModelProto:
    """The model that takes token ids."""
    graph, settings = Graph(), _settings(checkpoint)
    layers = Layers(graph, _tensors(checkpoint), precision)
    if isinstance(settings, StaticTable):
        answers = _static_table_from_ids(layers)
    else:
        answers = _tiny_lstm_from_ids(layers, settings)
    inputs = [value(name, TensorProto.INT64, "texts", "tokens") for name in ("input_ids", "attention_mask")]
    return _model(checkpoint, precision, graph, inputs, answers, [])


def _sealed(model: bytes) -> bytes:
    """The model and, as the last of its metadata, the SHA-256 of all that is before."""
    seal = StringStringEntryProto(key="sha256", value=hashlib.sha256(model).hexdigest())
    end: bytes = ModelProto(metadata_props=[seal]).SerializeToString()
    return model + end


def _settings(checkpoint: Checkpoint) -> StaticTable | TinyLstm:
    family = checkpoint.card.get("family")
    if family == "static-table":
        return StaticTable()
    if family != "tiny-lstm":
        raise DataError(f"the card names the unknown family {family!r}; update edgezoo")
    return flatbuffer.tiny_lstm(checkpoint.card)


def _tensors(checkpoint: Checkpoint) -> dict[str, NDArray[np.float32]]:
    """The tensors, special tokens counting for nothing."""
    table = checkpoint.embedding.copy()
    table[: len(SPECIAL_TOKENS)] = 0
    return {**checkpoint.tensors, "embedding": table}


def _padded(graph: Graph, tokens: Tokens, most: int) -> Padded:
    """The first tokens of each text, `most` of them, side by side; one empty text where there are none."""
    one = graph.vector(1)
    lengths = graph.op("Min", tokens.lengths, graph.vector(most))  # [n]
    width = graph.op("ReduceMax", graph.op("Concat", lengths, one, axis=0), keepdims=1)  # int64 [1]
    stride = graph.op("Add", width, one)  # the last column takes what is left out
    texts = graph.op("Sub", tokens.texts, one)
    begins = graph.op("Gather", tokens.begins, texts)  # [K]
    count = graph.op("Squeeze", graph.op("Shape", tokens.ids))
    places = graph.op("Sub", graph.op("Range", graph.scalar(0), count, graph.scalar(1)), begins)
    rows = graph.op("Max", graph.op("Shape", lengths), one)
    zeros = graph.op("ConstantOfShape", graph.op("Mul", rows, stride), value=_ZERO)
    where = graph.op("Add", graph.op("Mul", texts, stride), graph.op("Min", places, width))  # [K]
    flat = graph.op("ScatterElements", zeros, where, tokens.ids, axis=0)
    ids = graph.op("Reshape", flat, graph.op("Concat", rows, stride, axis=0))  # [max(n, 1), width + 1]
    return Padded(
        ids=graph.op("Slice", ids, graph.vector(0), width, one),
        lengths=graph.op(
            "Slice", graph.op("Concat", lengths, graph.vector(0), axis=0), graph.vector(0), rows
        ),
    )


def _static_table_from_ids(layers: Layers) -> dict[str, str]:
    graph = layers.graph
    mask = graph.op("Cast", "attention_mask", to=TensorProto.BOOL)
    everywhere = graph.vector(-1)
    kept = graph.op("Reshape", mask, everywhere)
    ids = graph.op("Compress", graph.op("Reshape", "input_ids", everywhere), kept, axis=0)
    counts = graph.op("ReduceSum", graph.op("Cast", mask, to=TensorProto.INT64), graph.vector(1), keepdims=0)
    ends = graph.op("CumSum", counts, graph.scalar(0))
    return static_table(layers, ids, graph.op("Sub", ends, counts), ends)


def _tiny_lstm_from_ids(layers: Layers, settings: TinyLstm) -> dict[str, str]:
    """ONNX Runtime aborts the process where an LSTM gets a batch of 0, so an empty text is put there."""
    graph = layers.graph
    zero, one = graph.vector(0), graph.vector(1)
    size = graph.op("Shape", "input_ids", start=0, end=1)
    missing = graph.op("Cast", graph.op("Equal", size, zero), to=TensorProto.INT64)
    pads = graph.op("Concat", graph.vector(0, 0), missing, zero, axis=0)
    ids, mask = (
        graph.op("Slice", graph.op("Pad", name, pads), zero, graph.vector(settings.max_tokens), one)
        for name in ("input_ids", "attention_mask")
    )
    lengths = graph.op("ReduceSum", mask, one, keepdims=0)
    ids = graph.op("Mul", ids, mask)
    return _first(graph, tiny_lstm(layers, settings, Padded(ids, lengths)), size)


def _first(graph: Graph, answers: dict[str, str], size: str) -> dict[str, str]:
    """The first rows of each answer, so many as int64 [1] `size` says."""
    zero = graph.vector(0)
    return {name: graph.op("Slice", answer, zero, size, zero) for name, answer in answers.items()}


def _model(
    checkpoint: Checkpoint,
    precision: str,
    graph: Graph,
    inputs: list[ValueInfoProto],
    answers: dict[str, str],
    extra: list[ValueInfoProto],
) -> ModelProto:
    """The graph with its answers as outputs, and all that is to be known about it as metadata."""
    labels = list(getattr(_settings(checkpoint), "labels", ()))
    outputs = []
    for name, answer in answers.items():
        width = len(labels) if name == "probabilities" else _dimension(checkpoint)
        outputs.append(value(graph.op("Identity", answer, output=name), TensorProto.FLOAT, "texts", width))
    card = checkpoint.card
    metadata = {
        "card": json.dumps({**card, "precision": precision}, ensure_ascii=False),
        "labels": json.dumps(labels, ensure_ascii=False),
        "license": licence.text(),
        "max_tokens": str(getattr(_settings(checkpoint), "max_tokens", 0)),
        "name": card["name"],
        "vocabulary_size": str(len(checkpoint.vocabulary)),
    }
    return graph.model(card["name"], inputs, [*outputs, *extra], metadata)


def _dimension(checkpoint: Checkpoint) -> int:
    """Length of a vector, where the model gives vectors."""
    return (
        len(checkpoint.tensors["projection"])
        if "projection" in checkpoint.tensors
        else checkpoint.embedding.shape[1]
    )
