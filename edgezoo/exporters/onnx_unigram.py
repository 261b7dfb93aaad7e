"""Unigram inside an ONNX graph, by onnxruntime-extensions' `SentencepieceTokenizer`.

SentencePiece splits a whole text where `edgezoo.zoo.tokenizers.unigram` splits each word, at the same places:
no token has a blank or reaches over punctuation, and the blanks themselves are left out of the ids. A text
ends at U+0000 here, so write `onnx_charsmap.NUL` for it, and two U+FFFF for one. Ids differ from those of the
tokenizer

- in a word of more than 64 characters, which is cut there and is not here: scripts without blanks have such;
- in marks that are in another order than NFKC's, where that is neither the order of a composed character nor
  of Hebrew's or Arabic's points, and behind the sixteenth mark in a row.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from onnx import TensorProto

from edgezoo.exporters.onnx_charsmap import NUL, NUL_RULES, charsmap
from edgezoo.exporters.onnx_graph import EXTENSIONS, Graph
from edgezoo.exporters.onnx_tokenizer import Tokens
from edgezoo.zoo.tokenizers.unigram import BYTE_TOKENS, FIXED_TOKENS, PUNCTUATION, UNKNOWN_ID
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS

# Kinds of pieces in a SentencePiece model.
_NORMAL, _UNKNOWN, _CONTROL, _UNUSED, _BYTE = 1, 2, 3, 5, 6


def tokenize(graph: Graph, texts: str, vocabulary: Sequence[str], scores: Sequence[float]) -> Tokens:
    """Add to a graph what makes Tokens of `texts`, string [n]; n may be 0.

    Its outputs `ids` and `lengths` bear those names.
    """
    no = graph.constant(np.array([False]))
    pieces, starts = graph.operation(
        "SentencepieceTokenizer",
        [texts, graph.vector(0), graph.constant(np.zeros(1, dtype=np.float32)), no, no, no],
        ["pieces", "starts"],
        EXTENSIONS,
        model=sentencepiece_model(vocabulary, scores),
    )  # int32 [P], int64 [n + 1]
    numbers = graph.op("Cast", pieces, to=TensorProto.INT64)
    kept = graph.op("Less", numbers, graph.scalar(len(vocabulary)))
    places = graph.operation("RaggedTensorToSparse", [starts], ["places", "extents"], EXTENSIONS)[0]  # [P, 2]
    text = graph.op("Gather", places, graph.scalar(0), axis=1)
    counts = graph.op("CumSum", graph.op("Cast", kept, to=TensorProto.INT64), graph.scalar(0))
    before = graph.op("Concat", graph.vector(0), counts, axis=0)  # [P + 1], tokens before each piece
    limits = graph.op("Gather", before, starts)  # [n + 1]
    begins, ends = (
        graph.op("Slice", limits, graph.vector(begin), graph.vector(end), graph.vector(0))
        for begin, end in ((0, -1), (1, np.iinfo(np.int64).max))
    )
    return Tokens(
        ids=graph.op("Compress", numbers, kept, axis=0, output="ids"),
        texts=graph.op("Add", graph.op("Compress", text, kept, axis=0), graph.vector(1)),
        begins=begins,
        ends=ends,
        lengths=graph.op("Sub", ends, begins, output="lengths"),
    )


def sentencepiece_model(vocabulary: Sequence[str], scores: Sequence[float]) -> bytes:
    """A SentencePiece `ModelProto` with the vocabulary's ids, and three pieces behind them.

    A character that no token has gets the lowest of all scores, less 10, with both. Of the last three no text
    has A, which is in upper case: it is there for its score. The byte 0 is there because all bytes must be;
    its own place has what the normaliser makes of U+0000, at any score, for no other piece holds that.
    """
    marks = {chr(point) for low, high in PUNCTUATION for point in range(low, high + 1)}
    pieces = []
    for number, (token, score) in enumerate(zip(vocabulary, scores, strict=True)):
        kind = _NORMAL
        if number < len(FIXED_TOKENS):
            kind = _CONTROL if token in SPECIAL_TOKENS else _BYTE
            kind = _UNKNOWN if number == UNKNOWN_ID else kind
            if token == BYTE_TOKENS[0]:
                token, kind = NUL_RULES[NUL], _NORMAL
        elif len(token) > 1 and not marks.isdisjoint(token):
            kind = _UNUSED  # words never hold it
        pieces.append(_piece(token, score, kind))
    pieces += [_piece(" ", 0, _NORMAL), _piece("A", min(scores), _NORMAL), _piece(BYTE_TOKENS[0], 0, _BYTE)]
    ids = {"[UNK]": 40, "[CLS]": 41, "[SEP]": 42, "[PAD]": 43}  # fields of TrainerSpec; their texts 5 further
    trainer = _number(3, 1) + _number(35, 1)  # a Unigram, with bytes
    for token, field in ids.items():
        trainer += _number(field, SPECIAL_TOKENS.index(token)) + _bytes(field + 5, token.encode())
    normalizer = _bytes(1, b"edgezoo") + _bytes(2, charsmap())
    for field in (3, 4, 5):  # no blank before a text, blanks as they are
        normalizer += _number(field, 0)
    return b"".join(_bytes(1, piece) for piece in pieces) + _bytes(2, trainer) + _bytes(3, normalizer)


def _piece(token: str, score: float, kind: int) -> bytes:
    return _bytes(1, token.encode()) + _varint(2 << 3 | 5) + struct.pack("<f", score) + _number(3, kind)


# --- Protocol Buffers --------------------------------------------------------------------------------------


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    low = value & 127
    return bytes([low]) if value < 128 else bytes([low | 128]) + _varint(value >> 7)
