"""Held-out texts through a language model, beside what an n-gram model makes of the same ones."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import islice, permutations
from pathlib import Path

import pytest

from edgezoo import sdk
from edgezoo.errors import DataError
from edgezoo.zoo import evaluation
from edgezoo.zoo.datasets import turkic
from edgezoo.zoo.evaluation import kneser_ney, language
from edgezoo.zoo.language_material import Holdout, material, texts
from tests.char_lstm import random_language_tensors, write_language_model

CHOSEN = Holdout(("kk", "tr"), min_frequency=2, holdout=0.2, seed=3)
WORDS = "ŋɑt͡ʃ sis ulug koŋ tɑʃ lɑr"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """IPA of all six languages, so that nothing is transliterated here."""
    place = tmp_path_factory.mktemp("work")
    (place / "ipa").mkdir()
    for number, code in enumerate(turkic.LANGUAGES):
        lines = [" ".join(words) + "Ω" * number for words in islice(permutations(WORDS.split(), 3), 50)]
        (place / "ipa" / f"{code}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("lm") / "small.ezb"
    card = {"recipe": asdict(CHOSEN), "precision": "int8"}
    return str(write_language_model(path, random_language_tensors(), card=card))


def test_bits_are_those_of_the_held_out_texts(bundle: str, work: Path, tmp_path: Path) -> None:
    report = evaluation.evaluate(bundle, tmp_path, work=work)
    assert list(report["results"]) == ["kk-test", "tr-test"]
    held_out = texts(CHOSEN, tmp_path, work)["tr"].test
    with sdk.load(bundle) as model:
        scores = [model.score(text) for text in held_out]
    found = report["results"]["tr-test"]
    assert found["bits"] == pytest.approx(
        sum(score.surprisal for score in scores) / sum(map(len, (f"{text}." for text in held_out))), abs=1e-6
    )
    assert found["perplexity"] == pytest.approx(2 ** found["bits"], rel=1e-5)
    assert (found["texts"], found["unknown"]) == (len(held_out), 2 * len(held_out))  # Ω, twice a text
    assert report["baselines"] == {}  # none were kept of these texts


def test_baselines_learn_from_the_same_split(bundle: str, work: Path, tmp_path: Path) -> None:
    report = evaluation.evaluate(bundle, tmp_path, baselines=True, work=work)
    ((system, results),) = report["baselines"].items()
    assert system == kneser_ney.SYSTEM
    found = material(CHOSEN, tmp_path, work)
    model = kneser_ney.KneserNey(found.ids("kk", "train"), len(found.tokens))
    assert results["kk-test"]["bits"] == pytest.approx(model.bits(found.ids("kk", "test")), abs=1e-6)
    assert results["kk-test"]["characters"] == report["results"]["kk-test"]["characters"]
    assert results["kk-test"]["bits"] < report["results"]["kk-test"]["bits"]  # which has random weights


def test_kept_baselines_are_of_the_recipes_splits() -> None:
    every = Holdout(tuple(turkic.LANGUAGES))
    (kept,) = language.baselines(every).values()
    assert list(kept) == [f"{code}-test" for code in turkic.LANGUAGES]
    assert language.baselines(replace(every, languages=("uz",))) == {
        kneser_ney.SYSTEM: {"uz-test": kept["uz-test"]}
    }
    assert language.baselines(replace(every, seed=2)) == {}


def test_the_command_keeps_what_it_does_not_measure(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "kept.json"
    out.write_text('[{"texts": {"languages": ["xx"]}, "results": {}}]')
    arguments = ["kneser_ney", "charlstm-ky", "--data", str(tmp_path), "--work", str(work), "--out", str(out)]
    for _ in range(2):
        monkeypatch.setattr("sys.argv", arguments)
        kneser_ney.main()
    assert out.read_text().count('"texts"') == 2


def test_a_card_without_a_recipe_is_an_error(tmp_path: Path, work: Path) -> None:
    path = str(write_language_model(tmp_path / "small.ezb", random_language_tensors()))
    with pytest.raises(DataError, match="which texts were held out is not known"):
        evaluation.evaluate(path, tmp_path, work=work)
