"""TFLite Metadata, which tells MediaPipe how to split a text, and the files behind the model.

Only the fields that MediaPipe reads are written. The schema is TensorFlow's metadata_schema.fbs; a field is
named here by its place in its table.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import flatbuffers

VOCABULARY_FILE = "vocab.txt"
LABELS_FILE = "labels.txt"

_IDENTIFIER = b"M001"
_PARSER_VERSION = "1.1.0"  # the first that knows tokenizers
_LABELS, _VOCABULARY = 2, 5  # of AssociatedFileType
_BERT_TOKENIZER = 4  # of ProcessUnitOptions
_DATE = (1980, 1, 1, 0, 0, 0)  # the same model, the same bytes


@dataclass(frozen=True)
class Tensor:
    """An input or output; `labels`: its entries are the probabilities of the lines of labels.txt."""

    name: str
    description: str
    labels: bool = False


def metadata(
    name: str,
    description: str,
    licence: str,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    *,
    word_pieces: bool = True,
) -> bytes:
    """The FlatBuffer of a model; `word_pieces`: texts are to be split as BERT does, by vocab.txt."""
    writer = _Writer()
    fields = {
        2: writer.list([writer.tensor(tensor) for tensor in inputs]),
        3: writer.list([writer.tensor(tensor) for tensor in outputs]),
    }
    if word_pieces:
        vocabulary = writer.list([writer.file(VOCABULARY_FILE, _VOCABULARY)])
        fields[5] = writer.list([writer.table({0: _BERT_TOKENIZER}, {1: writer.table({}, {0: vocabulary})})])
    subgraph = writer.table({}, fields)
    model = writer.table(
        {},
        {
            0: writer.text(name),
            1: writer.text(description),
            3: writer.list([subgraph]),
            5: writer.text(licence),
            7: writer.text(_PARSER_VERSION),
        },
    )
    writer.builder.Finish(model, _IDENTIFIER)
    return bytes(writer.builder.Output())


def with_files(model: bytes, files: Mapping[str, bytes]) -> bytes:
    """The model with a ZIP archive behind it. MediaPipe reads files in place, so none is compressed."""
    stream = io.BytesIO(model)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
    return stream.getvalue()


class _Writer:
    """Tables by the places of their fields: numbers of one byte, and offsets of what was written before."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)

    def tensor(self, tensor: Tensor) -> int:
        fields = {0: self.text(tensor.name), 1: self.text(tensor.description)}
        if tensor.labels:
            fields[6] = self.list([self.file(LABELS_FILE, _LABELS)])
        return self.table({}, fields)

    def file(self, name: str, kind: int) -> int:
        return self.table({2: kind}, {0: self.text(name)})

    def table(self, bytes_: Mapping[int, int], offsets: Mapping[int, int]) -> int:
        self.builder.StartObject(1 + max([*bytes_, *offsets]))
        for place, offset in offsets.items():
            self.builder.PrependUOffsetTRelativeSlot(place, offset, 0)
        for place, value in bytes_.items():
            self.builder.PrependUint8Slot(place, value, 0)
        return int(self.builder.EndObject())

    def text(self, text: str) -> int:
        return int(self.builder.CreateString(text))

    def list(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())
