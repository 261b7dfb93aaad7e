"""Decode a bundle's FlatBuffers header, checking every offset (the official package has no verifier)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from edgezoo.bundle import layout
from edgezoo.bundle.layout import (
    Architecture,
    Char,
    CharLstm,
    StaticTable,
    TensorEntry,
    TinyLstm,
    Tokenizer,
    Unigram,
    WordPiece,
)
from edgezoo.errors import BundleError


@dataclass(frozen=True)
class Header:
    """The header as read; `tensors` are not yet checked against the file."""

    file_size: int
    segments_offset: int
    sha256: bytes
    name: str
    card: str
    tokenizer: Tokenizer
    architecture: Architecture
    tensors: tuple[TensorEntry, ...]


def decode_header(data: bytes) -> Header:
    """Decode the header that `data`, a whole bundle, begins with.

    Raises BundleError for another file type or schema version, and for whatever lies outside the header.
    """
    if data[4:8] != layout.IDENTIFIER:
        raise BundleError("this is not an edgezoo bundle: the identifier 'EZB1' is missing at byte 4")
    root = _Table(data, _read(data, "<I", 0))
    version = root.integer(0, "<H", 0)
    if version != layout.SCHEMA_VERSION:
        raise BundleError(
            f"the bundle has schema version {version}, this edgezoo reads version {layout.SCHEMA_VERSION}; "
            "install an edgezoo that fits the file, or export the model again"
        )
    segments_offset = root.integer(2, "<Q", 0)
    if segments_offset % layout.ALIGNMENT or not 0 < segments_offset <= len(data):
        raise BundleError(f"the segments' offset {segments_offset} is not a multiple of 64 inside the file")
    return _decode(_Table(data[:segments_offset], root.position))


def _decode(root: "_Table") -> Header:
    tokenizer = _TOKENIZERS.get(root.integer(6, "<B", 0))
    if tokenizer is None:
        raise BundleError("the bundle has a tokenizer that this edgezoo does not know; update edgezoo")
    architecture = _ARCHITECTURES.get(root.integer(8, "<B", 0))
    if architecture is None:
        raise BundleError("the bundle has an architecture that this edgezoo does not know; update edgezoo")
    return Header(
        file_size=root.integer(1, "<Q", 0),
        segments_offset=root.integer(2, "<Q", 0),
        sha256=root.vector(3),
        name=root.string(4, layout.MAX_NAME_SIZE),
        card=root.string(5, layout.MAX_CARD_SIZE),
        tokenizer=tokenizer(root.table(7)),
        architecture=architecture(root.table(9)),
        tensors=tuple(_entry(table) for table in root.tables(10, layout.MAX_TENSORS)),
    )


def _word_piece(table: "_Table") -> WordPiece:
    return WordPiece(table.integer(0, "<I", 0), table.integer(1, "<I", 100))


def _unigram(table: "_Table") -> Unigram:
    return Unigram(*(table.integer(slot, "<I", default) for slot, default in enumerate((1, 4, 160, 64, 16))))


def _char(_: "_Table") -> Char:
    return Char()


def _char_lstm(_: "_Table") -> CharLstm:
    return CharLstm()


def _static_table(table: "_Table") -> StaticTable:
    return StaticTable(table.integer(0, "<B", 1) != 0)


def _tiny_lstm(table: "_Table") -> TinyLstm:
    pooling = table.integer(0, "<B", 0)
    if pooling >= len(layout.POOLINGS):
        raise BundleError(f"the model has the unknown pooling {pooling}; update edgezoo")
    return TinyLstm(
        pooling=layout.POOLINGS[pooling],
        skip=table.integer(1, "<B", 1) != 0,
        max_tokens=table.integer(2, "<I", 128),
        labels=tuple(table.strings(3, layout.MAX_LABELS, layout.MAX_LABEL_SIZE)),
    )


# By the value of the union `Tokenizer` in bundle.fbs.
_TOKENIZERS: dict[int, Callable[["_Table"], Tokenizer]] = {1: _word_piece, 2: _unigram, 3: _char}

# By the value of the union `Architecture` in bundle.fbs.
_ARCHITECTURES: dict[int, Callable[["_Table"], Architecture]] = {
    1: _static_table,
    2: _tiny_lstm,
    3: _char_lstm,
}


def _entry(table: "_Table") -> TensorEntry:
    dtype = table.integer(1, "<B", 0)
    if dtype >= len(layout.DTYPES):
        raise BundleError(f"a tensor has the unknown dtype {dtype}; update edgezoo")
    shape = table.vector(2, item_size=4)
    return TensorEntry(
        name=table.string(0, layout.MAX_NAME_SIZE),
        dtype=layout.DTYPES[dtype],
        shape=struct.unpack(f"<{len(shape) // 4}I", shape),
        offset=table.integer(3, "<Q", 0),
        size=table.integer(4, "<Q", 0),
    )


def _read(data: bytes, form: str, position: int) -> int:
    if not 0 <= position <= len(data) - struct.calcsize(form):
        raise BundleError(
            f"the header is damaged: it points to byte {position}, outside its {len(data)} bytes"
        )
    value: int = struct.unpack_from(form, data, position)[0]
    return value


class _Table:
    """A FlatBuffers table at `position` of `data`; fields count as in bundle.fbs, unions twice."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data, self.position = data, position
        self.fields = position - _read(data, "<i", position)
        self.fields_size = _read(data, "<H", self.fields)
        if self.fields + self.fields_size > len(data):
            raise BundleError("the header is damaged: a table's field list leaves it")

    def _field(self, index: int) -> int | None:
        slot = 4 + 2 * index
        if slot + 2 > self.fields_size:
            return None
        offset = _read(self.data, "<H", self.fields + slot)
        return self.position + offset if offset else None

    def integer(self, index: int, form: str, default: int) -> int:
        field = self._field(index)
        return default if field is None else _read(self.data, form, field)

    def _target(self, index: int) -> int:
        field = self._field(index)
        if field is None:
            raise BundleError(f"the header is damaged: required field {index} is missing")
        return field + _read(self.data, "<I", field)

    def table(self, index: int) -> "_Table":
        return _Table(self.data, self._target(index))

    def vector(self, index: int, item_size: int = 1) -> bytes:
        return self._content(self._target(index), item_size)

    def _content(self, start: int, item_size: int) -> bytes:
        end = start + 4 + _read(self.data, "<I", start) * item_size
        if end > len(self.data):
            raise BundleError("the header is damaged: a vector or string leaves it")
        return self.data[start + 4 : end]

    def string(self, index: int, limit: int) -> str:
        return self._string(self._target(index), limit)

    def strings(self, index: int, limit: int, size_limit: int) -> list[str]:
        """The strings of a vector that may be missing."""
        if self._field(index) is None:
            return []
        return [self._string(place, size_limit) for place in self._places(index, limit)]

    def tables(self, index: int, limit: int) -> list["_Table"]:
        return [_Table(self.data, place) for place in self._places(index, limit)]

    def _places(self, index: int, limit: int) -> list[int]:
        """Where the members of a vector of tables or strings lie."""
        start = self._target(index) + 4
        count = len(self.vector(index, item_size=4)) // 4
        if count > limit:
            raise BundleError(f"the header lists {count} tensors or labels; at most {limit} are allowed")
        return [place + _read(self.data, "<I", place) for place in range(start, start + 4 * count, 4)]

    def _string(self, start: int, limit: int) -> str:
        content = self._content(start, 1)
        if len(content) > limit:
            raise BundleError(
                f"the header holds a string of {len(content)} bytes; at most {limit} are allowed"
            )
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise BundleError("the header holds a string that is not UTF-8") from error
