"""What a loaded model does, with a small table; the engine's own tests look into the numbers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.bundle.reader import read_bundle
from tests.conftest import DIMENSION, VOCABULARY, write_small_bundle

TEXTS = ["the cat sat on the mat.", "hello world", "", "good cats sing!", "naïve 日本 😂", "zzz"]


@pytest.fixture(scope="module")
def model(small_bundle: Path) -> Iterator[sdk.Model]:
    with sdk.load(small_bundle) as handle:
        yield handle


def test_a_text_gives_a_vector_and_texts_give_a_matrix(model: sdk.Model) -> None:
    assert model.embed("hello").shape == (DIMENSION,)
    assert model.embed(["hello"]).shape == (1, DIMENSION)
    assert model.embed(TEXTS).shape == (len(TEXTS), DIMENSION)
    assert model.embed([]).shape == (0, DIMENSION)
    assert model.embed(TEXTS).dtype == model.embed("hello").dtype == np.float32


def test_vectors_are_means_of_rows_of_unit_length(model: sdk.Model, small_bundle: Path) -> None:
    table = read_bundle(small_bundle).matrix("embedding")
    mean = table[[VOCABULARY.index(token) for token in ("the", "cat", "##s", "sat")]].mean(axis=0)
    vector = model.embed("The CATS sat")
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_weights_weigh_the_rows(tmp_path: Path, precision: str) -> None:
    path = write_small_bundle(tmp_path / "w.ezb", precision, weighted=True)
    bundle = read_bundle(path)
    ids = [VOCABULARY.index(token) for token in ("hello", "world")]
    weight = bundle.arrays["weight"][ids].astype(np.float32)[:, None]
    mean = (bundle.matrix("embedding")[ids] * weight).sum(axis=0)
    with sdk.load(path) as model:
        assert model.embed("hello world") == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_a_text_has_the_same_bits_alone_in_a_list_and_on_threads(model: sdk.Model) -> None:
    alone = np.stack([model.embed(text) for text in TEXTS])
    assert np.array_equal(np.concatenate([model.embed([text]) for text in TEXTS]), alone)
    assert np.array_equal(model.embed(TEXTS), alone)
    assert np.array_equal(model.embed(TEXTS * 1000, threads=4), np.tile(alone, (1000, 1)))


def test_texts_without_known_tokens_give_zeros(model: sdk.Model) -> None:
    assert not model.embed(["", " \t\n", "zzz", "[CLS]"]).any()


def test_any_ordered_iterable_of_texts_will_do(model: sdk.Model) -> None:
    expected = model.embed(TEXTS)
    assert np.array_equal(model.embed(tuple(TEXTS)), expected)
    assert np.array_equal(model.embed(text for text in TEXTS), expected)
    assert np.array_equal(model.embed(np.array(TEXTS)), expected)

    class Label(str):
        __slots__ = ()

    assert np.array_equal(model.embed([Label(text) for text in TEXTS]), expected)


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (None, "NoneType"),
        (7, "int"),
        (b"hello", "decode"),
        ([b"hello"], r"texts\[0\] is bytes"),
        (["a", None], r"texts\[1\] is NoneType"),
        (["a", ["b"]], r"texts\[1\] is list"),
        ([float("nan")], r"texts\[0\] is float"),
        ({"a": 1}, "dict"),
        ({"a", "b"}, "set"),
    ],
)
def test_wrong_types_are_named(model: sdk.Model, texts: Any, complaint: str) -> None:
    with pytest.raises(sdk.InputError, match=complaint):
        model.embed(texts)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", None])
def test_a_wrong_number_of_threads_is_named(model: sdk.Model, threads: Any) -> None:
    for texts in ("a", ["a"], ["a", "b"]):
        with pytest.raises(sdk.InputError, match="threads"):
            model.embed(texts, threads=threads)


def test_lone_surrogates_count_as_the_replacement_character(model: sdk.Model) -> None:
    assert np.array_equal(model.embed("hello \ud800 world"), model.embed("hello � world"))
    assert np.array_equal(model.embed("\ude02\ud83d"), model.embed("��"))
    assert np.array_equal(model.embed(["a", "\ud83d\ude02"])[1], model.embed("😂"))


def test_ten_megabytes_of_text_are_embedded(model: sdk.Model) -> None:
    # Millions of float32 additions in one fixed order round, but do not turn the vector.
    assert model.similarity("the cat sat " * 900_000, "the cat sat") > 0.999
    assert not model.embed("x" * 10_000_000).any()
    assert len(model.tokenize("!" * 10_000_000)) == 10_000_000


def test_nul_is_a_character_like_others(model: sdk.Model) -> None:
    assert model.tokenize("hello\0world").tolist() == [1]
    assert model.tokenize("hello \0 world").tolist() == [
        VOCABULARY.index("hello"),
        1,
        VOCABULARY.index("world"),
    ]


def test_tokenize_gives_ids(model: sdk.Model) -> None:
    tokens = [VOCABULARY[i] for i in model.tokenize("The mats, sing!")]
    assert tokens == ["the", "mat", "##s", ",", "s", "##ing", "!"]
    assert model.tokenize("").shape == (0,)
    with pytest.raises(sdk.InputError, match="bytes"):
        model.tokenize(b"the")  # type: ignore[arg-type]


def test_similarity_is_the_cosine(model: sdk.Model) -> None:
    a, b = model.embed(["the cat", "hello world"])
    assert model.similarity("the cat", "hello world") == pytest.approx(float(a @ b), abs=1e-6)
    assert model.similarity("the cat", "the cat") == pytest.approx(1)
    assert isinstance(model.similarity("the cat", "hello"), float)


def test_similarity_takes_texts_and_vectors_in_any_number(model: sdk.Model) -> None:
    vectors = model.embed(TEXTS)
    matrix = model.similarity(TEXTS, TEXTS[:2])
    assert np.shape(matrix) == (len(TEXTS), 2)
    assert np.array_equal(model.similarity(vectors, vectors[:2]), matrix)
    assert np.shape(model.similarity("cat", TEXTS)) == (len(TEXTS),)
    assert np.shape(model.similarity(TEXTS, vectors[0])) == (len(TEXTS),)
    assert np.shape(model.similarity([], TEXTS)) == (0, len(TEXTS))


def test_similarity_to_an_empty_text_is_0(model: sdk.Model) -> None:
    assert model.similarity("", "hello") == 0


def test_similarity_names_a_wrong_shape(model: sdk.Model) -> None:
    with pytest.raises(sdk.InputError, match=r"\(3,\)"):
        model.similarity("cat", np.zeros(3, dtype=np.float32))


def test_the_handle_describes_itself(model: sdk.Model, small_bundle: Path) -> None:
    assert (model.name, model.dim, model.path) == ("small", DIMENSION, str(small_bundle))
    assert model.card["limits"] == ["knows nothing"]
    with pytest.raises(TypeError):
        model.card["limits"] = []  # type: ignore[index]
    assert "small" in repr(model)


def test_a_closed_model_says_so(small_bundle: Path) -> None:
    with sdk.load(small_bundle) as model:
        pass
    for use in (
        lambda: model.embed("a"),
        lambda: model.embed(["a"]),
        lambda: model.embed(["a", "b"]),
        lambda: model.tokenize("a"),
        lambda: model.similarity("a", "b"),
    ):
        with pytest.raises(sdk.InputError, match="closed"):
            use()
    model.close()
    assert (model.dim, model.card["name"]) == (DIMENSION, "small")


def test_threads_may_share_a_model(model: sdk.Model) -> None:
    expected = model.embed(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        for result in pool.map(model.embed, [TEXTS] * 200):
            assert np.array_equal(result, expected)
