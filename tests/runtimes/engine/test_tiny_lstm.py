"""The engine's recurrent encoder against float64 arithmetic, and against itself on other kernels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo.benchmarks.texts import short_texts
from edgezoo.bundle.layout import TinyLstm, WordPiece
from edgezoo.bundle.reader import read_bundle
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import InputError
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.engine.binding import ISAS
from edgezoo.zoo import registry
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, Tensors, quantised, random_tensors, reference, restored, write_small_lstm

TEXTS = [
    "the cat sat on the mat!",
    "cat",
    "unbelievable café 中文。 #b2 [cls] the the the",
    "the cat sat on the mat . " * 30,
]

Open = Callable[..., tuple[EngineRuntime, Tensors, TinyLstm]]


@pytest.fixture
def open_model(tmp_path: Path) -> Open:
    """Open a bundle of random weights; also what its integers stand for, and its settings."""
    number = itertools.count()

    def make(
        settings: TinyLstm | None = None, precision: str = "int8", largest: int = 63, **shape: Any
    ) -> tuple[EngineRuntime, Tensors, TinyLstm]:
        settings = settings or TinyLstm(labels=LABELS)
        tensors = quantised(random_tensors(labels=len(settings.labels), **shape), precision, largest)
        path = write_small_lstm(tmp_path / f"small-{next(number)}.ezb", settings, tensors)
        return EngineRuntime.open(str(path)), restored(tensors), settings

    return make


def isas(model: EngineRuntime) -> Iterator[str]:
    """Select every instruction set of this machine in turn."""
    for isa in ISAS[: ISAS.index(model.isa) + 1]:
        model.select_isa(isa)
        yield isa


@pytest.mark.parametrize("pooling", ["mean", "max", "cls"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("directions", [1, 2])
def test_it_computes_what_the_specification_says(
    open_model: Open, pooling: Any, layers: int, directions: int
) -> None:
    model, tensors, settings = open_model(
        TinyLstm(pooling=pooling, labels=LABELS), layers=layers, directions=directions
    )
    for text in TEXTS:
        vector, probabilities = reference(tensors, settings, model.tokenize(text).tolist())
        assert vector @ model.embed([text])[0] > 0.998
        np.testing.assert_allclose(model.classify([text])[0], probabilities, atol=0.02)


@pytest.mark.parametrize("shape", [{"norms": True}, {"salience": True}, {"norms": True, "salience": True}])
@pytest.mark.parametrize("skip", [True, False])
def test_it_normalises_weighs_and_skips(open_model: Open, shape: dict[str, bool], skip: bool) -> None:
    model, tensors, settings = open_model(TinyLstm(skip=skip), **shape)
    for text in TEXTS:
        vector, _ = reference(tensors, settings, model.tokenize(text).tolist())
        assert vector @ model.embed([text])[0] > 0.998


def test_weights_may_use_all_of_int8(open_model: Open) -> None:
    model, tensors, settings = open_model(largest=127)
    for text in TEXTS:
        vector, _ = reference(tensors, settings, model.tokenize(text).tolist())
        assert vector @ model.embed([text])[0] > 0.999


def test_a_shipped_model_is_near_float64_with_its_weights() -> None:
    bundle = read_bundle(registry.find("tinylstm"))
    matrices = {entry.name for entry in bundle.header.tensors if entry.dtype in ("int8", "int4")}
    tensors = {
        name: bundle.matrix(name) if name in matrices else array
        for name, array in bundle.arrays.items()
        if not name.endswith(".scale") and not name.startswith("vocabulary.")
    }
    settings = bundle.header.architecture
    assert isinstance(settings, TinyLstm)
    model = EngineRuntime.open(str(bundle.path))
    for text in short_texts(50):
        vector, probabilities = reference(tensors, settings, model.tokenize(text).tolist())
        assert vector @ model.embed([text])[0] > 0.999
        np.testing.assert_allclose(model.classify([text])[0], probabilities, atol=0.03)


def test_int4_weights_give_what_they_stand_for(open_model: Open) -> None:
    model, tensors, settings = open_model(precision="int4", layers=2)
    for text in TEXTS:
        vector, _ = reference(tensors, settings, model.tokenize(text).tolist())
        assert vector @ model.embed([text])[0] > 0.998


@pytest.mark.parametrize("pooling", ["mean", "max", "cls"])
@pytest.mark.parametrize(("precision", "largest"), [("int8", 63), ("int8", 127), ("int4", 63)])
def test_every_instruction_set_gives_the_same_bits(
    open_model: Open, pooling: Any, precision: str, largest: int
) -> None:
    settings = TinyLstm(pooling=pooling, labels=LABELS)
    shape = {"layers": 2, "norms": True, "salience": pooling != "cls", "hidden": 96}
    model, _, _ = open_model(settings, precision, largest, **shape)
    found = {isa: (model.embed(TEXTS).tobytes(), model.classify(TEXTS).tobytes()) for isa in isas(model)}
    assert len(found) > 1
    assert len(set(found.values())) == 1


def test_gates_made_ahead_equal_gates_made_in_time(tmp_path: Path) -> None:
    words = [*VOCABULARY, *(f"word{number}" for number in range(3000))]
    tensors = random_tensors(tokens=len(words))
    # The last words get the rows of the first: those have their gates made when the model is opened.
    tensors["embedding"][-len(VOCABULARY) :] = tensors["embedding"][: len(VOCABULARY)]
    path = tmp_path / "large.ezb"
    write_bundle(
        path,
        name="large",
        card={},
        tokenizer=WordPiece(),
        vocabulary=words,
        architecture=TinyLstm(),
        tensors=quantised(tensors),
    )
    model = EngineRuntime.open(str(path))
    known = model.tokenize("the cat sat on the mat , the cat ! # a a b 1").tolist()
    late = " ".join(f"word{3000 - len(VOCABULARY) + index}" for index in known)
    assert model.tokenize(late).tolist() == [len(words) - len(VOCABULARY) + index for index in known]
    for isa in isas(model):
        first, second = model.embed(["the cat sat on the mat , the cat ! # a a b 1", late])
        assert first.tobytes() == second.tobytes(), isa


def test_a_text_alone_is_the_text_in_a_list_on_any_number_of_threads(open_model: Open) -> None:
    model, _, _ = open_model()
    texts = TEXTS * 200
    alone = np.stack([model.embed_one(text) for text in TEXTS] * 200)
    assert model.embed(texts, threads=2).tobytes() == alone.tobytes()
    assert model.classify(texts, threads=2).tobytes() == model.classify(texts).tobytes()


def test_a_text_ends_after_max_tokens(open_model: Open) -> None:
    model, _, _ = open_model(TinyLstm(max_tokens=5, labels=LABELS))
    whole, cut = model.embed(["the cat sat on the mat and more", "the cat sat on the"])
    assert whole.tobytes() == cut.tobytes()
    assert model.max_tokens == 5


def test_a_text_without_tokens_gives_zeros_and_the_classifiers_bias(open_model: Open) -> None:
    model, tensors, settings = open_model()
    assert not model.embed(["", " \n"]).any()
    _, probabilities = reference(tensors, settings, [])
    np.testing.assert_allclose(model.classify([""])[0], probabilities, atol=1e-6)


def test_it_says_what_it_can_do(open_model: Open) -> None:
    both, _, _ = open_model()
    embeds, _, _ = open_model(TinyLstm())
    classifies, _, _ = open_model(dimension=0)
    assert (both.dimension, both.labels) == (64, LABELS)
    assert (embeds.dimension, embeds.labels) == (64, ())
    assert (classifies.dimension, classifies.labels) == (0, LABELS)


def test_huge_weights_do_no_harm(open_model: Open, tmp_path: Path) -> None:
    tensors = random_tensors(labels=2, norms=True, salience=True)
    for name in ("lstm.0.forward.bias", "input_norm.weight", "output_norm.bias", "salience", "classifier"):
        tensors[name] = np.full_like(tensors[name], 3e38)
    path = write_small_lstm(tmp_path / "huge.ezb", TinyLstm(labels=LABELS), quantised(tensors))
    model = EngineRuntime.open(str(path))
    for _ in isas(model):
        model.embed(TEXTS)
        model.classify(TEXTS)


def test_an_unknown_instruction_set_is_refused(open_model: Open) -> None:
    with pytest.raises(InputError, match="sve"):
        open_model()[0].select_isa("sve")
