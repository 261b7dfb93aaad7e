"""TFLite exports compute what the checkpoint says, keep no state, and carry all that MediaPipe needs."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from tokenizers import Tokenizer

from edgezoo.bundle.layout import TinyLstm
from edgezoo.errors import DataError, InputError
from edgezoo.exporters import tflite
from edgezoo.zoo import registry
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, Tensors, random_tensors, reference

Answers = dict[str, NDArray[np.float32]]

CLS, SEP = 2, 3
# One token, a few with an unknown one, and as many as are read.
IDS = ([9], [4, 5, 1, 6, 12], [4 + i % 21 for i in range(62)])
LEAST = {"fp32": 0.999999, "int8": 0.999, "int4": 0.98}

SHAPES: dict[str, tuple[dict[str, Any], TinyLstm]] = {
    "shipped": ({"norms": True, "salience": True, "labels": 2}, TinyLstm(labels=LABELS)),
    "two layers": ({"layers": 2, "labels": 2}, TinyLstm(pooling="max", labels=LABELS)),
    "forward": ({"directions": 1, "dimension": 32}, TinyLstm(skip=False)),
}


def lstm(tensors: Tensors, settings: TinyLstm) -> Checkpoint:
    fields = {"pooling": settings.pooling, "skip": settings.skip, "labels": list(settings.labels)}
    return Checkpoint(Path(), tensors, VOCABULARY, card("tiny-lstm") | {"architecture_settings": fields})


def table() -> Checkpoint:
    rows = random_tensors(dimension=0)["embedding"]
    rows[:4] = 0
    return Checkpoint(Path(), {"embedding": rows}, VOCABULARY, card("static-table"))


def card(family: str) -> dict[str, Any]:
    return {
        "name": "small",
        "family": family,
        "description": "Random.",
        "license": "Apache-2.0",
        "precision": "int8",
    }


class Opened:
    """A file in LiteRT's interpreter, asked with ids."""

    def __init__(self, model: bytes, **options: Any) -> None:
        self.interpreter = Interpreter(model_content=model, num_threads=1, **options)
        self.interpreter.allocate_tensors()
        self.inputs = {entry["name"]: entry for entry in self.interpreter.get_input_details()}
        self.length = self.inputs["ids"]["shape"][1]

    def __call__(self, ids: Sequence[int], *, special: bool = True, padding: int = 0) -> Answers:
        for name, values in zip(
            ("ids", "mask", "segment_ids"), arrays(ids, self.length, special, padding), strict=True
        ):
            self.interpreter.set_tensor(self.inputs[name]["index"], values)
        self.interpreter.invoke()
        return {
            entry["name"]: self.interpreter.get_tensor(entry["index"])[0]
            for entry in self.interpreter.get_output_details()
        }


def arrays(
    ids: Sequence[int], length: int = 64, special: bool = True, padding: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """ids, mask and segment_ids as MediaPipe makes them, or without its special tokens."""
    tokens = [CLS, *ids, SEP] if special else list(ids)
    row, mask = np.full((1, length), padding, dtype=np.int32), np.zeros((1, length), dtype=np.int32)
    row[0, : len(tokens)], mask[0, : len(tokens)] = tokens, 1
    return row, mask, np.zeros_like(row)


@pytest.fixture(scope="module")
def shipped_kind() -> bytes:
    """A small model of the kind that is shipped, in int8."""
    return tflite.model_file(
        lstm(random_tensors(norms=True, salience=True, labels=2), SHAPES["shipped"][1]), "int8"
    )


@pytest.mark.parametrize("precision", tflite.PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_recurrent_model_answers_as_its_weights_say(shape: str, precision: str) -> None:
    options, settings = SHAPES[shape]
    tensors = random_tensors(**options)
    opened = Opened(tflite.model_file(lstm(tensors, settings), precision))
    for ids in IDS:
        answers = opened(ids)
        vector, probabilities = reference(tensors, settings, ids)
        assert answers["vector"] @ vector > LEAST[precision]
        assert np.linalg.norm(answers["vector"]) == pytest.approx(1, abs=1e-5)
        if settings.labels:
            closeness = 1e-5 if precision == "fp32" else 0.1
            np.testing.assert_allclose(answers["probabilities"], probabilities, atol=closeness)


@pytest.mark.parametrize("precision", tflite.PRECISIONS)
def test_a_static_table_gives_the_sum_of_its_rows(precision: str) -> None:
    checkpoint = table()
    opened = Opened(tflite.model_file(checkpoint, precision))
    for ids in IDS:
        total = checkpoint.embedding[list(ids)].sum(0)
        assert opened(ids)["vector"] @ total / np.linalg.norm(total) > LEAST[precision]


def test_a_text_without_tokens_is_zeros_and_what_the_classifier_says_of_zeros() -> None:
    tensors = random_tensors(labels=2)
    answers = Opened(tflite.model_file(lstm(tensors, TinyLstm(labels=LABELS)), "fp32"))([])
    assert not answers["vector"].any()
    powers = np.exp(tensors["classifier.bias"])
    np.testing.assert_allclose(answers["probabilities"], powers / powers.sum(), atol=1e-6)
    assert not Opened(tflite.model_file(table(), "int8"))([])["vector"].any()


def test_special_tokens_and_padding_count_for_nothing(shipped_kind: bytes) -> None:
    opened, ids = Opened(shipped_kind), IDS[1]
    expected = opened(ids)["vector"]
    # The same tokens elsewhere in the inputs, where other roundings of their neighbours do not reach.
    np.testing.assert_allclose(opened(ids, special=False)["vector"], expected, atol=1e-6)
    np.testing.assert_array_equal(opened(ids, padding=7)["vector"], expected)
    assert not np.allclose(opened([*ids, 7])["vector"], expected, atol=1e-3)


def test_an_answer_does_not_depend_on_the_text_before(shipped_kind: bytes) -> None:
    opened = Opened(shipped_kind)
    before = opened(IDS[1])
    opened(IDS[2])
    for name, values in opened(IDS[1]).items():
        np.testing.assert_array_equal(values, before[name])


def test_without_xnnpack_the_answers_are_the_same(shipped_kind: bytes) -> None:
    plain = Opened(
        shipped_kind, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    for ids in IDS:
        np.testing.assert_allclose(plain(ids)["vector"], Opened(shipped_kind)(ids)["vector"], atol=0.01)


def test_the_compiled_model_gives_the_answers_of_the_interpreter(shipped_kind: bytes) -> None:
    compiled = CompiledModel.from_buffer(shipped_kind)
    (signature,) = compiled.get_signature_list().values()
    assert [*signature["inputs"]] == ["ids", "mask", "segment_ids"]
    inputs, outputs = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    expected = Opened(shipped_kind)
    for ids in (*IDS, IDS[0]):
        for buffer, values in zip(inputs, arrays(ids), strict=True):
            buffer.write(values)
        compiled.run_by_index(0, inputs, outputs)
        for name, buffer in zip(signature["outputs"], outputs, strict=True):
            wanted = expected(ids)[name]
            np.testing.assert_allclose(buffer.read(len(wanted), np.float32), wanted, atol=1e-4)


def test_the_short_file_reads_thirty_tokens_and_stores_the_same_weights(tmp_path: Path) -> None:
    checkpoint = lstm(random_tensors(), TinyLstm())
    paths = tflite.export(checkpoint, "int8", tmp_path)
    assert [path.name for path in paths] == ["small-int8.tflite", "small-int8-short.tflite"]
    long, short = (path.read_bytes() for path in paths)
    assert Opened(short).length == 32
    assert len(long) - len(short) < 32 * 1700  # steps, and not another 32 copies of 8 kB of weights
    for ids in IDS[:2]:
        assert Opened(short)(ids)["vector"] @ Opened(long)(ids)["vector"] > 0.9999


def test_a_static_table_has_no_short_file(tmp_path: Path) -> None:
    assert [path.name for path in tflite.export(table(), "int4", tmp_path)] == ["small-int4.tflite"]


def test_the_same_checkpoint_gives_the_same_bytes(shipped_kind: bytes) -> None:
    tensors = random_tensors(norms=True, salience=True, labels=2)
    assert tflite.model_file(lstm(tensors, SHAPES["shipped"][1]), "int8") == shipped_kind


def test_card_tokenizer_labels_and_licence_lie_behind_the_graph(shipped_kind: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(shipped_kind)) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        files = {name: archive.read(name) for name in archive.namelist()}
        end = min(entry.header_offset for entry in archive.infolist())
    assert files["vocab.txt"].decode().split("\n") == [*VOCABULARY, ""]
    assert files["labels.txt"] == b"negative\npositive\n"
    assert json.loads(files["card.json"])["name"] == "small"
    assert Tokenizer.from_str(files["tokenizer.json"].decode()).encode("The cat sat").ids == [4, 5, 6]
    assert b"Apache License" in files["LICENSE"]
    assert files["graph.sha256"].decode().strip() == hashlib.sha256(shipped_kind[:end]).hexdigest()


def test_the_card_in_the_file_tells_its_precision() -> None:
    with zipfile.ZipFile(io.BytesIO(tflite.model_file(table(), "int4"))) as archive:
        assert json.loads(archive.read("card.json"))["precision"] == "int4"


def test_what_cannot_be_exported_is_refused_with_a_reason() -> None:
    with pytest.raises(InputError, match="mean or max pooling"):
        tflite.model_file(lstm(random_tensors(), TinyLstm(pooling="cls")), "int8")
    with pytest.raises(InputError, match="line break"):
        tflite.model_file(replace(table(), vocabulary=[*VOCABULARY[:-1], "a\nb"]), "int8")
    with pytest.raises(DataError, match="unknown family"):
        tflite.model_file(replace(table(), card=card("transformer")), "int8")


@pytest.mark.parametrize("entry", registry.models(), ids=lambda entry: entry.name)
def test_shipped_models_stay_below_10_mb(entry: registry.ModelEntry) -> None:
    model = tflite.model_file(read_checkpoint(Path(entry.path).parent), "int8")
    assert len(model) < 10_000_000
