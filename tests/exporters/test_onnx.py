"""ONNX exports compute what the checkpoint says, from texts and from ids, in every precision."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import onnxruntime_extensions
import pytest
from numpy.typing import NDArray
from onnx import TensorProto
from tokenizers import Tokenizer

from edgezoo.bundle.layout import TinyLstm
from edgezoo.bundle.quantise import dequantise, quantise
from edgezoo.errors import DataError, InputError
from edgezoo.exporters import onnx as exporter
from edgezoo.exporters.onnx_charsmap import NUL
from edgezoo.runtimes.torch import TorchRuntime
from edgezoo.zoo import registry
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from edgezoo.zoo.tokenizers import unigram
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, Tensors, random_tensors, reference

Answers = dict[str, NDArray[Any]]

TEXTS = ["The cat sat on the mat.", "", "cats", " \t\n", "Hello, world! 日本 naïve 😂", "zzz", "the " * 40]
LEAST = {"fp32": 0.999999, "int8": 0.999, "int4": 0.98}
SHAPES: dict[str, tuple[dict[str, Any], TinyLstm]] = {
    "shipped": ({"norms": True, "salience": True, "labels": 2}, TinyLstm(labels=LABELS, max_tokens=30)),
    "two layers": ({"layers": 2, "labels": 2}, TinyLstm(pooling="max", labels=LABELS)),
    "forward": ({"directions": 1, "dimension": 32}, TinyLstm(skip=False)),
    "classifier": ({"dimension": 0, "labels": 2}, TinyLstm(labels=LABELS)),
}


def lstm(tensors: Tensors, settings: TinyLstm) -> Checkpoint:
    fields = {"pooling": settings.pooling, "skip": settings.skip, "labels": list(settings.labels)}
    fields["max_tokens"] = settings.max_tokens
    return Checkpoint(Path(), tensors, VOCABULARY, card("tiny-lstm") | {"architecture_settings": fields})


def table() -> Checkpoint:
    return Checkpoint(
        Path(), {"embedding": random_tensors(dimension=0)["embedding"]}, VOCABULARY, card("static-table")
    )


def card(family: str) -> dict[str, Any]:
    return {"name": "small", "family": family, "description": "Random.", "license": "Apache-2.0"}


def run(path: Path, inputs: dict[str, Any], threads: int = 0) -> Answers:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def from_texts(path: Path, texts: list[str]) -> Answers:
    return run(path, {"texts": np.array(texts, dtype=object)})


def from_ids(path: Path, texts: list[str], width: int | None = None) -> Answers:
    """What a file gives for the ids of texts; places behind a text hold anything."""
    tokenizer = build_tokenizer(VOCABULARY)
    ids = [tokenizer.encode(text).ids for text in texts]
    matrix = np.full((len(ids), width if width is not None else max(map(len, ids))), 7, dtype=np.int64)
    mask = np.zeros_like(matrix)
    for row, text in enumerate(ids):
        matrix[row, : len(text)], mask[row, : len(text)] = text, 1
    return run(path, {"input_ids": matrix, "attention_mask": mask})


def expected(checkpoint: Checkpoint, texts: list[str]) -> Answers:
    """What a checkpoint says of texts, in float64."""
    tokenizer = build_tokenizer(VOCABULARY)
    ids = [tokenizer.encode(text).ids for text in texts]
    special = np.arange(len(VOCABULARY)) < 4
    rows = np.where(special[:, None], 0, checkpoint.embedding).astype(np.float64)
    if checkpoint.card["family"] == "static-table":
        sums = np.array([rows[text].sum(0) for text in ids])
        return {"vectors": sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)}
    fields = checkpoint.card["architecture_settings"]
    settings = TinyLstm(**{**fields, "labels": tuple(fields["labels"])})
    exact = {**checkpoint.tensors, "embedding": rows.astype(np.float32)}
    vectors, probabilities = zip(*(reference(exact, settings, text) for text in ids), strict=True)
    found = {"vectors": np.array(vectors), "probabilities": np.array(probabilities)}
    return {name: answers for name, answers in found.items() if answers.shape[1]}


def least_cosine(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Of rows that are not zero; both have the same rows of zeros."""
    assert (a.any(axis=1) == b.any(axis=1)).all()
    some = a.any(axis=1)
    a, b = a[some], b[some]
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min())


@pytest.mark.parametrize("shape", ["table", *SHAPES])
@pytest.mark.parametrize("precision", exporter.PRECISIONS)
def test_both_files_compute_what_the_checkpoint_says(tmp_path: Path, shape: str, precision: str) -> None:
    if shape == "table":
        checkpoint = table()
    else:
        tensors, settings = SHAPES[shape]
        checkpoint = lstm(random_tensors(**tensors), settings)
    texts, ids = exporter.export(checkpoint, precision, tmp_path)
    assert (texts.name, ids.name) == (f"small-{precision}.onnx", f"small-{precision}-ids.onnx")
    wanted = expected(checkpoint, TEXTS)
    for found in (from_texts(texts, TEXTS), from_ids(ids, TEXTS), from_ids(ids, TEXTS, width=170)):
        assert found.keys() - {"ids", "lengths"} == wanted.keys()
        if "vectors" in wanted:
            assert least_cosine(found["vectors"], wanted["vectors"]) > LEAST[precision] - 0.02 * (
                precision != "fp32" and shape != "table"
            )  # random weights are as noisy as can be
        if "probabilities" in wanted:
            far = {"fp32": 1e-5, "int8": 0.05, "int4": 0.2}[precision]
            assert found["probabilities"] == pytest.approx(wanted["probabilities"], abs=far)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file that takes texts of each family, with its twin for ids beside it."""
    found = {}
    for name, checkpoint in (
        ("table", table()),
        ("lstm", lstm(random_tensors(labels=2), SHAPES["shipped"][1])),
    ):
        folder = tmp_path_factory.mktemp(name)
        found[name], found[f"{name} ids"] = exporter.export(checkpoint, "int8", folder)
    return found


@pytest.mark.parametrize("family", ["table", "lstm"])
def test_batches_may_be_of_any_size_and_hold_nothing_at_all(files: dict[str, Path], family: str) -> None:
    for texts in ([], [""], ["", " "], ["the cat"]):
        found = from_texts(files[family], texts)
        assert found["vectors"].shape == (len(texts), 64)
        assert found["vectors"].any() == ("the cat" in texts)
        assert found["lengths"].tolist() == [len(text.split()) for text in texts]
        assert np.isfinite(found.get("probabilities", np.zeros(1))).all()
    for shape in ((0, 0), (0, 5), (2, 0), (2, 3)):
        nothing = np.zeros(shape, dtype=np.int64)
        found = run(files[f"{family} ids"], {"input_ids": nothing, "attention_mask": nothing})
        assert found["vectors"].shape == (shape[0], 64)
        assert not found["vectors"].any()


def test_a_long_text_takes_no_room_from_the_short_ones_beside_it(files: dict[str, Path]) -> None:
    """Padded to the longest, the rows of this batch would fill 25 GB."""
    found = from_texts(files["table"], ["the cat"] * 999 + ["the cat " * 50_000])
    assert found["lengths"][-1] == 100_000
    assert least_cosine(found["vectors"], np.repeat(found["vectors"][:1], 1000, axis=0)) > 0.9999


def test_many_threads_lose_nothing_of_a_long_text(files: dict[str, Path]) -> None:
    """ONNX Runtime's own sessions have a thread a core, not the one that ours have."""
    ids = np.tile(np.arange(5, 15), 10_000)[None]
    found = run(files["table ids"], {"input_ids": ids, "attention_mask": np.ones_like(ids)}, threads=4)
    short = run(files["table ids"], {"input_ids": ids[:, :10], "attention_mask": np.ones_like(ids[:, :10])})
    assert least_cosine(found["vectors"], short["vectors"]) > 0.999999


def test_int4_stands_for_the_integers_of_a_bundle(tmp_path: Path) -> None:
    """Another reading of the nibbles, or of their order, would give other rows."""
    checkpoint = table()
    rows = dequantise(quantise(checkpoint.embedding, "int4"))
    found = from_texts(exporter.export(checkpoint, "int4", tmp_path)[0], VOCABULARY[4:12])["vectors"]
    np.testing.assert_allclose(
        found, rows[4:12] / np.linalg.norm(rows[4:12], axis=1, keepdims=True), atol=1e-6
    )


def test_weights_lie_in_the_file_in_the_precision_that_was_asked_for(tmp_path: Path) -> None:
    checkpoint = lstm(random_tensors(labels=2), SHAPES["shipped"][1])
    kinds = {}
    for precision in exporter.PRECISIONS:
        model = onnx.load(exporter.export(checkpoint, precision, tmp_path)[0])
        onnx.checker.check_model(model, full_check=True)
        types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
        kinds[precision] = [
            types[name] for name in ("embedding", "projection", "lstm.0.input", "lstm.0.recurrent")
        ]
        operators = {node.op_type for node in model.graph.node}
        assert ("DynamicQuantizeLSTM" in operators) == (precision != "fp32")
        assert ({"GatherBlockQuantized", "MatMulNBits"} <= operators) == (precision == "int4")
    assert kinds["fp32"] == [TensorProto.FLOAT] * 4
    assert kinds["int8"] == [TensorProto.INT8] * 4
    assert kinds["int4"] == [TensorProto.INT4, TensorProto.UINT8, TensorProto.INT8, TensorProto.INT8]


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        for checkpoint in (table(), lstm(random_tensors(labels=2), SHAPES["shipped"][1])):
            exporter.export(checkpoint, "int8", tmp_path / folder)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_card_labels_and_licence_travel_in_both_files(tmp_path: Path) -> None:
    checkpoint = lstm(random_tensors(labels=2), SHAPES["shipped"][1])
    for path in exporter.export(checkpoint, "int8", tmp_path):
        facts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
        assert json.loads(facts["card"]) == {**checkpoint.card, "precision": "int8"}
        assert json.loads(facts["labels"]) == list(LABELS)
        assert "Apache License" in facts["license"]


def test_what_onnx_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CLS"):
        exporter.export(lstm(random_tensors(), TinyLstm(pooling="cls")), "fp32", tmp_path)
    with pytest.raises(DataError, match="transformer"):
        exporter.export(replace(table(), card=card("transformer")), "fp32", tmp_path)
    with pytest.raises(InputError, match="32"):
        exporter.export(
            replace(table(), tensors={"embedding": random_tensors(embedding=40)["embedding"]}),
            "int4",
            tmp_path,
        )


SCRIPTS = [
    "Don't stop, NAÏVE Straße! ½ Å ﬁ ＡＢＣ İstanbul ΑΣ",
    "nai\u0308ve e\u0301 A\u0302\u0301 a\u0323\u0302 \u1112\u1161\u11ab",
    "我喜欢猫。ﾈｺ ｶﾞ 한국어 ภาษาไทย हिन्दी العربية",
    "a\u200bb\ufeffc\td\u3000e\u00a0f\u2028g \x01",
    "#HappyBirthday @you 😂👍🏽 ☃ \U000fffff",
    "شَّ ش\u0651\u064e ש\u05c1\u05bc\u05b8 ש\u05b8\u05bc\u05c1 \ufffe",
    "",
    " \n ",
]


def unigram_table() -> tuple[Checkpoint, Tokenizer]:
    """Pieces that overlap, a few with punctuation that words never have, and bytes for what is left."""
    letters = sorted({*"abcdefghijklmnopqrstuvwxyz'!#@.,åéñ½", *"我喜猫한국ไทยネコ😂"})
    pieces = [
        "na",
        "ïve",
        "naïve",
        "stra",
        "ße",
        "happy",
        "birth",
        "day",
        "birthday",
        "don",
        "do",
        "ﬁ",
        "don't",
    ]
    vocabulary = [*unigram.FIXED_TOKENS, *letters, *pieces, "#happy", "猫。"]
    costs = [255] * len(unigram.FIXED_TOKENS) + [120 + 7 * (place % 9) for place in range(len(letters))]
    costs += [100 + 11 * (place % 7) for place in range(len(vocabulary) - len(costs))]
    rows = random_tensors(tokens=len(vocabulary), embedding=32, dimension=0)["embedding"]
    scores = [-cost / unigram.COSTS_A_NAT for cost in costs]
    checkpoint = Checkpoint(Path(), {"embedding": rows}, vocabulary, card("static-table"), scores)
    return checkpoint, unigram.build_tokenizer(vocabulary, costs)


def test_a_unigram_tokenizer_is_in_the_graph_too(tmp_path: Path) -> None:
    checkpoint, tokenizer = unigram_table()
    texts = [*SCRIPTS, *(text for text in TEXTS if "\0" not in text)]
    wanted = [tokenizer.encode(text).ids for text in texts]
    assert any(piece < 260 for ids in wanted for piece in ids)
    path, _ = exporter.export(checkpoint, "int8", tmp_path)
    for batch in (texts, [], texts[:1], ["", ""]):
        found = from_texts(path, batch)
        ids = [found["ids"][begin:end].tolist() for begin, end in spans(found["lengths"])]
        assert ids == (wanted[: len(batch)] if any(batch) else [[] for _ in batch])
        assert found["vectors"].shape == (len(batch), 32)
    rows = checkpoint.embedding.copy()
    rows[:4] = 0
    exact = np.array([rows[ids].sum(0) for ids in wanted])
    found = from_texts(path, texts)
    assert least_cosine(found["vectors"], exact) > 0.999


def unigram_ids(path: Path, text: str) -> list[int]:
    return list(from_texts(path, [text])["ids"])


def test_a_unigram_reads_zeros_as_what_stands_for_them(tmp_path: Path) -> None:
    checkpoint, tokenizer = unigram_table()
    path, _ = exporter.export(checkpoint, "int8", tmp_path)
    for text in ("\0", "na\0ïve \0\0", "\uffff", "\uffff\ufffe\0\uffff\ufffeday"):
        written = text.translate({0: NUL, 0xFFFF: "\uffff\uffff"})
        assert unigram_ids(path, written) == tokenizer.encode(text).ids, repr(text)
    assert unigram_ids(path, NUL) == [unigram.FIXED_TOKENS.index("<0x00>")]


def test_where_a_unigram_in_the_graph_is_known_to_differ(tmp_path: Path) -> None:
    """What the exporter says cannot be had: were it to be equal one day, this is to be told."""
    checkpoint, tokenizer = unigram_table()
    path, _ = exporter.export(checkpoint, "int8", tmp_path)
    for text in ("i" * 63 + "naïve", "q\u0301\u0323", "e" + "\u0323" * 17):
        assert unigram_ids(path, text) != tokenizer.encode(text).ids, repr(text)
    for text in ("i" * 59 + "naïve", "q\u0323\u0301", "e" + "\u0323" * 16):
        assert unigram_ids(path, text) == tokenizer.encode(text).ids, repr(text)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_a_shipped_model_stays_small_and_true(tmp_path: Path, precision: str) -> None:
    """Sentences of the benchmarks; tinylstm has both heads and one of the two largest tables."""
    from edgezoo.benchmarks.texts import TWEETS, short_texts

    directory = Path(registry.find("tinylstm")).parent
    texts = [*TWEETS, *short_texts(90)]
    exact = TorchRuntime.open(str(directory))
    written = exporter.export(read_checkpoint(directory), precision, tmp_path)
    assert all(path.stat().st_size < 10_000_000 for path in written)
    found = from_texts(written[0], texts)
    cosines = (found["vectors"] * exact.embed(texts)).sum(1)
    assert cosines.mean() >= LEAST[precision]
    assert [found["ids"][begin:end].tolist() for begin, end in spans(found["lengths"])] == [
        exact.tokenize(text).tolist() for text in texts
    ]
    if precision == "int8":
        same = found["probabilities"].argmax(1) == exact.classify(texts).argmax(1)
        assert same.mean() >= 0.99


def spans(lengths: NDArray[np.int64]) -> list[tuple[int, int]]:
    ends = np.cumsum(lengths)
    return list(zip((ends - lengths).tolist(), ends.tolist(), strict=True))
