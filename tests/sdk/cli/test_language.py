"""`edgezoo score` and `edgezoo generate` print what the SDK gives."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from edgezoo import sdk
from edgezoo.errors import InputError
from edgezoo.sdk.cli.app import app
from tests.char_lstm import random_language_tensors, write_language_model


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_language_model(tmp_path_factory.mktemp("lm") / "small.ezb", random_language_tensors()))


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception:
        raise result.exception
    return result.stdout


def test_score_prints_lines_of_json(path: str) -> None:
    lines = run("score", path, "--json", "--detail", "per_char", "--top-k", "2", "kɑΩ", "a").splitlines()
    first, second = map(json.loads, lines)
    with sdk.load(path) as model:
        expected = model.score("kɑΩ", detail="per_char", top_k=2)
    assert (first["bits"], first["unknown"]) == (expected.bits, ["Ω"])
    assert first["per_char"][0]["top"][1]["probability"] == expected.per_char[0].top[1].probability
    assert second["characters"] == 2


def test_score_prints_tables(path: str) -> None:
    with sdk.load(path) as model:
        found = model.score("kɑ", detail="per_char")
    assert f"{found.bits:.4f}" in run("score", path, "kɑ")
    table = run("score", path, "--detail", "per_char", "kɑ")
    assert all(f"{place.surprisal:.3f}" in table for place in found.per_char)


def test_generate_prints_what_the_seed_gives(path: str) -> None:
    with sdk.load(path) as model:
        found = model.generate("kɑ", max_new_tokens=30, seed=3, temperature=0.9, num_return_sequences=2)
    settings = ("kɑ", "-n", "30", "--seed", "3", "-t", "0.9")
    assert run("generate", path, *settings) == f"kɑ{found.text}\n"
    assert run("generate", path, *settings, "--num", "2").count("kɑ") >= 2
    lines = [
        json.loads(line) for line in run("generate", path, *settings, "--num", "2", "--json").splitlines()
    ]
    assert [line["text"] for line in lines] == [output.text for output in found.outputs]
    assert lines[0]["meta"]["seed"] == 3


def test_generate_refuses_what_the_sdk_refuses(path: str) -> None:
    result = CliRunner().invoke(app, ["generate", path, "prompt", "-t", "0", "--top-k", "3"])
    assert isinstance(result.exception, InputError)
    assert "temperature=0" in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["embed", "similarity", "classify"])
def test_what_a_language_model_cannot_do_is_refused_with_what_it_can(path: str, command: str) -> None:
    with pytest.raises(InputError, match=r"is a language model: use \.score or \.generate"):
        run(command, path, "kɑ", "a")
