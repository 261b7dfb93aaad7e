"""The whole recipe on a tiny teacher: what it leaves, that it resumes, that a seed decides everything."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgezoo.errors import DataError, InputError
from edgezoo.zoo import recipes, training
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.datasets import recombined
from edgezoo.zoo.losses import similarity_divergence
from edgezoo.zoo.recipes import static_table
from edgezoo.zoo.vocabulary import VocabularyConfig
from edgezoo.zoo.weighting import SCHEMES

TINY = static_table.Config(
    name="tiny",
    description="A model for tests.",
    vocabulary=VocabularyConfig(700, emoji=8, last_letter=0x7A, lists=()),
    dimension=32,
    precision="int8",
    steps=30,
    settings=training.Settings(batch=32, every=10, warmup=5),
    comparison_steps=5,
    clusters=3,
)


@pytest.fixture(scope="module")
def trained(
    tiny_data: Path, tiny_teacher: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Work and checkpoint directories of one run of the recipe."""
    work, out = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("out")
    static_table.train(TINY, tiny_data, work, out, tiny_teacher, quiet=True)
    return work, out


def test_the_checkpoint_directory_is_whole(trained: tuple[Path, Path]) -> None:
    checkpoint = read_checkpoint(trained[1])
    assert checkpoint.embedding.shape == (len(checkpoint.vocabulary), 32)
    assert checkpoint.vocabulary[:4] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    assert not checkpoint.embedding[:4].any()
    assert np.abs(checkpoint.embedding[4:]).sum(1).all()
    with np.load(trained[1] / "pca.npz") as basis:
        assert basis["components"].shape == (32, 32)
        assert basis["explained_variance_ratio"].sum() == pytest.approx(1.0)


def test_the_card_says_what_was_measured(trained: tuple[Path, Path]) -> None:
    card = read_checkpoint(trained[1]).card
    assert set(card["pooling"]) == set(SCHEMES)
    assert card["weighting"] == max(SCHEMES, key=lambda scheme: card["pooling"][scheme]["trained"])
    assert card["drift"]["int4"]["cosine_mean"] < card["drift"]["int8"]["cosine_mean"] <= 1.0
    assert card["drift"]["int8"]["cosine_mean"] > 0.999
    assert card["data"] == [{"name": "own", "texts": card["texts"], "licence": "not stated"}]
    assert card["dimension"] == 32
    assert card["vocabulary_size"] == len(read_checkpoint(trained[1]).vocabulary)


def test_training_brings_the_losses_down(trained: tuple[Path, Path]) -> None:
    lines = [json.loads(line) for line in (trained[1] / "training.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30]
    assert lines[-1]["misalignment"] < lines[0]["misalignment"]
    assert lines[-1]["divergence"] < lines[0]["divergence"]
    assert (trained[1] / "training.png").stat().st_size > 1000


def test_the_same_seed_gives_the_same_bytes(
    trained: tuple[Path, Path], tiny_data: Path, tiny_teacher: str, tmp_path: Path
) -> None:
    static_table.train(TINY, tiny_data, tmp_path / "work", tmp_path / "out", tiny_teacher, quiet=True)
    for name in ("checkpoint.safetensors", "tokenizer.json", "card.json"):
        assert (tmp_path / "out" / name).read_bytes() == (trained[1] / name).read_bytes()


def test_an_interrupted_run_goes_on_and_ends_the_same(
    trained: tuple[Path, Path],
    tiny_data: Path,
    tiny_teacher: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[object] = []

    def interrupting(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 5 * len(SCHEMES) + 17:
            raise KeyboardInterrupt
        return similarity_divergence(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "similarity_divergence", interrupting)
    with pytest.raises(KeyboardInterrupt):
        static_table.train(TINY, tiny_data, tmp_path / "work", tmp_path / "out", tiny_teacher, quiet=True)
    assert not (tmp_path / "out").exists()
    before = len(calls)
    static_table.train(TINY, tiny_data, tmp_path / "work", tmp_path / "out", tiny_teacher, quiet=True)
    assert len(calls) - before == TINY.steps - 10
    for name in ("checkpoint.safetensors", "training.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (trained[1] / name).read_bytes()


def test_another_seed_gives_another_table(
    trained: tuple[Path, Path], tiny_data: Path, tiny_teacher: str, tmp_path: Path
) -> None:
    other = dataclasses.replace(TINY, settings=dataclasses.replace(TINY.settings, seed=1))
    static_table.train(other, tiny_data, tmp_path / "work", tmp_path / "out", tiny_teacher, quiet=True)
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (trained[1] / "tokenizer.json").read_bytes()
    assert not np.array_equal(
        read_checkpoint(tmp_path / "out").embedding, read_checkpoint(trained[1]).embedding
    )


def test_a_work_directory_of_another_configuration_or_teacher_is_refused(
    trained: tuple[Path, Path], tiny_data: Path, tiny_teacher: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="another configuration"):
        static_table.train(
            dataclasses.replace(TINY, steps=31), tiny_data, trained[0], tmp_path, tiny_teacher, True
        )
    copy = shutil.copytree(tiny_teacher, tmp_path / "other-teacher")
    with pytest.raises(DataError, match="vectors of the teacher"):
        static_table.train(TINY, tiny_data, trained[0], tmp_path / "out", str(copy), True)


def test_captions_are_recombined_and_named_in_the_card(
    tiny_data: Path, tiny_teacher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recombined, "RECOMBINATIONS", (recombined.Recombination("snli dev/test", 60),))
    data = shutil.copytree(tiny_data, tmp_path / "data")
    captions = (data / "own.txt").read_text().splitlines()[:40]
    (data / "english" / "pairs").mkdir(parents=True)
    rows = [f"{left}\t{right}\t0\n" for left, right in zip(captions[::2], captions[1::2], strict=True)]
    (data / "english" / "pairs" / "snli-dev-test.tsv").write_text("".join(rows))
    static_table.train(TINY, data, tmp_path / "work", tmp_path / "out", tiny_teacher, quiet=True)
    card = read_checkpoint(tmp_path / "out").card
    assert card["data"][-1] == {"name": "recombined: snli dev/test", "texts": 240, "licence": "as the source"}
    assert np.load(tmp_path / "work" / "tiny" / "recombined" / "clusters.npy").shape == (60,)


def test_weighting_and_words_are_ones_choice(
    tiny_data: Path, tiny_teacher: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(static_table.RECIPES, "tiny", TINY)
    words = tmp_path / "terms.txt"
    words.write_text("# of a clinic\nTachycardia stethoscope\n")
    for weighting, lists in (("zipf", []), ("uniform", [words])):
        out = tmp_path / weighting
        recipes.train(
            "tiny", tiny_data, out, teacher=tiny_teacher, weighting=weighting, words=lists, quiet=True
        )
        checkpoint = read_checkpoint(out)
        assert checkpoint.card["weighting"] == weighting
        assert ("tachycardia" in checkpoint.vocabulary) == bool(lists)
    with pytest.raises(InputError, match="tfidf"):
        recipes.train("tiny", tiny_data, tmp_path, weighting="heavy")


def test_an_unknown_recipe_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="static-en-micro"):
        recipes.train("nonesuch", tmp_path, tmp_path)


def test_a_data_directory_without_text_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"put a \*\.txt there"):
        recipes.train("static-en", tmp_path, tmp_path / "out", quiet=True)


def test_tokens_are_read_to_the_teacher_as_words_and_emoji_as_names() -> None:
    assert static_table.token_text("##ing") == "ing"
    assert static_table.token_text("#") == "#"
    assert static_table.token_text("##😂") == "face with tears of joy"
