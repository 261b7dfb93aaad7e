"""Write a bundle: the same content gives the same bytes. SPECIFICATION.md says how they lie."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.atomic import write_bytes
from edgezoo.bundle import layout
from edgezoo.bundle.architectures import Content, check_characters, check_model
from edgezoo.bundle.layout import (
    Architecture,
    Char,
    CharLstm,
    StaticTable,
    TensorEntry,
    Tokenizer,
    Unigram,
    WordPiece,
)
from edgezoo.bundle.quantise import QuantisedTensor
from edgezoo.errors import InputError, MissingExtraError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def write_bundle(
    path: str | os.PathLike[str],
    *,
    name: str,
    card: Mapping[str, Any],
    tokenizer: Tokenizer,
    vocabulary: Sequence[str],
    architecture: Architecture,
    tensors: Mapping[str, QuantisedTensor | NDArray[Any]],
) -> int:
    """Write a model to `path` (under a temporary name, then renamed) and return its size in bytes.

    `vocabulary` lists the tokens by id. SPECIFICATION.md names the tensors of each architecture. A matrix
    `x` from `edgezoo.bundle.quantise.quantise` is stored as `x` and `x.scale`, an array as it is.
    Raises InputError for content that the format does not allow, MissingExtraError without `flatbuffers`.
    """
    _check_names(name, vocabulary, tokenizer)
    if isinstance(tokenizer, Char):
        check_characters(vocabulary, InputError)
    segments = _segments(vocabulary, tensors)
    described = {tensor: (dtype, shape) for tensor, dtype, shape, _ in segments}
    check_model(Content(len(vocabulary), described, InputError), tokenizer, architecture)
    card_text = json.dumps(card, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(card_text.encode()) > layout.MAX_CARD_SIZE:
        raise InputError(f"the card takes more than {layout.MAX_CARD_SIZE} bytes; shorten it")
    data = _assemble(name, card_text, tokenizer, architecture, segments)
    if len(data) > layout.MAX_FILE_SIZE:
        raise InputError(f"the bundle takes {len(data)} bytes; the format ends at {layout.MAX_FILE_SIZE}")
    write_bytes(path, data)
    return len(data)


_Segment = tuple[str, str, tuple[int, ...], bytes]


def _check_names(name: str, vocabulary: Sequence[str], tokenizer: Tokenizer) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(f"model name {name!r}: use 1 to 63 lower-case letters, digits, '.', '_' or '-'")
    if len(set(vocabulary)) != len(vocabulary):
        raise InputError("the vocabulary holds a token twice; every token must be unique")
    largest = layout.MAX_UNIGRAM_TOKEN_SIZE if isinstance(tokenizer, Unigram) else layout.MAX_TOKEN_SIZE
    for index, token in enumerate(vocabulary):
        if not 1 <= len(token.encode()) <= largest:
            raise InputError(f"token {index} takes {len(token.encode())} bytes; allowed are 1 to {largest}")


def _segments(
    vocabulary: Sequence[str], tensors: Mapping[str, QuantisedTensor | NDArray[Any]]
) -> list[_Segment]:
    segments: list[_Segment] = []
    for name, tensor in tensors.items():
        if isinstance(tensor, QuantisedTensor):
            segments.append((name, tensor.dtype, tensor.shape, _little_endian(tensor.values)))
            segments.append(_array_segment(f"{name}.scale", tensor.scale))
        else:
            segments.append(_array_segment(name, tensor))
    encoded = [token.encode() for token in vocabulary]
    lengths = np.array([len(token) for token in encoded], dtype=np.uint8)
    segments.append(_array_segment("vocabulary.lengths", lengths))
    segments.append(_array_segment("vocabulary.bytes", np.frombuffer(b"".join(encoded), dtype=np.uint8)))
    return segments


def _array_segment(name: str, array: NDArray[Any]) -> _Segment:
    dtype = array.dtype.name
    if dtype not in ("float32", "float16", "int8", "uint8"):
        raise InputError(
            f"tensor {name!r} has dtype {dtype}; a bundle holds float32, float16, int8 and uint8"
        )
    if (
        not 1 <= array.ndim <= layout.MAX_DIMENSIONS
        or array.size == 0
        or len(name.encode()) > layout.MAX_NAME_SIZE
    ):
        raise InputError(
            f"tensor {name!r} of shape {array.shape}: 1 or 2 dimensions, none of them 0, short name"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"tensor {name!r} holds NaN or infinity")
    return name, dtype, array.shape, _little_endian(array)


def _little_endian(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()


def _assemble(
    name: str, card: str, tokenizer: Tokenizer, architecture: Architecture, segments: list[_Segment]
) -> bytes:
    body = bytearray()
    starts = []
    for _, _, _, content in segments:
        starts.append(len(body))
        body += content + bytes(-len(content) % layout.ALIGNMENT)
    digest = hashlib.sha256(body).digest()

    def header(offset: int) -> bytes:
        entries = [
            TensorEntry(tensor, dtype, shape, offset + start, len(content))
            for start, (tensor, dtype, shape, content) in zip(starts, segments, strict=True)
        ]
        size = offset + len(body) + layout.TRAILER_SIZE
        return _header(name, card, tokenizer, architecture, entries, digest, offset, size)

    # The header's length does not depend on the offsets in it, only on that none of them is 0.
    offset = layout.aligned(len(header(layout.ALIGNMENT)))
    head = header(offset)
    data = head + bytes(offset - len(head)) + bytes(body)
    return data + _xxh64(data)


def _header(
    name: str,
    card: str,
    tokenizer: Tokenizer,
    architecture: Architecture,
    entries: list[TensorEntry],
    digest: bytes,
    segments_offset: int,
    file_size: int,
) -> bytes:
    try:
        import flatbuffers

        from edgezoo.bundle import schema
    except ImportError as error:
        raise MissingExtraError("writing a bundle", "export") from error
    root = schema.BundleT()
    root.schemaVersion = layout.SCHEMA_VERSION
    root.fileSize, root.segmentsOffset = file_size, segments_offset
    root.sha256, root.name, root.card = list(digest), name, card
    if isinstance(tokenizer, Char):
        root.tokenizerType, root.tokenizer = schema.Tokenizer.Char, schema.CharT()
    elif isinstance(tokenizer, WordPiece):
        root.tokenizerType, root.tokenizer = schema.Tokenizer.WordPiece, schema.WordPieceT()
    else:
        root.tokenizerType, root.tokenizer = schema.Tokenizer.Unigram, schema.UnigramT()
        root.tokenizer.byteId, root.tokenizer.maxMarks = tokenizer.byte_id, tokenizer.max_marks
        root.tokenizer.unknownPenalty = tokenizer.unknown_penalty
    if not isinstance(tokenizer, Char):
        root.tokenizer.unknownId = tokenizer.unknown_id
        root.tokenizer.maxWordCharacters = tokenizer.max_word_characters
    if isinstance(architecture, CharLstm):
        root.architectureType, root.architecture = schema.Architecture.CharLstm, schema.CharLstmT()
    elif isinstance(architecture, StaticTable):
        root.architectureType, root.architecture = schema.Architecture.StaticTable, schema.StaticTableT()
        root.architecture.normalize = architecture.normalize
    else:
        root.architectureType, root.architecture = schema.Architecture.TinyLstm, schema.TinyLstmT()
        root.architecture.pooling = layout.POOLINGS.index(architecture.pooling)
        root.architecture.skip, root.architecture.maxTokens = architecture.skip, architecture.max_tokens
        root.architecture.labels = list(architecture.labels) or None
    root.tensors = []
    for entry in entries:
        tensor = schema.TensorT()
        tensor.name, tensor.dtype, tensor.shape = (
            entry.name,
            layout.DTYPES.index(entry.dtype),
            list(entry.shape),
        )
        tensor.offset, tensor.size = entry.offset, entry.size
        root.tensors.append(tensor)
    builder = flatbuffers.Builder(4096)
    builder.Finish(root.Pack(builder), file_identifier=layout.IDENTIFIER)
    return bytes(builder.Output())


def _xxh64(data: bytes) -> bytes:
    import xxhash

    return xxhash.xxh64_intdigest(data).to_bytes(8, "little")
