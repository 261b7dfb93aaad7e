"""Checkpoint -> .tflite: opened unmodified by MediaPipe's TextEmbedder and TextClassifier, and by LiteRT.

The graph is written directly. A converter from torch would bring fifty packages with a compiler among them,
and would still have to be told how to store the weights of an unrolled recurrence once, what to make of the
tokens that MediaPipe adds to a text, and how to read int4 where the runtime has no int4. Written by hand, a
model takes seconds and is the same to the byte each time.

A text is cut to 62 tokens: the inputs have 64 places, and MediaPipe puts [CLS] before it and [SEP] behind it.
Of a recurrent model there is a second file with 32 places, which takes half the time and reads 30 tokens.
MediaPipe has no tokenizer that splits as edgezoo's Unigram does: a model with one is for LiteRT, ids in; the
tokenizer.json is in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer

from edgezoo.errors import DataError, InputError
from edgezoo.exporters import licence, tflite_language
from edgezoo.exporters.flatbuffer import tiny_lstm
from edgezoo.exporters.tflite_metadata import LABELS_FILE, VOCABULARY_FILE, Tensor, metadata, with_files
from edgezoo.exporters.tflite_model import Model
from edgezoo.zoo.checkpoint import Checkpoint
from edgezoo.zoo.tokenizers import char, unigram, wordpiece

PRECISIONS = ("fp32", "int8", "int4")
LENGTH, SHORT_LENGTH = 64, 32

_INPUTS = (
    Tensor("ids", "The text's tokens: [CLS] (2), the text, [SEP] (3), then 0."),
    Tensor("mask", "1 where there is a token, 0 behind the text."),
    Tensor("segment_ids", "Not read."),
)
_OUTPUTS = {
    "vector": Tensor("vector", "The text's vector, of length 1; zeros for a text without tokens."),
    "probabilities": Tensor("probabilities", "How likely each label is; they add up to 1.", labels=True),
}


def export(checkpoint: Checkpoint, precision: str, out: Path) -> list[Path]:
    """Write {name}-{precision}.tflite, and of a recurrent model {name}-{precision}-short.tflite; their paths.

    "int8" stores the table and the matrices in int8, "int4" the table in int4 and the matrices in int8.
    Raises InputError for a model that pools at [CLS] or whose tokens MediaPipe cannot read, DataError for an
    unknown family.
    """
    name = checkpoint.card["name"]
    files = {f"{name}-{precision}.tflite": LENGTH}
    if checkpoint.card["family"] == "tiny-lstm":
        files[f"{name}-{precision}-short.tflite"] = SHORT_LENGTH
    for file, length in files.items():
        (out / file).write_bytes(model_file(checkpoint, precision, length))
    return [out / file for file in files]


def model_file(checkpoint: Checkpoint, precision: str, length: int = LENGTH) -> bytes:
    """The .tflite file of a checkpoint, with inputs int32 [1, length]; raises as `export` does."""
    card, word_pieces = checkpoint.card, checkpoint.scores is None
    labels: tuple[str, ...] = ()
    if card["family"] == "char-lstm":
        model, word_pieces = tflite_language.graph_file(checkpoint, precision), False
    else:
        graph = Model(checkpoint.tensors, precision, length)
        if card["family"] == "static-table":
            outputs = graph.static_table()
        elif card["family"] == "tiny-lstm":
            settings = tiny_lstm(card)
            outputs, labels = graph.tiny_lstm(settings), settings.labels
        else:
            raise DataError(f"the card names the unknown family {card['family']!r}; update edgezoo")
        described = metadata(
            card["name"],
            card["description"],
            card["license"],
            _INPUTS,
            [_OUTPUTS[name] for name in outputs],
            word_pieces=word_pieces,
        )
        model = graph.serialise(outputs, card["name"], described)
    files = {
        **({VOCABULARY_FILE: _lines(checkpoint.vocabulary)} if word_pieces else {}),
        **({LABELS_FILE: _lines(labels)} if labels else {}),
        "tokenizer.json": _tokenizer(checkpoint).to_str().encode(),
        "card.json": json.dumps({**card, "precision": precision}, indent=1, ensure_ascii=False).encode(),
        "LICENSE": licence.text().encode(),
        "graph.sha256": f"{hashlib.sha256(model).hexdigest()}\n".encode(),
    }
    return with_files(model, files)


def _tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    if checkpoint.card["family"] == "char-lstm":
        return char.build(checkpoint.vocabulary)
    if checkpoint.scores is None:
        return wordpiece.build_tokenizer(checkpoint.vocabulary)
    costs = unigram.costs_of(checkpoint.vocabulary, checkpoint.scores)
    return unigram.build_tokenizer(checkpoint.vocabulary, costs)


def _lines(texts: Iterable[str]) -> bytes:
    """One text a line."""
    for text in texts:
        if "\n" in text or "\r" in text:
            raise InputError(f"{text!r} has a line break, and MediaPipe reads one token or label a line")
    return "".join(f"{text}\n" for text in texts).encode()
