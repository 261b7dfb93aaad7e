"""The whole recipe on a tiny teacher: what it leaves, that it resumes, that a seed decides everything."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from edgezoo.errors import DataError, InputError
from edgezoo.zoo import recipes, training
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.datasets.tokenised import TokenisedCorpus
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
    steps=(30,),
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
    assert len(calls) - before == TINY.steps[0] - 10
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
            dataclasses.replace(TINY, steps=(31,)), tiny_data, trained[0], tmp_path, tiny_teacher, True
        )
    copy = shutil.copytree(tiny_teacher, tmp_path / "other-teacher")
    with pytest.raises(DataError, match="vectors of the teacher"):
        static_table.train(TINY, tiny_data, trained[0], tmp_path / "out", str(copy), True)


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


def test_the_finished_table_is_a_damped_mean(trained: tuple[Path, Path]) -> None:
    corpus = TokenisedCorpus(trained[0] / "tiny")
    tokens = len(read_checkpoint(trained[1]).vocabulary)
    first, second, untrained = (torch.full((tokens, 2), value) for value in (2.0, 8.0, 1.0))
    second[:, 1] *= -1  # twice the direction (1, -1), brought to the norm of the first
    plain = static_table.finish(TINY, [first, second], untrained, corpus)
    torch.testing.assert_close(plain, torch.tensor([2.0, 0.0]).repeat(tokens, 1))
    blended = static_table.finish(dataclasses.replace(TINY, untrained_share=0.5), [second], untrained, corpus)
    torch.testing.assert_close(blended, torch.tensor([8.0, 0.0]).repeat(tokens, 1))
    damped = static_table.finish(dataclasses.replace(TINY, damping=0.5), [first], untrained, corpus)[:, 0]
    frequent, rare = (int(pick(corpus.counts(tokens)[0])) for pick in (np.argmax, np.argmin))
    assert damped[frequent] < damped[rare] < 2.0
