"""From orthographic text to a checkpoint directory, and a transfer study that goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo import sdk
from edgezoo.errors import DataError
from edgezoo.exporters import flatbuffer
from edgezoo.zoo import language_material, language_training
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape, restore
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.language_material import in_parts
from edgezoo.zoo.language_training import EarlyStopping, Regimen
from edgezoo.zoo.recipes import char_lstm, transfer
from edgezoo.zoo.recipes.char_lstm import ENGLISH, RECIPES, TURKIC, Config
from edgezoo.zoo.recipes.transfer import Study, curve_figures

SHAPE = Shape(32, 32, 1)
REGIMEN = Regimen(epochs=1, lanes=8, looks=1)
WORDS = "bir eki tort bes alti jeti segiz togiz"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads cost more than they bring where a step takes a millisecond."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work directory with IPA of every language, so that nothing is transliterated here."""
    place = tmp_path_factory.mktemp("work")
    (place / "ipa").mkdir()
    for number, code in enumerate(TURKIC.languages):
        words = WORDS.split()[: 7 - number % 2]
        lines = [" ".join(chosen) + f" {'aeiouy'[number]}ː" for chosen in islice(permutations(words, 3), 60)]
        (place / "ipa" / f"{code}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def small(name: str, **changes: object) -> Config:
    return replace(RECIPES[name], shape=SHAPE, regimen=REGIMEN, min_frequency=2, **changes)  # type: ignore[arg-type]


def test_a_recipe_leaves_a_checkpoint(work: Path, tmp_path: Path) -> None:
    char_lstm.train(small("charlstm-turkic"), tmp_path, work, tmp_path / "out", quiet=True)
    found = read_checkpoint(tmp_path / "out")
    assert found.card["family"] == "char-lstm"
    assert set(found.card["held_out"]) == set(TURKIC.languages)
    assert {"a", "y", "ː"} <= set(found.vocabulary)
    model = CharLstm(len(found.vocabulary), SHAPE)
    restore(model, {name: torch.from_numpy(tensor) for name, tensor in found.tensors.items()})
    assert {source["texts"] for source in found.card["data"]} == {54}
    assert all(source["licence"] for source in found.card["data"])
    texts = char_lstm.material(small("charlstm-turkic"), tmp_path, work)
    loss = language_training.judge(model, texts.ids("tr", "test"))
    assert loss.bits == pytest.approx(found.card["held_out"]["tr"]["bits"], abs=1e-3)  # its rows are float16
    for precision in flatbuffer.PRECISIONS:
        (bundle,) = flatbuffer.export(found, precision, tmp_path)
        with sdk.load(bundle) as opened:
            scores = [opened.score(text) for text in texts.texts["tr"].test]
        bits = sum(score.surprisal for score in scores) / sum(score.characters for score in scores)
        assert bits == pytest.approx(loss.bits, abs=0.01 if precision == "int8" else 0.05)
    for name in ("manifest.json", "metrics.json", "steps.jsonl", "epochs.jsonl", "training.png"):
        assert (tmp_path / "out" / name).stat().st_size > 0


def test_a_language_starts_from_all_of_them(work: Path, tmp_path: Path) -> None:
    own = tmp_path / "work"
    own.mkdir()
    (own / "ipa").symlink_to(work / "ipa")
    with pytest.raises(DataError, match="first run: edgezoo train charlstm-turkic"):
        char_lstm.train(small("charlstm-tr"), tmp_path, own, tmp_path / "tr", quiet=True)
    char_lstm.train(small("charlstm-turkic"), tmp_path, own, tmp_path / "all", quiet=True)
    char_lstm.train(small("charlstm-tr"), tmp_path, own, tmp_path / "tr", quiet=True)
    before, after = (json.loads((tmp_path / n / "metrics.json").read_text())["test"] for n in ("all", "tr"))
    assert list(after) == ["tr"]
    assert after["tr"]["bits"] < before["tr"]["bits"]
    with pytest.raises(DataError, match="another configuration"):
        char_lstm.train(small("charlstm-tr", seed=2), tmp_path, own, tmp_path / "tr", quiet=True)


def test_english_articles_are_read_in_parts(tmp_path: Path) -> None:
    (tmp_path / "english").mkdir()
    rows = [json.dumps({"text": f"Article {number}.\n" + "So it goes on. " * 400}) for number in range(20)]
    (tmp_path / "english" / "wikipedia.jsonl").write_text("\n".join(rows), encoding="utf-8")
    found = char_lstm.material(replace(ENGLISH, holdout=0.1), tmp_path, tmp_path)
    assert max(map(len, found.texts["en"].train)) <= language_material.LONGEST_PART
    assert min(map(len, found.texts["en"].test)) > language_material.LONGEST_PART


def test_an_epoch_reads_no_more_than_it_is_told() -> None:
    texts = [np.full(length, 4, np.uint16) for length in (50, 30, 20, 40, 60)]
    chosen = char_lstm.some(texts, 100, seed=1)
    assert 100 <= sum(map(len, chosen)) < 100 + 60
    assert [len(text) for text in char_lstm.some(texts, 100, seed=1)] == [len(text) for text in chosen]
    assert char_lstm.some(texts, 0, seed=1) is texts


def test_a_note_from_before_a_setting_existed_is_known_again(tmp_path: Path) -> None:
    char_lstm.claim(tmp_path, TURKIC)
    note = json.loads((tmp_path / "config.json").read_text())
    del note["characters"]
    (tmp_path / "config.json").write_text(json.dumps(note))
    with pytest.raises(DataError, match="another configuration"):
        char_lstm.claim(tmp_path, replace(TURKIC, characters=5))
    char_lstm.claim(tmp_path, TURKIC)


def test_parts_join_to_the_whole() -> None:
    text = "first line\nsecond\n" + "x" * 30
    assert in_parts(text, 12) == ["first line\n", "second\n", "x" * 12, "x" * 12, "x" * 6]
    assert "".join(in_parts(text, 5)) == text


def test_transfer_goes_on_where_it_stopped(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(char_lstm, "TURKIC", small("charlstm-turkic"))
    frozen = replace(REGIMEN, freeze_embeddings=True)
    study = Study(replace(REGIMEN, epochs=2), frozen, SHAPE, ("kk", "tr"))
    fit, calls = language_training.fit, [0]

    def interrupted(*arguments: object, **named: object) -> CharLstm:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return fit(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(transfer, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        transfer.run(study, tmp_path, work, tmp_path / "out", quiet=True)
    so_far = transfer.run(study, tmp_path, work, tmp_path / "finished", quiet=True, finished=True)["table"]
    assert {source: [*targets] for source, targets in so_far.items()} == {"kk": ["kk", "tr"], "tr": []}
    assert (tmp_path / "out" / "transfer.png").read_bytes() == (
        tmp_path / "finished" / "transfer.png"
    ).read_bytes()  # told before the interruption
    with pytest.raises(DataError, match="another study"):
        transfer.run(replace(study, seed=9), tmp_path, work, tmp_path / "out", quiet=True)
    found = transfer.run(study, tmp_path, work, tmp_path / "out", quiet=True)
    assert calls[0] == 5  # four cells, one of which was begun twice
    assert json.loads((tmp_path / "out" / "transfer.json").read_text())["table"] == found["table"]
    assert (tmp_path / "out" / "transfer.png").stat().st_size > 0
    cell = found["table"]["kk"]["tr"]
    assert cell["start"] > cell["area"] > 0
    assert cell["rate"] > 0
    # The embeddings that kk learnt are those that tr reads with.
    start, end = (
        torch.load(work / "transfer" / name / "finished.pt", weights_only=True) for name in ("kk-kk", "kk-tr")
    )
    assert torch.equal(start["embedding"], end["embedding"])
    assert not torch.equal(start["projection.weight"], end["projection.weight"])


def test_figures_of_a_curve(tmp_path: Path) -> None:
    lines = [(0, 0, 3.0), (0, 50_000, 2.0), (1, 100_000, 1.5), (2, 200_000, 1.0)]
    text = "\n".join(json.dumps({"epoch": e, "seen": s, "dev": d}) for e, s, d in lines)
    (tmp_path / "steps.jsonl").write_text(text)
    found = curve_figures(tmp_path / "steps.jsonl")
    assert found == {"start": 3.0, "area": pytest.approx((1.25 + 0.875 + 1.25) / 2), "rate": 1.5}


def test_early_stopping_is_part_of_the_recipes() -> None:
    assert RECIPES["charlstm-kk"].init_from == "charlstm-turkic"
    assert Study().pretraining.early_stopping == EarlyStopping(1, 0.001)
    assert Study().fine_tuning.freeze_embeddings
