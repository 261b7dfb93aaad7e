"""ONNX Runtime answers as the checkpoint does, from texts, and its graph tokenizes as Hugging Face does."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from edgezoo.benchmarks.texts import HOSTILE, TWEETS, short_texts
from edgezoo.errors import BundleError, ModelNotFoundError
from edgezoo.exporters import flatbuffer
from edgezoo.exporters import onnx as exporter
from edgezoo.runtimes.onnx import OnnxRuntime
from edgezoo.runtimes.torch import TorchRuntime
from edgezoo.runtimes.utf8 import encode
from edgezoo.zoo import registry
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from edgezoo.zoo.datasets import files
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from tests.checkpoints import lstm_checkpoint, static_checkpoint
from tests.conftest import VOCABULARY
from tests.runtimes.engine.test_wordpiece import RICH, hostile_strings
from tests.tiny_lstm import LABELS, reference

TEXTS = ["The cat sat on the mat!", "good", "cats 日本 dog", "naïve😂"]
MODELS = Path(registry.find("tinylstm-sts")).parents[1]

Texts = list[str]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return read_checkpoint(lstm_checkpoint(tmp_path_factory.mktemp("checkpoint") / "small-lstm"))


@pytest.fixture(scope="module")
def path(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float32 export of a small model that embeds and classifies; copy it before altering it."""
    return exporter.export(checkpoint, "fp32", tmp_path_factory.mktemp("onnx"))[0]


@pytest.fixture
def runtime(path: Path) -> OnnxRuntime:
    return OnnxRuntime.open(str(path), verify=True)


def test_it_says_what_it_opened(runtime: OnnxRuntime, path: Path, tmp_path: Path) -> None:
    assert (runtime.name, runtime.path) == ("small-lstm", str(path))
    assert (runtime.dimension, runtime.labels, runtime.max_tokens) == (64, LABELS, 128)
    assert runtime.vocabulary_size == len(VOCABULARY)
    assert '"small-lstm"' in runtime.card
    table = read_checkpoint(static_checkpoint(tmp_path))
    other = OnnxRuntime.open(str(exporter.export(table, "int8", tmp_path)[0]))
    assert (other.dimension, other.labels, other.max_tokens) == (64, (), 0)


def test_texts_get_the_answers_of_the_checkpoint(runtime: OnnxRuntime, checkpoint: Checkpoint) -> None:
    exact = {**checkpoint.tensors, "embedding": checkpoint.embedding.copy()}
    exact["embedding"][:4] = 0  # special tokens count for nothing
    architecture = flatbuffer.tiny_lstm(checkpoint.card)
    for text, vector, probabilities in zip(TEXTS, runtime.embed(TEXTS), runtime.classify(TEXTS), strict=True):
        wanted = reference(exact, architecture, runtime.tokenize(text).tolist())
        np.testing.assert_allclose(vector, wanted[0], atol=1e-5)
        np.testing.assert_allclose(probabilities, wanted[1], atol=1e-5)
        np.testing.assert_allclose(runtime.embed_one(text), vector, atol=1e-6)


def test_a_text_is_cut_to_the_tokens_that_count(runtime: OnnxRuntime) -> None:
    text = " ".join(["the cat"] * 64)
    assert len(runtime.tokenize(f"{text} sat on")) == 130
    np.testing.assert_array_equal(runtime.embed_one(f"{text} sat on"), runtime.embed_one(text))
    assert not np.array_equal(runtime.embed_one(text[:-4]), runtime.embed_one(text))


def test_no_texts_and_empty_ones(runtime: OnnxRuntime) -> None:
    assert runtime.embed([]).shape == (0, 64)
    assert runtime.classify([]).shape == (0, 2)
    assert not runtime.embed_one("").any()
    assert not runtime.embed(["", "the cat", " "])[::2].any()


def test_many_texts_keep_their_order_on_any_number_of_threads(runtime: OnnxRuntime) -> None:
    texts = [f"{'the cat ' * (number % 7)}{number}" for number in range(300)]
    alone = np.stack([runtime.embed_one(text) for text in texts])
    np.testing.assert_allclose(runtime.embed(texts), alone, atol=1e-6)
    np.testing.assert_array_equal(runtime.embed(texts, threads=4), runtime.embed(texts))
    np.testing.assert_array_equal(runtime.classify(texts, threads=3), runtime.classify(texts))


# --- The tokenizer in the graph --------------------------------------------------------------------------


class InGraph:
    """A graph's tokenizer, for many texts in one call, beside the one that it is to equal."""

    def __init__(self, runtime: OnnxRuntime, tokenizer: Tokenizer) -> None:
        self.runtime, self.tokenizer = runtime, tokenizer

    def check(self, texts: Texts) -> None:
        texts = [encode(text).decode().replace("\0", "\uffff") for text in texts]
        ids, lengths = self.runtime._session.run(["ids", "lengths"], {"texts": np.array(texts, dtype=object)})
        ends = np.cumsum(lengths)
        encodings = self.tokenizer.encode_batch_fast(texts)
        assert len(ends) == len(texts)
        for text, end, length, encoding in zip(texts, ends, lengths, encodings, strict=True):
            assert ids[end - length : end].tolist() == encoding.ids, repr(text)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> InGraph:
    """With tokens of all ASCII and of several scripts, upper case among them, which no text can give."""
    vocabulary = [*(token for token in RICH if "\0" not in token), "Cat", "##S", "A", "B", "##B", "K"]
    rows = np.zeros((len(vocabulary), 32), dtype=np.float32)
    card = {"name": "rich", "family": "static-table"}
    checkpoint = Checkpoint(Path(), {"embedding": rows}, vocabulary, card)
    file = exporter.export(checkpoint, "fp32", tmp_path_factory.mktemp("rich"))[0]
    return InGraph(OnnxRuntime.open(str(file)), build_tokenizer(vocabulary))


def test_ids_are_equal_on_hostile_strings(rich: InGraph) -> None:
    strings = hostile_strings(seed=2)
    for size in (1, 7, 500, 9_500):
        rich.check(list(islice(strings, size)))


def test_ids_are_equal_for_every_code_point(rich: InGraph) -> None:
    """Between two letters each code point shows whether it separates, stands alone or joins."""
    parts = [f"a{chr(code)}b" for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    rich.check([" ".join(parts[start : start + 256]) for start in range(0, len(parts), 256)])


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.text(), max_size=5))
def test_ids_are_equal_on_random_texts(rich: InGraph, texts: Texts) -> None:
    rich.check(texts)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "é" * 1_000_000,
        "a b " * 250_000,
        "中" * 300_000,
        "e" + "\u0301" * 50_000,
        "##a ##",
        "[PAD][UNK] [CLS]",
    ],
    ids=lambda text: text[:16],
)
def test_ids_are_equal_on_extreme_texts(rich: InGraph, text: str) -> None:
    rich.check([text, "the cat"])


def test_ids_of_a_shipped_vocabulary_are_equal(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(MODELS / "static-en-micro")
    runtime = OnnxRuntime.open(str(exporter.export(checkpoint, "int4", tmp_path)[0]))
    tokenizer = Tokenizer.from_file(str(MODELS / "static-en-micro" / "tokenizer.json"))
    for text in (*HOSTILE, *TWEETS, "null\0 \0 in\0side"):
        assert runtime.tokenize(text).tolist() == tokenizer.encode(text).ids, repr(text)
    InGraph(runtime, tokenizer).check(
        [*HOSTILE, *TWEETS, *short_texts(500), *islice(hostile_strings(3), 500)]
    )
    assert runtime.tokenize("\ud800 cat").tolist() == runtime.tokenize("\ufffd cat").tolist()


def test_ids_are_equal_on_english_text(shared_data: Path, tmp_path: Path) -> None:
    checkpoint = read_checkpoint(MODELS / "static-en-micro")
    runtime = OnnxRuntime.open(str(exporter.export(checkpoint, "int8", tmp_path)[0]))
    graph = InGraph(runtime, build_tokenizer(checkpoint.vocabulary))
    lines = islice(files.lines(shared_data / "english" / "sentences.txt"), 0, 500_000, 25)
    while chunk := list(islice(lines, 1000)):
        graph.check(chunk)


# --- Shipped models --------------------------------------------------------------------------------------


def test_on_real_sentences_float32_is_exact_and_int8_near(shared_data: Path, tmp_path: Path) -> None:
    lines = files.lines(shared_data / "english" / "sentences.txt")
    texts = list(islice(lines, 0, 200_000, 200))
    exact = TorchRuntime.open(str(MODELS / "tinylstm"))
    vectors, classes = exact.embed(texts), exact.classify(texts).argmax(1)
    some = np.abs(vectors).sum(1) > 0
    for precision, mean, least in (("fp32", 0.999999, 0.99999), ("int8", 0.999, 0.99)):
        file = exporter.export(read_checkpoint(MODELS / "tinylstm"), precision, tmp_path)[0]
        runtime = OnnxRuntime.open(str(file))
        cosines = (runtime.embed(texts) * vectors).sum(1)[some]
        assert cosines.mean() >= mean
        assert cosines.min() >= least
        assert (runtime.classify(texts).argmax(1) == classes).mean() >= 0.995


# --- Damaged and foreign files ---------------------------------------------------------------------------


def opened(data: bytes, folder: Path, *, verify: bool = False) -> OnnxRuntime:
    file = folder / "altered.onnx"
    file.write_bytes(data)
    return OnnxRuntime.open(str(file), verify=verify)


def test_no_file_and_a_folder() -> None:
    with pytest.raises(ModelNotFoundError, match="No such file"):
        OnnxRuntime.open("/nowhere/model.onnx")
    with pytest.raises(ModelNotFoundError, match="directory"):
        OnnxRuntime.open("/")


def test_a_truncated_file_is_refused(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    with pytest.raises(BundleError, match="empty"):
        opened(b"", tmp_path)
    for size in (1, 8, 75, 1000, len(data) // 2, len(data) - 76, len(data) - 1):
        with pytest.raises(BundleError, match="truncated"):
            opened(data[:size], tmp_path)


def test_an_altered_byte_is_found_when_asked_for(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    opened(data, tmp_path, verify=True)
    for place in (*range(0, len(data), len(data) // 50), len(data) - 1):
        altered = bytearray(data)
        altered[place] ^= 1
        with pytest.raises(BundleError, match=r"SHA-256|truncated"):
            opened(bytes(altered), tmp_path, verify=True)


def test_a_damaged_graph_is_refused_with_its_reason(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    with pytest.raises(BundleError, match="refuses it"):
        opened(data[:100] + data[200:], tmp_path)
    with pytest.raises(BundleError, match="refuses it"):
        opened(b"\xff" * 500 + data[-76:], tmp_path)


def test_an_export_that_takes_ids_is_told_from_its_twin(path: Path) -> None:
    with pytest.raises(BundleError, match="without -ids"):
        OnnxRuntime.open(str(path.with_name("small-lstm-fp32-ids.onnx")))


def test_a_foreign_model_is_refused(path: Path, tmp_path: Path, small_bundle: Path) -> None:
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", sides[:1], sides[1:])
    foreign = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    for data in (foreign.SerializeToString(), small_bundle.read_bytes()):
        with pytest.raises(BundleError, match="edgezoo did not write it"):
            opened(data, tmp_path)
    with pytest.raises(BundleError, match=r"takes \['x'\] and gives \['y'\]"):
        opened(foreign.SerializeToString() + path.read_bytes()[-76:], tmp_path)


@pytest.mark.parametrize(("key", "value"), [("name", None), ("labels", "["), ("max_tokens", "many")])
def test_damaged_metadata_are_refused(path: Path, tmp_path: Path, key: str, value: str | None) -> None:
    model = onnx.load(path)
    kept = [(entry.key, entry.value) for entry in model.metadata_props if entry.key != key]
    seal = kept.pop()
    del model.metadata_props[:]
    for name, text in [*kept, *([(key, value)] if value else []), seal]:
        model.metadata_props.add(key=name, value=text)
    with pytest.raises(BundleError, match="metadata are damaged"):
        opened(model.SerializeToString(), tmp_path)
