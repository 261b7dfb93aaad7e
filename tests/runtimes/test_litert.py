"""LiteRT runs the exports: texts in, the checkpoint's answers out, and a clear error for a damaged file."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from edgezoo.benchmarks.texts import HOSTILE, TWEETS, short_texts
from edgezoo.errors import BundleError, ModelNotFoundError
from edgezoo.exporters import tflite
from edgezoo.exporters.flatbuffer import tiny_lstm
from edgezoo.exporters.tflite_metadata import with_files
from edgezoo.runtimes.litert import LiteRtRuntime
from edgezoo.runtimes.torch import TorchRuntime
from edgezoo.runtimes.utf8 import encode
from edgezoo.zoo import registry
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from edgezoo.zoo.datasets import files
from edgezoo.zoo.tokenizers import unigram
from tests.checkpoints import lstm_checkpoint
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, reference

TEXTS = ["The cat sat on the mat!", "good", "cats 日本 dog", "naïve😂"]
MODELS = Path(registry.find("tinylstm-sts")).parents[1]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return read_checkpoint(lstm_checkpoint(tmp_path_factory.mktemp("checkpoint") / "small-lstm"))


@pytest.fixture(scope="module")
def path(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float32 export of a small model that embeds and classifies; copy it before altering it."""
    return tflite.export(checkpoint, "fp32", tmp_path_factory.mktemp("litert"))[0]


@pytest.fixture
def runtime(path: Path) -> LiteRtRuntime:
    return LiteRtRuntime.open(str(path), verify=True)


def test_it_says_what_it_opened(runtime: LiteRtRuntime, path: Path) -> None:
    assert (runtime.name, runtime.path) == ("small-lstm", str(path))
    assert (runtime.dimension, runtime.labels, runtime.max_tokens) == (64, LABELS, 62)
    assert runtime.vocabulary_size == len(VOCABULARY)
    assert '"small-lstm"' in runtime.card


def test_texts_get_the_answers_of_the_checkpoint(runtime: LiteRtRuntime, checkpoint: Checkpoint) -> None:
    settings = tiny_lstm(checkpoint.card)
    for text, vector, probabilities in zip(TEXTS, runtime.embed(TEXTS), runtime.classify(TEXTS), strict=True):
        exact = reference(checkpoint.tensors, settings, runtime.tokenize(text).tolist())
        np.testing.assert_allclose(vector, exact[0], atol=1e-5)
        np.testing.assert_allclose(probabilities, exact[1], atol=1e-5)
        np.testing.assert_array_equal(runtime.embed_one(text), vector)


def test_a_text_is_cut_to_the_tokens_that_count(runtime: LiteRtRuntime) -> None:
    text = " ".join(["the cat"] * 31)
    assert len(runtime.tokenize(f"{text} sat on")) == 64
    np.testing.assert_array_equal(runtime.embed_one(f"{text} sat on"), runtime.embed_one(text))
    assert not np.array_equal(runtime.embed_one(text[:-4]), runtime.embed_one(text))


def test_no_texts_and_empty_ones(runtime: LiteRtRuntime) -> None:
    assert runtime.embed([]).shape == (0, 64)
    assert runtime.classify([]).shape == (0, 2)
    assert not runtime.embed_one("").any()


def test_threads_give_the_same_answers(runtime: LiteRtRuntime) -> None:
    texts = [*TEXTS, *TWEETS] * 5
    np.testing.assert_array_equal(runtime.embed(texts, threads=4), runtime.embed(texts))
    np.testing.assert_array_equal(runtime.classify(texts, threads=3), runtime.classify(texts))


def test_token_ids_are_those_of_the_tokenizer(runtime: LiteRtRuntime) -> None:
    tokenizer = Tokenizer.from_file(str(MODELS / "static-en-micro" / "tokenizer.json"))
    checkpoint = read_checkpoint(MODELS / "static-en-micro")
    model = tflite.model_file(checkpoint, "int8")
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        carried = Tokenizer.from_str(archive.read("tokenizer.json").decode())
    for text in (*HOSTILE, *TWEETS):
        expected = tokenizer.encode(encode(text).decode(), add_special_tokens=False).ids
        assert carried.encode(encode(text).decode(), add_special_tokens=False).ids == expected
    assert runtime.tokenize("\ud800 cat").tolist() == runtime.tokenize("\ufffd cat").tolist() == [24, 5]


def test_a_model_with_a_unigram_tokenizer(tmp_path: Path) -> None:
    vocabulary = [*unigram.FIXED_TOKENS, "hello", "wor", "ld", "日本"]
    table = np.random.default_rng(0).standard_normal((len(vocabulary), 64)).astype(np.float32)
    table[:4] = 0
    card = {"name": "uni", "family": "static-table", "description": "", "license": "Apache-2.0"}
    scores = [-2.0] * len(vocabulary)
    checkpoint = Checkpoint(Path(), {"embedding": table}, vocabulary, card, scores)
    (file,) = tflite.export(checkpoint, "fp32", tmp_path)
    runtime = LiteRtRuntime.open(str(file), verify=True)
    ids = [260, 261, 262, 263]
    assert runtime.tokenize("HELLO world, 日本").tolist() == [*ids[:3], 4 + ord(","), ids[3]]
    expected = table[ids].sum(0)
    np.testing.assert_allclose(
        runtime.embed_one("hello world 日本"), expected / np.linalg.norm(expected), atol=1e-6
    )
    with zipfile.ZipFile(file) as archive:
        assert "vocab.txt" not in archive.namelist()  # MediaPipe would split by it, and wrongly


# --- Shipped models --------------------------------------------------------------------------------------


def cosines(model: str, precision: str, texts: list[str], folder: Path) -> NDArray[np.float32]:
    """Of each vector with PyTorch's, of the texts that are no longer than what is read."""
    file = folder / "model.tflite"
    file.write_bytes(tflite.model_file(read_checkpoint(MODELS / model), precision))
    runtime, exact = LiteRtRuntime.open(str(file)), TorchRuntime.open(str(MODELS / model))
    texts = [text for text in texts if 0 < len(runtime.tokenize(text)) <= runtime.max_tokens]
    found: NDArray[np.float32] = (exact.embed(texts) * runtime.embed(texts)).sum(1)
    return found


@pytest.mark.parametrize(("precision", "mean"), [("int8", 0.999), ("int4", 0.98)])
def test_a_shipped_model_stays_near_its_weights(precision: str, mean: float, tmp_path: Path) -> None:
    assert cosines("tinylstm-sts", precision, [*TWEETS, *short_texts(40)], tmp_path).mean() > mean


def test_on_real_sentences_float32_is_exact_and_int8_near(shared_data: Path, tmp_path: Path) -> None:
    lines = files.lines(shared_data / "english" / "sentences.txt")
    texts = [line for line in islice(lines, 0, 100_000, 500) if line]
    assert cosines("tinylstm", "fp32", texts, tmp_path).min() > 0.99999
    assert cosines("tinylstm", "int8", texts, tmp_path).mean() > 0.999


# --- Damaged and foreign files ---------------------------------------------------------------------------


def opened(data: bytes, folder: Path, *, verify: bool = False) -> LiteRtRuntime:
    file = folder / "altered.tflite"
    file.write_bytes(data)
    return LiteRtRuntime.open(str(file), verify=verify)


def rewritten(path: Path, change: Mapping[str, bytes | None]) -> bytes:
    """The file with other files behind the graph; None: without that file."""
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
        end = min(entry.header_offset for entry in archive.infolist())
    kept = {name: data for name, data in {**found, **change}.items() if data is not None}
    return with_files(path.read_bytes()[:end], kept)


def test_no_file_and_a_folder() -> None:
    with pytest.raises(ModelNotFoundError, match="No such file"):
        LiteRtRuntime.open("/nowhere/model.tflite")
    with pytest.raises(ModelNotFoundError, match="directory"):
        LiteRtRuntime.open("/")


def test_a_truncated_file_is_refused(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    for size in (0, 4, 8, 1000, len(data) // 2, len(data) - 100, len(data) - 1):
        with pytest.raises(BundleError, match=r"truncated|no \.tflite file"):
            opened(data[:size], tmp_path)


def test_a_file_of_another_format_is_refused(tmp_path: Path, small_bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"no \.tflite file"):
        LiteRtRuntime.open(str(small_bundle))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("card.json", None, "card.json is not in it"),
        ("card.json", b"[]", "names no model"),
        ("card.json", b"\xff", "not UTF-8"),
        ("card.json", b"[" * 100_000, "names no model"),
        ("tokenizer.json", None, "tokenizer.json is not in it"),
        ("tokenizer.json", b"{}", "tokenizer.json: "),
        ("labels.txt", None, "0 labels"),
        ("labels.txt", b"a\nb\nc\n", "3 labels"),
    ],
)
def test_a_missing_or_wrong_file_behind_the_graph(
    name: str, data: bytes | None, message: str, path: Path, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=message):
        opened(rewritten(path, {name: data}), tmp_path)


def test_a_compressed_file_behind_the_graph_is_refused(path: Path, tmp_path: Path) -> None:
    stream = io.BytesIO(rewritten(path, {"card.json": None}))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", b" " * 1_000_000)
    with pytest.raises(BundleError, match="compressed"):
        opened(stream.getvalue(), tmp_path)


def test_an_altered_weight_is_found_when_asked_for(path: Path, tmp_path: Path) -> None:
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        end = min(entry.header_offset for entry in archive.infolist())
    data[end - 5000] ^= 64
    assert opened(bytes(data), tmp_path).dimension == 64
    with pytest.raises(BundleError, match="SHA-256"):
        opened(bytes(data), tmp_path, verify=True)
    with pytest.raises(BundleError, match=r"graph\.sha256 is not in it"):
        opened(rewritten(path, {"graph.sha256": None}), tmp_path, verify=True)


def test_hostile_graphs_and_archives_never_crash(path: Path, tmp_path: Path) -> None:
    """Each altered file either answers or is refused with a BundleError."""
    data, draw, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(120):
        altered = bytearray(data)
        for _ in range(draw.choice((1, 2, 8))):
            place = draw.randrange(60_000) if draw.random() < 0.7 else len(data) - 1 - draw.randrange(2000)
            altered[place] = draw.choice((0, 255, 128, draw.randrange(256)))
        try:
            runtime = opened(bytes(altered), tmp_path)
            runtime.embed_one("the cat")
        except BundleError:
            refused += 1
    assert refused > 40


def test_ids_beyond_the_table_are_refused(path: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        tokenizer = archive.read("tokenizer.json").decode()
    altered = tokenizer.replace('"cat":5', '"cat":999999')
    runtime = opened(rewritten(path, {"tokenizer.json": altered.encode()}), tmp_path)
    with pytest.raises(BundleError, match="the graph fails"):
        runtime.embed_one("cat")
