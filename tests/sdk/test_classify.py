"""Classification through the SDK: answers, their types, and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.bundle.layout import TinyLstm
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, quantised, random_tensors, reference, restored, write_small_lstm

TEXTS = ["the cat sat on the mat.", "hello world", "", "good cats sing!", "naïve 日本 😂", "zzz"]
TENSORS = quantised(random_tensors(labels=len(LABELS)))
CLASSIFIER_ONLY = quantised(random_tensors(labels=3, dimension=0))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sdk.Model]:
    """Embeds and classifies."""
    with sdk.load(write_small_lstm(tmp_path_factory.mktemp("lstm") / "both.ezb", tensors=TENSORS)) as handle:
        yield handle


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sdk.Model]:
    """Classifies only."""
    path = tmp_path_factory.mktemp("lstm") / "judge.ezb"
    settings = TinyLstm(labels=("no", "да", "?"))
    with sdk.load(write_small_lstm(path, settings, CLASSIFIER_ONLY)) as handle:
        yield handle


def test_a_text_gives_an_answer_and_texts_give_a_list(model: sdk.Model) -> None:
    answer = model.classify("hello world")
    assert isinstance(answer, sdk.Classification)
    assert model.classify(["hello world"]) == [answer]
    assert model.classify([]) == []
    assert len(model.classify(text for text in TEXTS)) == len(TEXTS)


def test_the_label_is_the_likeliest_one(model: sdk.Model, judge: sdk.Model) -> None:
    for handle in (model, judge):
        for label, score, probabilities in handle.classify(TEXTS):
            assert tuple(probabilities) == handle.labels
            assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
            assert score == probabilities[label] == max(probabilities.values())
            assert type(score) is float


@pytest.mark.parametrize("which", ["model", "judge"])
def test_probabilities_are_those_of_the_reference(which: str, request: pytest.FixtureRequest) -> None:
    handle = request.getfixturevalue(which)
    tensors = restored(TENSORS if which == "model" else CLASSIFIER_ONLY)
    for text, answer in zip(TEXTS, handle.classify(TEXTS), strict=True):
        _, expected = reference(
            tensors, TinyLstm(labels=handle.labels), handle.tokenize(text).tolist(), steps=63
        )
        assert list(answer.probabilities.values()) == pytest.approx(expected.tolist(), abs=0.01)


def test_vectors_are_those_of_the_reference(model: sdk.Model) -> None:
    for text, vector in zip(TEXTS, model.embed(TEXTS), strict=True):
        expected, _ = reference(restored(TENSORS), TinyLstm(), model.tokenize(text).tolist(), steps=63)
        assert vector == pytest.approx(expected, abs=0.03)
        assert not expected.any() or vector @ expected > 0.998


def test_a_text_has_the_same_answer_alone_in_a_list_and_on_threads(model: sdk.Model) -> None:
    alone = [model.classify(text) for text in TEXTS]
    assert model.classify(TEXTS) == alone
    assert model.classify(TEXTS * 300, threads=3) == alone * 300


def test_only_the_first_tokens_count(tmp_path: Path) -> None:
    settings = TinyLstm(max_tokens=3, labels=LABELS)
    with sdk.load(write_small_lstm(tmp_path / "x.ezb", settings, TENSORS)) as model:
        assert model.classify("the cat sat on the mat") == model.classify("the cat sat")
        assert model.classify("the cat") != model.classify("the cat sat")
        assert len(model.tokenize("the cat sat on the mat")) == 6


def test_the_handle_says_what_it_can(model: sdk.Model, judge: sdk.Model, small_bundle: Path) -> None:
    assert (model.dim, model.labels) == (64, LABELS)
    assert (judge.dim, judge.labels) == (0, ("no", "да", "?"))
    assert "labels no, да, ?" in repr(judge)
    assert "dimensions" not in repr(judge)
    with sdk.load(small_bundle) as table:
        assert table.labels == ()


def test_a_model_without_a_classifier_says_so(small_bundle: Path) -> None:
    with sdk.load(small_bundle) as table:
        for texts in ("a", ["a"], ["a", "b"], []):
            with pytest.raises(sdk.InputError, match=r"no classifier; it embeds: use \.embed"):
                table.classify(texts)


def test_a_model_that_only_classifies_says_so(judge: sdk.Model) -> None:
    for texts in ("a", ["a"], ["a", "b"], []):
        with pytest.raises(sdk.InputError, match=r"no vectors; it classifies: use \.classify"):
            judge.embed(texts)
    with pytest.raises(sdk.InputError, match="no vectors"):
        judge.similarity("a", "b")


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (None, "NoneType"),
        (b"hello", "decode"),
        (["a", None], r"texts\[1\] is NoneType"),
        ({"a": 1}, "dict"),
        ({"a", "b"}, "set"),
    ],
)
def test_wrong_types_are_named(model: sdk.Model, texts: Any, complaint: str) -> None:
    with pytest.raises(sdk.InputError, match=complaint):
        model.classify(texts)


def test_a_wrong_number_of_threads_is_named(model: sdk.Model) -> None:
    with pytest.raises(sdk.InputError, match="threads"):
        model.classify("a", threads=0)


def test_a_closed_model_says_so(tmp_path: Path) -> None:
    with sdk.load(write_small_lstm(tmp_path / "x.ezb")) as model:
        pass
    for use in (lambda: model.classify("a"), lambda: model.classify(["a"]), lambda: model.embed("a")):
        with pytest.raises(sdk.InputError, match="closed"):
            use()
    assert model.labels == LABELS


def test_any_text_gets_an_answer(model: sdk.Model) -> None:
    for text in ("\0", "\ud800", "x" * 1_000_000, "! " * 1_000_000, *VOCABULARY):
        assert np.isfinite(model.classify(text).score)
