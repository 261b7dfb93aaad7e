"""The recurrent recipes on a tiny teacher: what they leave, and that they export and run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from edgezoo import sdk
from edgezoo.errors import DataError, InputError
from edgezoo.exporters.flatbuffer import export_own
from edgezoo.zoo import recipes
from edgezoo.zoo.architectures.tiny_lstm import Shape, TinyLstm, restore
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.datasets.sentiment import LABELS
from edgezoo.zoo.lstm_training import Pace
from edgezoo.zoo.recipes import tiny_lstm
from edgezoo.zoo.recipes.sentences import Course, ragged, start
from edgezoo.zoo.recipes.sentiment import SentimentCourse
from edgezoo.zoo.recipes.sentiment_teacher import TeacherSettings
from edgezoo.zoo.recipes.tiny_lstm import Config
from edgezoo.zoo.training import Settings

ENCODER = Shape(hidden=32, dimension=32, salience=True, input_norm=True)
SENTIMENT = SentimentCourse(
    reviews=30, batch=32, held_out=20, teacher=TeacherSettings(rows=120, frozen=1, every=3)
)
TEXTS = ["the rain and snow", "cook soup with salt", "a", ""]


def configs(begin: str) -> dict[str, Config]:
    course = Course(start=begin, texts=500, clusters=3, settings=Settings(batch=32))
    pace = Pace(8, every=4, snapshot=4)
    return {
        "sts": Config("sts", "A test.", ENCODER, pace, start=begin, embedding=course),
        "sst2": Config(
            "sst2", "A test.", replace(ENCODER, dimension=0, labels=LABELS), pace, start=begin,
            sentiment=SENTIMENT, after="sts",
        ),
        "both": Config(
            "both", "A test.", replace(ENCODER, labels=LABELS), pace, start=begin, embedding=course,
            sentiment=SENTIMENT, after="sts",
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def trained(
    tiny_start: str, tiny_teacher: str, labelled_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Checkpoint directories by name; the work directory is "work"."""
    found = {"work": tmp_path_factory.mktemp("work")}
    for name, config in configs(tiny_start).items():
        found[name] = tmp_path_factory.mktemp(name)
        tiny_lstm.train(config, labelled_data, found["work"], found[name], tiny_teacher, quiet=True)
    return found


@pytest.mark.parametrize("name", ["sts", "sst2", "both"])
def test_a_checkpoint_is_whole_and_runs_in_the_engine(
    trained: dict[str, Path], tiny_start: str, name: str
) -> None:
    directory = trained[name]
    shape = configs(tiny_start)[name].shape
    weights = {key: tensor.float() for key, tensor in load_file(directory / "checkpoint.safetensors").items()}
    student = restore(TinyLstm(weights["embedding"], shape), weights).eval()
    tokens, lengths = ragged(start(tiny_start)[0], TEXTS)
    with torch.inference_mode(), sdk.load(str(export_own(directory))) as model:
        p, m = student.encode(tokens, lengths)
        if shape.dimension:
            np.testing.assert_allclose(model.embed(TEXTS), student(tokens, lengths).numpy(), atol=0.05)
        if shape.labels:
            expected = torch.softmax(student.classify(p, m), dim=1)[:, 1]
            found = [answer.probabilities["positive"] for answer in model.classify(TEXTS)]
            np.testing.assert_allclose(found, expected.numpy(), atol=0.05)
    assert (directory / "training.png").stat().st_size > 1000
    assert len((directory / "training.jsonl").read_text().splitlines()) == 2


def test_the_cards_say_what_was_learnt_and_measured(trained: dict[str, Path]) -> None:
    cards = {name: read_checkpoint(trained[name]).card for name in ("sts", "sst2", "both")}
    for name, card in cards.items():
        assert card["family"] == "tiny-lstm"
        assert card["texts"] > 0
        assert set(card["drift"]) == {"int8", "mixed", "int4"}
        assert card["reproduce"][0].startswith(f"edgezoo train {name}")
    assert cards["sts"]["architecture_settings"]["labels"] == []
    assert "dimension" not in cards["sst2"]
    assert [row["name"] for row in cards["sst2"]["data"]] == ["SST-2 train", "IMDB train, sentences"]
    assert {row["name"] for row in cards["both"]["data"]} > {row["name"] for row in cards["sst2"]["data"]}
    assert set(cards["both"]["dev"]) == {"stsb_dev", "held_out"}
    assert set(cards["sts"]["dev"]) == {"stsb_dev"}
    assert set(cards["sst2"]["dev"]) == {"held_out"}


def test_a_run_that_is_done_writes_the_same_again(
    trained: dict[str, Path], tiny_start: str, tiny_teacher: str, labelled_data: Path, tmp_path: Path
) -> None:
    config = configs(tiny_start)["sts"]
    tiny_lstm.train(config, labelled_data, trained["work"], tmp_path, tiny_teacher, quiet=True)
    for file in ("checkpoint.safetensors", "card.json"):
        assert (tmp_path / file).read_bytes() == (trained["sts"] / file).read_bytes()


def test_another_configuration_and_a_missing_beginning_are_refused(
    trained: dict[str, Path], tiny_start: str, tiny_teacher: str, labelled_data: Path, tmp_path: Path
) -> None:
    config = configs(tiny_start)["sst2"]
    with pytest.raises(DataError, match="another configuration"):
        tiny_lstm.train(replace(config, precision="int4"), labelled_data, trained["work"], tmp_path)
    with pytest.raises(DataError, match="edgezoo train nothing"):
        tiny_lstm.fresh(replace(config, after="nothing"), torch.zeros(9, 32), tmp_path)


def test_recipes_are_found_by_name_and_know_their_options(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="tinylstm-sts"):
        recipes.train("tinylstm-nothing", tmp_path, tmp_path)
    with pytest.raises(InputError, match="--weighting"):
        recipes.train("tinylstm-sts", tmp_path, tmp_path, weighting="zipf")
