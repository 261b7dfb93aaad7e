"""What writer and reader share: the constants of SPECIFICATION.md and the settings kept in a header."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

IDENTIFIER = b"EZB1"
SCHEMA_VERSION = 1
ALIGNMENT = 64
TRAILER_SIZE = 8
INT4_GROUP = 32

MAX_FILE_SIZE = 2**31 - 1
MAX_CARD_SIZE = 1 << 20
MAX_TENSORS = 256
MAX_DIMENSIONS = 2
MAX_TOKENS = 2**20 - 1
MAX_VOCABULARY_SIZE = 2**24
MAX_DIMENSION = 1024
MAX_WORD_CHARACTERS = 255
MAX_NAME_SIZE = 127
MAX_TOKEN_SIZE = 255

MAX_UNIGRAM_WORD_CHARACTERS = 64
MAX_UNIGRAM_TOKEN_SIZE = 63
MAX_MARKS = 32
MAX_PENALTY = 1 << 16
BYTES = 256
CODE_POINTS = 0x110000
PAGE = 128
MAX_DECOMPOSITION, MAX_LOWER = 18, 3
# Width in bytes of each table of the normaliser.
UNICODE_TABLES = {
    "unicode.pages": 1,
    "unicode.classes": PAGE,
    "unicode.decompositions": 8,
    "unicode.lower": 8,
    "unicode.targets": 4,
    "unicode.compositions": 12,
    "unicode.combining": 4,
}

CHAR_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[BOS]", "[EOS]")
MAX_CHARACTERS = 4096

MAX_HIDDEN = 512
MAX_SEQUENCE = 512
MIN_LABELS, MAX_LABELS = 2, 64
MAX_LABEL_SIZE = 63
CLS_ID = 2

# Indexed by the value of `Pooling` in bundle.fbs.
POOLINGS = ("mean", "max", "cls")

# Indexed by the value of `DType` in bundle.fbs.
DTYPES = ("float32", "float16", "int8", "int4", "uint8")
_BITS = {"float32": 32, "float16": 16, "int8": 8, "int4": 4, "uint8": 8}


@dataclass(frozen=True)
class WordPiece:
    """The tokenizer's settings; its vocabulary lies beside them in the bundle."""

    unknown_id: int = 1
    max_word_characters: int = 100


@dataclass(frozen=True)
class Unigram:
    """The tokenizer's settings; vocabulary, costs and the tables of its normaliser lie beside them.

    `byte_id`: the token of byte 0, which those of the other bytes follow; `unknown_penalty`: how much more
    than the dearest token a character without one costs.
    """

    unknown_id: int = 1
    byte_id: int = 4
    unknown_penalty: int = 160
    max_word_characters: int = 64
    max_marks: int = 16


@dataclass(frozen=True)
class Char:
    """One token a code point, after `CHAR_SPECIAL_TOKENS`; the vocabulary lies beside it in the bundle."""

    unknown_id: ClassVar[int] = 1


Tokenizer = WordPiece | Unigram | Char


@dataclass(frozen=True)
class StaticTable:
    """A sentence vector is the (weighted) mean of rows of `embedding`, L2-normalised if `normalize`."""

    normalize: bool = True


@dataclass(frozen=True)
class TinyLstm:
    """A recurrent encoder beside the mean of its embeddings; the shapes of its tensors say the rest.

    `pooling` of its states: one of `POOLINGS`; `skip`: add the mean of the embeddings to the projection;
    tokens from `max_tokens` on are not read; `labels`: what `classifier` tells apart, none without it.
    """

    pooling: str = "mean"
    skip: bool = True
    max_tokens: int = 128
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class CharLstm:
    """A language model over characters; the shapes of its tensors say all of it."""


Architecture = StaticTable | TinyLstm | CharLstm


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor lies in the file: absolute `offset` and `size` in bytes, `shape` in elements."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int


def stored_size(dtype: str, shape: Sequence[int]) -> int:
    """Bytes that a tensor of `dtype` and `shape` takes in the file, padding left out."""
    return math.prod(shape) * _BITS[dtype] // 8


def aligned(offset: int) -> int:
    """The next multiple of 64 from `offset` on."""
    return -(-offset // ALIGNMENT) * ALIGNMENT
