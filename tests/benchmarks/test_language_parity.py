"""All runtimes score and write alike, and what does not is found out."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from edgezoo import sdk
from edgezoo.benchmarks import language_parity
from edgezoo.benchmarks.language_parity import LanguageAnswers, judge
from edgezoo.benchmarks.parity import PRECISIONS, compare
from edgezoo.benchmarks.texts import HOSTILE
from edgezoo.errors import DataError
from edgezoo.zoo import parity_tables
from edgezoo.zoo.language_material import Holdout
from tests.checkpoints import language_checkpoint


@pytest.fixture(autouse=True)
def little(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """As little to score and to write as tells something."""
    monkeypatch.setenv("EDGEZOO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    for name, value in (("WRITTEN", 120), ("HELD_OUT", 100), ("SEEDS", 2), ("CONTINUATION", 20)):
        monkeypatch.setattr(language_parity, name, value)


def test_every_runtime_agrees(tmp_path: Path) -> None:
    rows = {(row.runtime, row.precision): row for row in compare(str(language_checkpoint(tmp_path / "lm")))}
    assert list(rows) == [(runtime, each) for runtime, known in PRECISIONS.items() for each in known]
    # Random weights tell more of rounding than trained ones: what int8 and int4 must reach is asked of those.
    for runtime in ("onnx", "litert"):
        row = rows[runtime, "fp32"]
        assert (row.failures, row.texts_equal) == ((), 1)
    for precision in ("int8", "int4"):
        native, same = rows["engine", precision], rows["wasm", precision]
        assert (same.same_bits, same.texts_equal, same.bits) == (True, 1, native.bits)
    for row in rows.values():
        assert row.ids_equal == 1
        assert row.compared > len(HOSTILE)
        assert row.bits is not None
        assert abs(row.bits_change or 0) < (0.5 if row.precision == "int4" else 0.1)
        assert row.bytes > 0
    shown = parity_tables.card_table(json.loads(json.dumps([asdict(row) for row in rows.values()])))
    assert "| bits/char | change | likeliest alike | texts of a seed equal |" in shown.splitlines()[0]


def test_held_out_texts_are_compared_where_they_are(tmp_path: Path) -> None:
    directory = language_checkpoint(tmp_path / "lm")
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(
        json.dumps(card | {"recipe": asdict(Holdout(("en",), holdout=0.5, seed=1))})
    )
    (tmp_path / "english").mkdir()
    articles = [f"it was {word * 30}" for word in ("so ", "hot ", "cold ", "dark ", "late ", "wet ")]
    lines = [json.dumps({"text": article}) for article in articles]
    (tmp_path / "english" / "wikipedia.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with sdk.load(directory, runtime="torch") as model:
        texts = language_parity.questions(model, tmp_path)
        assert set(texts) < set(articles)
        with pytest.raises(DataError, match="wikipedia"):
            language_parity.questions(model, tmp_path / "lm")
    (directory / "card.json").write_text(json.dumps(card))
    with sdk.load(directory, runtime="torch") as model, pytest.raises(DataError, match="recipe"):
        language_parity.questions(model, tmp_path)


# By place: characters and their probabilities. In the last one rounding decides.
TOPS = [{"a": 0.6, "b": 0.3}, {"b": 0.9, "a": 0.1}, {"": 0.5, "b": 0.3}, {"a": 0.4, "b": 0.35}]


@pytest.fixture
def exact() -> LanguageAnswers:
    """Made-up answers."""
    ids = [[4, 5, 6], [1]]
    return LanguageAnswers(1000, ids, [1.5, 2.5, 0.5, 3.5], TOPS, ["ab", "ba"])


def test_equal_answers_pass(exact: LanguageAnswers) -> None:
    row = judge("wasm", "fp32", exact, exact, exact)
    assert (row.failures, row.same_bits, row.ids_equal, row.likeliest_alike, row.texts_equal) == (
        (),
        True,
        1,
        1,
        1,
    )
    assert (row.bits, row.bits_change) == (2, 0)


def test_other_ids_fail(exact: LanguageAnswers) -> None:
    other = replace(exact, ids=[[4, 5, 7], [1]])
    assert judge("onnx", "int8", other, exact).failures == ("token ids differ",)


@pytest.mark.parametrize(("precision", "change"), [("fp32", 0.001), ("int8", 0.02), ("int4", 0.1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_bits_that_are_far_fail(exact: LanguageAnswers, precision: str, change: float, sign: int) -> None:
    other = replace(exact, surprisals=[each + sign * change for each in exact.surprisals])
    row = judge("onnx", precision, other, exact)
    assert row.bits_change == pytest.approx(sign * change)
    assert row.failures[0].startswith("bits a character are more than")
    assert judge("onnx", precision, replace(other, surprisals=[float("nan")] * 4), exact).failures


def test_other_likeliest_characters_fail(exact: LanguageAnswers) -> None:
    row = judge("onnx", "int8", replace(exact, likeliest=[{"b": 0.5, "a": 0.4}, *TOPS[1:]]), exact)
    assert row.failures == ("fewer than 99.5 % of likeliest characters alike",)
    assert row.likeliest_alike == 0.75
    unheard = replace(exact, likeliest=[*TOPS[:3], {"z": 0.9}])
    assert judge("onnx", "int8", unheard, exact).likeliest_alike == 0.75


def test_between_two_that_are_nearly_as_likely_either_will_do(exact: LanguageAnswers) -> None:
    row = judge("onnx", "int8", replace(exact, likeliest=[*TOPS[:3], {"b": 0.36, "a": 0.35}]), exact)
    assert (row.failures, row.likeliest_alike) == ((), 1)


def test_other_texts_fail_where_bits_must_be_equal(exact: LanguageAnswers) -> None:
    other = replace(exact, written=["ab", "bb"])
    assert judge("onnx", "int8", other, exact).failures == ()
    row = judge("wasm", "int8", other, exact, exact)
    assert (row.failures, row.texts_equal) == (("other bits than the native engine's",), 0.5)
