"""All runtimes give the same answers, and what does not is found out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgezoo.benchmarks import parity
from edgezoo.benchmarks.parity import PRECISIONS, Answers, Row, compare, judge
from edgezoo.benchmarks.texts import HOSTILE
from edgezoo.errors import DataError, InputError
from tests.checkpoints import lstm_checkpoint

# Runtime and precision, all that there are.
CELLS = [(runtime, precision) for runtime, known in PRECISIONS.items() for precision in known]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def told(rows: list[Row]) -> list[str]:
    """What is wrong, and where."""
    return [f"{row.runtime} {row.precision}: {row.failures or row.missing}" for row in rows if row.failures]


def test_every_runtime_agrees_on_a_model_that_embeds_and_classifies(tmp_path: Path) -> None:
    rows = list(compare(str(lstm_checkpoint(tmp_path / "small-lstm"))))
    assert [(row.runtime, row.precision) for row in rows] == CELLS
    # Random weights tell more of rounding than trained ones: what int8 and int4 must reach is asked of those.
    assert not told([row for row in rows if row.precision == "fp32"])
    assert all(row.ids_equal == 1 for row in rows)
    assert [row.same_bits for row in rows if row.runtime == "wasm"] == [True, True]


@pytest.mark.parametrize("model", ["static-en-micro", "tinylstm"])
def test_every_runtime_agrees_on_shipped_models(model: str) -> None:
    rows = list(compare(model))
    assert {(row.runtime, row.precision) for row in rows} >= set(CELLS)
    assert not told(rows)
    assert all(row.compared >= 1000 for row in rows)
    assert all(0 < row.bytes <= 10_000_000 for row in rows if row.precision != "fp32")


def test_real_sentences_are_compared_where_they_are(shared_data: Path) -> None:
    (row,) = compare("static-en-micro", shared_data, ["engine"], ["int8"])
    assert row.compared == parity.SENTENCES + len(HOSTILE)
    assert row.dev_change is not None
    assert abs(row.dev_change) < 0.2


def test_data_without_sentences_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"english/sentences\.txt"):
        list(compare("static-en-micro", tmp_path))


def test_an_unknown_runtime_is_named() -> None:
    with pytest.raises(InputError, match="no runtime 'tensorflow'"):
        list(compare("static-en-micro", None, ["tensorflow"]))


@pytest.fixture
def exact() -> Answers:
    """Made-up answers for a hundred sentences and the hostile texts."""
    random = np.random.default_rng(0)
    count = 100 + len(HOSTILE)
    vectors = random.standard_normal((count, 16)).astype(np.float32)
    probabilities = random.dirichlet([1, 1], count).astype(np.float32)
    ids = [list(range(4, 4 + number % 9)) for number in range(count)]
    return Answers(
        1000, 0, ids, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), probabilities, 80.0
    )


def test_equal_answers_pass(exact: Answers) -> None:
    row = judge("wasm", "fp32", exact, exact, exact)
    assert (row.failures, row.same_bits, row.ids_equal, row.labels_equal, row.dev_change) == (
        (),
        True,
        1,
        1,
        0,
    )


def test_other_ids_fail(exact: Answers) -> None:
    other = replace(exact, ids=[*exact.ids[:-1], [9]])
    assert judge("onnx", "int8", other, exact).failures == ("token ids differ",)


def test_texts_longer_than_a_runtime_reads_are_left_out(exact: Answers) -> None:
    cut = replace(exact, limit=5, ids=[ids[:5] for ids in exact.ids])
    row = judge("litert", "int8", cut, exact)
    assert row.failures == ()
    assert row.compared == sum(len(ids) <= 5 for ids in exact.ids)


@pytest.mark.parametrize(("precision", "noise"), [("fp32", 0.01), ("int8", 0.1), ("int4", 0.3)])
def test_far_vectors_fail(exact: Answers, precision: str, noise: float) -> None:
    moved = exact.vectors + noise * np.roll(exact.vectors, 1, axis=0)
    assert "cosine" in judge("onnx", precision, replace(exact, vectors=moved), exact).failures[0]


def test_other_labels_fail(exact: Answers) -> None:
    turned = replace(exact, probabilities=exact.probabilities[:, ::-1])
    assert judge("onnx", "int8", turned, exact).failures == ("fewer than 99.5 % of labels equal",)


def test_one_other_bit_fails_where_bits_must_be_equal(exact: Answers) -> None:
    vectors = exact.vectors.copy()
    vectors.view(np.uint32)[3, 3] ^= 1
    row = judge("wasm", "int8", replace(exact, vectors=vectors), exact, exact)
    assert row.failures == ("other bits than the native engine's",)
