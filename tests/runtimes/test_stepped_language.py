"""Language models on ONNX Runtime, LiteRT and PyTorch: as defined, and the same text by a seed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo.exporters import onnx, tflite
from edgezoo.runtimes.base import Runtime
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.language import BEGIN, END, UNKNOWN, Sampling, first_random
from edgezoo.runtimes.litert import LiteRtRuntime
from edgezoo.runtimes.onnx import OnnxRuntime
from edgezoo.runtimes.stepped_language import SteppedLanguageModel
from edgezoo.runtimes.torch import TorchRuntime
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from tests.char_lstm import TEXTS, VOCABULARY, reference, write_language_model
from tests.checkpoints import language_checkpoint

SHAPES: dict[str, dict[str, Any]] = {
    "two-layers": {},
    "one-layer": {"layers": 1, "hidden": 32},
    "norm": {"norm": True},
}
RUNTIMES = ("torch", "onnx", "litert")
Opened = dict[tuple[str, str], Runtime]


def opened(checkpoint: Checkpoint, runtime: str, precision: str, out: Path) -> Runtime:
    if runtime == "torch":
        return TorchRuntime.open(str(checkpoint.directory))
    if runtime == "onnx":
        return OnnxRuntime.open(str(onnx.export(checkpoint, precision, out)[0]), verify=True)
    return LiteRtRuntime.open(str(tflite.export(checkpoint, precision, out)[0]), verify=True)


@pytest.fixture(scope="module", params=SHAPES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    directory = tmp_path_factory.mktemp("lm") / "small-lm"
    return read_checkpoint(language_checkpoint(directory, **SHAPES[request.param]))


@pytest.fixture(scope="module")
def exact(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Runtime]:
    """Each runtime in float32."""
    out = tmp_path_factory.mktemp("exact")
    return {runtime: opened(checkpoint, runtime, "fp32", out) for runtime in RUNTIMES}


@pytest.fixture(scope="module")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A model of two layers on every runtime in every precision."""
    out = tmp_path_factory.mktemp("runtimes")
    found = read_checkpoint(language_checkpoint(out / "small-lm"))
    cells = [("torch", "fp32"), *((r, p) for r in ("onnx", "litert") for p in ("fp32", "int8", "int4"))]
    return {cell: opened(found, *cell, out) for cell in cells}


def language(runtime: Runtime) -> SteppedLanguageModel:
    found = getattr(runtime, "language", None)
    assert isinstance(found, SteppedLanguageModel)
    return found


def drawn(model: SteppedLanguageModel, sampling: Sampling, count: int, slice_size: int = 1000) -> list[int]:
    state, last, ids = model.start(), BEGIN, list[int]()
    while len(ids) < count and last != END:
        ids += model.generate(state, last, sampling, min(slice_size, count - len(ids))).tolist()
        last = ids[-1]
    return ids


@pytest.mark.parametrize("name", RUNTIMES)
def test_it_computes_what_the_definition_says(
    exact: dict[str, Runtime], checkpoint: Checkpoint, name: str
) -> None:
    model = language(exact[name])
    for text in TEXTS:
        ids = [BEGIN, *exact[name].tokenize(text).tolist()]
        expected = reference(checkpoint.tensors, ids, exact=True)
        state = model.start()
        steps = np.stack([model.step(state, token) for token in ids[:20]])
        np.testing.assert_allclose(steps, expected[:20], atol=2e-4)
        nats = model.surprisals(text)
        np.testing.assert_allclose(nats, -expected[np.arange(len(ids)), [*ids[1:], END]], atol=2e-4)
        assert nats.dtype == np.float32


def test_a_seed_gives_the_same_text_on_all_in_float32(exact: dict[str, Runtime]) -> None:
    texts = set()
    for runtime in exact.values():
        sampling = Sampling(0.9, 20, 0.95, False, first_random(5, 0))
        texts.add(tuple(drawn(language(runtime), sampling, 100)))
    assert len(texts) == 1


# Mean difference in nats. Random weights, far louder than trained ones, suffer more from few bits.
NEAR = {"int8": 0.03, "int4": 0.25}


@pytest.mark.parametrize("precision", NEAR)
@pytest.mark.parametrize("name", ["onnx", "litert"])
def test_fewer_bits_are_near(runtimes: Opened, name: str, precision: str) -> None:
    few, all_bits = language(runtimes[name, precision]), language(runtimes["torch", "fp32"])
    text = "ˈkɑːt͡ʃɑ ˈsɑː hello, wide world?\n" * 4
    wrong = np.abs(few.surprisals(text) - all_bits.surprisals(text))
    assert 1e-6 < wrong.mean() < NEAR[precision]


def test_all_describe_the_same_model(runtimes: Opened, tmp_path: Path) -> None:
    bundle = write_language_model(tmp_path / "x.ezb", read(runtimes))
    engine = EngineRuntime.open(str(bundle))
    for (_, precision), runtime in runtimes.items():
        assert language(runtime).tokens == tuple(VOCABULARY)
        assert (runtime.name, runtime.dimension, runtime.labels) == ("small-lm", 0, ())
        assert (runtime.vocabulary_size, runtime.max_tokens) == (len(VOCABULARY), 0)
        assert precision in runtime.card or runtime.path == str(runtimes["torch", "fp32"].path)
        for text in (*TEXTS, "e\u0301 [BOS]", "\ud800k"):
            assert runtime.tokenize(text).tolist() == engine.tokenize(text).tolist()


def read(runtimes: Opened) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    return read_checkpoint(Path(runtimes["torch", "fp32"].path)).tensors


def test_a_seed_gives_the_same_text_each_time_in_slices_of_any_size(runtimes: Opened) -> None:
    for runtime in runtimes.values():
        model = language(runtime)
        whole = drawn(model, Sampling(0.9, 7, 0.9, False, 11), 40)
        assert drawn(model, Sampling(0.9, 7, 0.9, False, 11), 40, 1) == whole
        assert drawn(model, Sampling(0.9, 7, 0.9, False, 12), 40) != whole


def test_special_tokens_are_never_drawn_and_the_end_only_where_it_may(runtimes: Opened) -> None:
    model = language(runtimes["onnx", "int8"])
    assert min(drawn(model, Sampling(3.0, stop=False, random=1), 300)) > END
    ended = drawn(model, Sampling(3.0, stop=True, random=1), 3000)
    assert ended[-1] == END
    assert min(ended[:-1], default=END + 1) > END


def test_states_belong_to_their_callers(runtimes: Opened) -> None:
    for runtime in runtimes.values():
        model, texts = language(runtime), ("kɑt", "sɑː")
        alone = []
        for text in texts:
            state = model.start()
            alone.append([model.step(state, token).tobytes() for token in model.ids(text).tolist()])
        one, two = model.start(), model.start()
        mixed = [
            (model.step(one, a).tobytes(), model.step(two, b).tobytes())
            for a, b in zip(*(model.ids(text).tolist() for text in texts), strict=True)
        ]
        assert list(zip(*alone, strict=True)) == mixed


def test_threads_write_what_one_writes(runtimes: Opened) -> None:
    for name in ("onnx", "litert"):
        model = language(runtimes[name, "int8"])

        def text(seed: int, model: SteppedLanguageModel = model) -> list[int]:
            return drawn(model, Sampling(stop=False, random=seed), 60)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(text, range(8))) == [text(seed) for seed in range(8)]


def test_a_token_that_there_is_not_is_unknown(runtimes: Opened) -> None:
    for runtime in runtimes.values():
        model = language(runtime)
        assert model.step(model.start(), 10**6).tobytes() == model.step(model.start(), UNKNOWN).tobytes()
