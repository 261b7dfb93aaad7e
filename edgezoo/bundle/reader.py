"""Read a bundle in Python, making every check of SPECIFICATION.md; the engine has its own reader."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle import layout
from edgezoo.bundle.architectures import Content, check_characters, check_model
from edgezoo.bundle.header import Header, decode_header
from edgezoo.bundle.layout import Char, TensorEntry, Unigram
from edgezoo.bundle.quantise import QuantisedTensor, dequantise
from edgezoo.bundle.unicode_tables import check_tables
from edgezoo.errors import BundleError, ModelNotFoundError


@dataclass(frozen=True)
class Bundle:
    """A bundle's checked content; `arrays` are read-only views, int4 as uint8 [rows, columns / 2]."""

    path: Path
    header: Header
    card: dict[str, Any]
    vocabulary: tuple[str, ...]
    arrays: dict[str, NDArray[Any]]

    def tensor(self, name: str) -> QuantisedTensor:
        """The quantised tensor `name` and its scales; raises BundleError if the bundle has none such."""
        for entry in self.header.tensors:
            if entry.name == name and entry.dtype in ("int8", "int4"):
                dtype = cast(Literal["int8", "int4"], entry.dtype)
                return QuantisedTensor(dtype, self.arrays[name], self.arrays[f"{name}.scale"])
        raise BundleError(f"{self.path} has no quantised tensor {name!r}")

    def matrix(self, name: str) -> NDArray[np.float32]:
        """The quantised tensor `name` as float32 [rows, columns]; raises BundleError if there is none."""
        return dequantise(self.tensor(name))


def read_bundle(path: str | os.PathLike[str], *, verify: bool = False) -> Bundle:
    """Read and check the bundle at `path`; with `verify` the SHA-256 of its segments too.

    Raises ModelNotFoundError if there is no file, BundleError if the file is not as SPECIFICATION.md demands.
    """
    place = Path(path)
    if not place.is_file():
        raise ModelNotFoundError(f"there is no file {place}")
    size = place.stat().st_size
    if size > layout.MAX_FILE_SIZE:
        raise BundleError(f"{place}: {size} bytes; the format ends at {layout.MAX_FILE_SIZE}")
    try:
        return _checked(place, place.read_bytes(), verify)
    except BundleError as error:
        raise BundleError(f"{place}: {error}") from None


def _checked(path: Path, data: bytes, verify: bool) -> Bundle:
    header = decode_header(data)
    if header.file_size != len(data):
        raise BundleError(
            f"the file has {len(data)} bytes, its header says {header.file_size}: it was cut or altered"
        )
    if len(data) % layout.ALIGNMENT != layout.TRAILER_SIZE:
        raise BundleError("the trailer does not start at a multiple of 64")
    _check_trailer(data)
    _check_entries(header)
    if len(header.sha256) != hashlib.sha256().digest_size:
        raise BundleError(f"the SHA-256 in the header has {len(header.sha256)} bytes instead of 32")
    if (
        verify
        and hashlib.sha256(data[header.segments_offset : -layout.TRAILER_SIZE]).digest() != header.sha256
    ):
        raise BundleError("the SHA-256 of the segments is not the one in the header: get the file again")
    arrays = {entry.name: _view(data, entry) for entry in header.tensors}
    bundle = Bundle(path, header, _card(header.card), _vocabulary(arrays), arrays)
    described = {entry.name: (entry.dtype, entry.shape) for entry in header.tensors}
    check_model(
        Content(len(bundle.vocabulary), described, BundleError), header.tokenizer, header.architecture
    )
    if isinstance(header.tokenizer, Unigram):
        _check_unigram(bundle)
    elif isinstance(header.tokenizer, Char):
        check_characters(bundle.vocabulary, BundleError)
    return bundle


def _check_unigram(bundle: Bundle) -> None:
    def refuse(reason: str, /) -> NoReturn:
        raise BundleError(reason)

    if bundle.arrays["vocabulary.lengths"].max() > layout.MAX_UNIGRAM_TOKEN_SIZE:
        refuse("a token of the vocabulary takes more than 63 bytes")
    check_tables(bundle.arrays, refuse)


def _check_trailer(data: bytes) -> None:
    import xxhash

    trailer = int.from_bytes(data[-layout.TRAILER_SIZE :], "little")
    if xxhash.xxh64_intdigest(memoryview(data)[: -layout.TRAILER_SIZE]) != trailer:
        raise BundleError(
            "the checksum at the end does not fit the content: the file is damaged, get it again"
        )


def _check_entries(header: Header) -> None:
    end, seen = header.segments_offset, set[str]()
    limit = header.file_size - layout.TRAILER_SIZE
    for entry in header.tensors:
        what = f"tensor {entry.name!r}"
        if entry.name in seen:
            raise BundleError(f"{what} is listed twice")
        seen.add(entry.name)
        if not 1 <= len(entry.shape) <= layout.MAX_DIMENSIONS or 0 in entry.shape:
            raise BundleError(
                f"{what} has the shape {entry.shape}; allowed are 1 or 2 dimensions, none of them 0"
            )
        if entry.dtype == "int4" and (len(entry.shape) != 2 or entry.shape[1] % layout.INT4_GROUP):
            raise BundleError(f"{what} is int4 of shape {entry.shape}; its columns must be a multiple of 32")
        if entry.size != layout.stored_size(entry.dtype, entry.shape):
            raise BundleError(
                f"{what} takes {entry.size} bytes, which does not fit {entry.dtype} {entry.shape}"
            )
        if entry.offset % layout.ALIGNMENT or entry.offset < end or entry.offset + entry.size > limit:
            raise BundleError(f"{what} at byte {entry.offset} is misaligned, overlaps, or leaves the file")
        end = entry.offset + entry.size


def _view(data: bytes, entry: TensorEntry) -> NDArray[Any]:
    stored = "uint8" if entry.dtype == "int4" else entry.dtype
    dtype = np.dtype(stored).newbyteorder("<")
    array = np.frombuffer(data, dtype=dtype, count=entry.size // dtype.itemsize, offset=entry.offset)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BundleError(f"tensor {entry.name!r} holds NaN or infinity")
    if entry.dtype == "int4":
        return array.reshape(entry.shape[0], entry.shape[1] // 2)
    return array.reshape(entry.shape)


def _card(text: str) -> dict[str, Any]:
    try:
        card = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError("the card is not JSON") from error
    if not isinstance(card, dict):
        raise BundleError("the card is not a JSON object")
    return card


def _vocabulary(arrays: dict[str, NDArray[Any]]) -> tuple[str, ...]:
    lengths, content = arrays.get("vocabulary.lengths"), arrays.get("vocabulary.bytes")
    if lengths is None or content is None or lengths.dtype != np.uint8 or content.dtype != np.uint8:
        raise BundleError("the uint8 tensors vocabulary.lengths and vocabulary.bytes are missing")
    if lengths.size > layout.MAX_TOKENS or content.size > layout.MAX_VOCABULARY_SIZE:
        raise BundleError("the vocabulary is larger than 1,048,575 tokens or 16 MiB")
    ends = lengths.reshape(-1).cumsum(dtype=np.int64)
    if ends[-1] != content.size or not lengths.all():
        raise BundleError("vocabulary.lengths do not add up to vocabulary.bytes, or a token is empty")
    raw = content.tobytes()
    try:
        tokens = tuple(
            raw[end - length : end].decode() for end, length in zip(ends, lengths.tolist(), strict=True)
        )
    except UnicodeDecodeError as error:
        raise BundleError("the vocabulary holds a token that is not UTF-8") from error
    if len(set(tokens)) != len(tokens):
        raise BundleError("the vocabulary holds a token twice")
    return tokens
