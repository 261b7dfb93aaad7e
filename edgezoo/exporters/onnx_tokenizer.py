"""WordPiece inside an ONNX graph: texts to the ids that `edgezoo.zoo.tokenizers.wordpiece` defines.

No one operator does exactly that: the BERT tokenizers of onnxruntime-extensions lower-case all of Unicode,
and keep the pieces that they found of a word before its unknown rest. So the steps are spelt out, for a whole
batch at once: `StringNormalizer` in the locale C lower-cases ASCII and nothing else, `Tokenizer` finds the
words by a regular expression, `TrieTokenizer` matches the longest pieces, and integers do the rest. Once
texts are in lower case, A to Z are free to mark what texts cannot say: A begins a text, and ends the last
one; B begins a word. The ids are the same for every text but one with a U+0000, where onnxruntime-extensions
ends a string.

Letters on the lines: n texts; W words and marks of texts; P pieces, which are marks of texts too; K tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, numpy_helper

from edgezoo.exporters.onnx_graph import EXTENSIONS, MICROSOFT, Graph
from edgezoo.zoo.tokenizers.wordpiece import (
    CONTINUATION,
    LOWER_ASCII,
    MAX_WORD_CHARACTERS,
    SPECIAL_TOKENS,
    UNKNOWN_TOKEN,
    WHITE_SPACE,
    delimiter_class,
)

_TEXT, _WORD = "A", "B"
_BYTES = 256
_MARK, _TOO_LONG = 1, 2 * MAX_WORD_CHARACTERS + 2
_UNKNOWN = SPECIAL_TOKENS.index(UNKNOWN_TOKEN)
_ZERO = numpy_helper.from_array(np.zeros(1, dtype=np.int64))


@dataclass(frozen=True)
class Tokens:
    """The tokens of n texts, text after text, K in all."""

    ids: str  # int64 [K]
    texts: str  # int64 [K], which text each is of, counted from 1
    begins: str  # int64 [n], where each text's tokens begin
    ends: str  # int64 [n]
    lengths: str  # int64 [n]


def tokenize(graph: Graph, texts: str, vocabulary: Sequence[str]) -> Tokens:
    """Add to a graph what makes Tokens of `texts`, string [n]; n may be 0.

    Its outputs `ids` and `lengths` bear those names.
    """
    keys = _keys(graph, _words(graph, texts), vocabulary)  # [P]
    step = graph.scalar(len(vocabulary))
    code = graph.op("Div", keys, step)
    begins = graph.op("Mod", code, graph.scalar(2))
    word = graph.op("Sub", graph.op("CumSum", begins, graph.scalar(0)), graph.scalar(1))  # [P], 0 to W - 1
    zeros = graph.op("ConstantOfShape", graph.op("Shape", keys), value=_ZERO)
    sizes = graph.op("ScatterElements", zeros, word, code, axis=0, reduction="add")
    longest = graph.scalar(2 * MAX_WORD_CHARACTERS + 1)
    known = graph.op("LessOrEqual", graph.op("Gather", sizes, word), longest)
    marks = graph.op("Equal", code, graph.scalar(_MARK))
    # Of a known word every piece counts, of an unknown one the first stands for all, of a mark none.
    counts = graph.op("Where", known, graph.op("Sub", code, graph.scalar(_MARK)), begins)
    kept = graph.op("Cast", counts, to=TensorProto.BOOL)
    ids = graph.op("Where", known, graph.op("Mod", keys, step), graph.scalar(_UNKNOWN))
    return _by_text(graph, ids, kept, marks)


def trie(vocabulary: Sequence[str]) -> str:
    """The attribute of TrieTokenizer: a line of number, quoted key and its size in bytes for every key.

    With V tokens a number is V * code + id. A code is twice the characters of the key, and one more for a key
    that begins a word. Where no token fits, a byte or the mark of a word counts for more characters than a
    word may have, so that the codes of a word add up to whether it is known. A text's mark has no characters.
    """
    inside, beginning = {}, {}
    for number, token in enumerate(vocabulary[len(SPECIAL_TOKENS) :], len(SPECIAL_TOKENS)):
        rest = token.removeprefix(CONTINUATION)
        if token != token.translate(LOWER_ASCII) or "\0" in token:
            continue  # no text in lower case has it
        if rest and rest != token:
            inside[rest] = (2 * len(rest), number)
        else:
            beginning[_WORD + token] = (2 * len(token) + 1, number)
    other = {_WORD: (_TOO_LONG + 1, 0), _TEXT: (_MARK, 0), _WORD + _TEXT: (_MARK, 1)}
    size = len(vocabulary)
    lines = [_line(size * code + number, key) for key, (code, number) in (inside | beginning | other).items()]
    for byte in range(_BYTES):
        if byte > 127 or chr(byte) not in inside.keys() | other.keys():
            lines.append(f"{size * (_TOO_LONG + 2 * byte)} b'\\x{byte:02x}' 1")
    return "\n".join(lines)


def _line(number: int, key: str) -> str:
    quoted = key.replace("\\", "\\\\").replace("\n", "\\n")
    return f"{number} '{quoted}' {len(key.encode())}"


def _words(graph: Graph, texts: str) -> str:
    """Words and, before each text and after the last one, its mark: string [1, W]."""
    graph.need_1_18()
    nothing = _string(graph, "")
    framed = graph.op("Concat", nothing, texts, nothing, axis=0)  # [n + 2]
    lower = graph.op("StringNormalizer", framed, case_change_action="LOWER", is_case_sensitive=1, locale="C")
    whole = graph.op("StringJoin", lower, _string(graph, _TEXT), graph.vector(0), domain=EXTENSIONS)  # [1]
    delimiters = delimiter_class()[1:-1]
    spaces = "".join(rf"\x{{{ord(mark):X}}}" for mark in WHITE_SPACE)
    return graph.op(
        "Tokenizer",
        whole,
        domain=MICROSOFT,
        mark=0,
        mincharnum=1,
        pad_value="",
        tokenexp=f"[{_TEXT}{delimiters}]|[^{_TEXT}{delimiters}{spaces}]+",
    )


def _keys(graph: Graph, words: str, vocabulary: Sequence[str]) -> str:
    """The numbers that `trie` gives to the longest pieces of string [1, W]: int64 [P]."""
    whole = graph.op("StringJoin", words, _string(graph, _WORD), graph.vector(1), domain=EXTENSIONS)  # [1]
    pieces = graph.op("TrieTokenizer", whole, domain=EXTENSIONS, vocab=trie(vocabulary))  # [1, P]
    return graph.op("Reshape", pieces, graph.vector(-1))


def _by_text(graph: Graph, ids: str, kept: str, marks: str) -> Tokens:
    """Tokens of the ids [P] that are kept."""
    counts = graph.op("CumSum", _number(graph, kept), graph.scalar(0))  # [P]
    starts = graph.op("Compress", counts, marks, axis=0)
    text = graph.op("CumSum", _number(graph, marks), graph.scalar(0))  # [P]
    begin, end = (
        graph.op("Slice", starts, graph.vector(first), graph.vector(last), graph.vector(0))
        for first, last in ((0, -1), (1, np.iinfo(np.int64).max))
    )
    return Tokens(
        ids=graph.op("Compress", ids, kept, axis=0, output="ids"),
        texts=graph.op("Compress", text, kept, axis=0),
        begins=begin,
        ends=end,
        lengths=graph.op("Sub", end, begin, output="lengths"),
    )


def _number(graph: Graph, flags: str) -> str:
    return graph.op("Cast", flags, to=TensorProto.INT64)


def _string(graph: Graph, text: str) -> str:
    """A string [1]."""
    return graph.constant(np.array([text], dtype=object), f"string-{text}")
