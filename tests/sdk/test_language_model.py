"""Scoring and generating through the SDK: figures to work out, seeds, stops, and errors that name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.errors import InputError
from tests.char_lstm import VOCABULARY, random_language_tensors, write_language_model

TEXT = "ˈkɑːt͡ʃɑ"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sdk.Model]:
    path = tmp_path_factory.mktemp("lm") / "small.ezb"
    write_language_model(path, random_language_tensors(seed=4))
    with sdk.load(path) as opened:
        yield opened


def test_summary_and_characters_agree(model: sdk.Model) -> None:
    short, long = model.score(TEXT), model.score(TEXT, detail="per_char", top_k=3)
    assert short.per_char == ()
    assert (short.loss, short.bits, short.perplexity) == (long.loss, long.bits, long.perplexity)
    assert [place.character for place in long.per_char] == [*TEXT, ""]
    assert long.characters == len(TEXT) + 1
    assert math.fsum(place.surprisal for place in long.per_char) == pytest.approx(long.surprisal)
    assert long.bits == pytest.approx(long.surprisal / long.characters)
    assert long.perplexity == pytest.approx(2**long.bits)
    for place in long.per_char:
        assert len(place.top) == 3
        assert place.top[0].probability >= place.top[1].probability >= place.top[2].probability
        same = [likely for likely in place.top if likely.character == place.character]
        assert not same or same[0].probability == pytest.approx(2**-place.surprisal, rel=1e-5)


def test_all_probabilities_of_a_place_sum_to_one(model: sdk.Model) -> None:
    place = model.score("a", detail="per_char", top_k=len(VOCABULARY)).per_char[0]
    assert sum(likely.probability for likely in place.top) == pytest.approx(1, abs=1e-4)
    assert len(place.top) == len(VOCABULARY)


def test_unknown_characters_are_reported(model: sdk.Model) -> None:
    found = model.score("kΩkΩ1", detail="per_char")
    assert found.unknown == ("Ω", "Ω", "1")
    assert [place.known for place in found.per_char] == [True, False, True, False, False, True]
    assert model.score("k").unknown == ()
    assert model.generate("kΩ", max_new_tokens=1).meta["unknown"] == ["Ω"]


def test_text_is_brought_to_nfc(model: sdk.Model) -> None:
    assert model.score("e\u0301").text == "\u00e9"
    assert model.score("e\u0301") == model.score("\u00e9")
    assert model.score("\ud800").unknown == ("\ufffd",)


def test_a_seed_gives_the_same_continuations(model: sdk.Model) -> None:
    settings: dict[str, Any] = {"max_new_tokens": 90, "temperature": 0.8, "seed": 5, "stop_on_eos": False}
    found = model.generate(TEXT, num_return_sequences=3, **settings)
    assert found == model.generate(TEXT, num_return_sequences=3, **settings)
    assert len({output.text for output in found.outputs}) == 3
    assert all(output.finish == "length" and output.characters == 90 for output in found.outputs)
    assert found.outputs[0] == model.generate(TEXT, **settings).outputs[0]
    assert found.text == "".join(model.stream(TEXT, **settings))
    assert model.generate("kɑ", **settings).text != found.text
    again = model.generate(TEXT, max_new_tokens=90)
    assert model.generate(TEXT, max_new_tokens=90, seed=again.meta["seed"]).text == again.text


def test_a_continuation_follows_its_prompt_as_a_score_says(model: sdk.Model) -> None:
    text = model.generate(TEXT, max_new_tokens=20, temperature=0, stop_on_eos=False).text
    places = model.score(TEXT + text, detail="per_char", top_k=5).per_char[len(TEXT) : -1]
    for place in places:
        shown = [likely.character for likely in place.top]
        assert place.character == next(c for c in shown if len(c) == 1)


def test_it_ends_where_the_model_or_the_caller_says(model: sdk.Model) -> None:
    ends = [model.generate(seed=seed, temperature=3, max_new_tokens=5000) for seed in range(3)]
    assert {found.outputs[0].finish for found in ends} == {"eos"}
    whole = model.generate(seed=1, max_new_tokens=300, stop_on_eos=False).text
    stop = whole[150:153]
    cut = model.generate(seed=1, max_new_tokens=300, stop_on_eos=False, stop_sequences=["Ω", stop])
    assert cut.outputs[0] == (whole[: whole.index(stop)], "stop", whole.index(stop))
    pieces = list(
        model.stream(seed=1, max_new_tokens=300, stop_on_eos=False, stop_sequences=[stop, stop + "Ω"])
    )
    assert "".join(pieces) == cut.text
    assert len(pieces) > 100


@pytest.mark.parametrize("top", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 0}])
def test_narrow_choices_are_the_likeliest(model: sdk.Model, top: dict[str, Any]) -> None:
    assert model.generate("k", max_new_tokens=40, seed=1, **top).text == (
        model.generate("k", max_new_tokens=40, seed=2, temperature=0).text
    )


def test_shares_follow_probabilities(model: sdk.Model) -> None:
    first = [
        output.text
        for output in model.generate("k", max_new_tokens=1, seed=3, num_return_sequences=1000).outputs
    ]
    likely = model.score("k", detail="per_char", top_k=len(VOCABULARY)).per_char[1].top
    allowed = sum(x.probability for x in likely if x.character not in ("[PAD]", "[UNK]", "[BOS]"))
    for character, probability in likely[:5]:
        share = probability / allowed
        assert first.count(character) / 1000 == pytest.approx(share, abs=4 * np.sqrt(share / 1000))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"max_new_tokens": 1.5}, "max_new_tokens"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": 0.001}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 0, "top_k": 3}, "leave out top_k"),
        ({"temperature": 0, "top_p": 0.5}, "leave out top_p"),
        ({"top_k": 0}, "top_k"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"stop_on_eos": 1}, "stop_on_eos"),
        ({"stop_sequences": "end"}, "stop_sequences"),
        ({"stop_sequences": ["end", ""]}, r"stop_sequences\[1\]"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"prompt": b"k"}, "prompt"),
    ],
)
def test_wrong_arguments_are_named(model: sdk.Model, arguments: dict[str, Any], named: str) -> None:
    for ask in (model.generate, model.stream):
        with pytest.raises(InputError, match=named):
            ask(**arguments)


def test_wrong_scores_and_numbers_are_named(model: sdk.Model) -> None:
    for arguments, named in (
        ({"text": ""}, "text is empty"),
        ({"text": 1}, "text must be a str"),
        ({"text": "a", "detail": "all"}, "detail"),
        ({"text": "a", "top_k": 2}, "top_k goes with"),
        ({"text": "a", "detail": "per_char", "top_k": 0}, "top_k"),
        ({"text": "a", "detail": "per_char", "top_k": 99}, "top_k"),
    ):
        with pytest.raises(InputError, match=named):
            model.score(**arguments)
    with pytest.raises(InputError, match="num_return_sequences"):
        model.generate(num_return_sequences=0)
    with pytest.raises(InputError, match="num_return_sequences"):
        model.generate(temperature=0, num_return_sequences=2)


def test_models_say_what_they_are(model: sdk.Model, tmp_path: Path) -> None:
    assert "a language model" in repr(model)
    with pytest.raises(InputError, match=r"use \.score or \.generate"):
        model.embed("a")
    with pytest.raises(InputError, match=r"use \.score or \.generate"):
        model.classify("a")
    with sdk.load("static-en-micro") as table, pytest.raises(InputError, match=r"no language model.*\.embed"):
        table.score("a")
    closed = sdk.load(write_language_model(tmp_path / "x.ezb", random_language_tensors()))
    closed.close()
    with pytest.raises(InputError, match="closed"):
        closed.generate("a")
