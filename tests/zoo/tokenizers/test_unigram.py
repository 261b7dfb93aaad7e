"""The Unigram's definition: what it makes of text, and that its costs keep what the engine counts on."""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path

import pytest

from edgezoo.errors import DataError
from edgezoo.zoo.tokenizers.marks import MARKS
from edgezoo.zoo.tokenizers.unigram import (
    FIXED_TOKENS,
    MAX_COST,
    MAX_MARKS,
    PUNCTUATION,
    WHITE_SPACE,
    build_tokenizer,
    check_definition,
    costs_of,
    normalizer,
    settle_costs,
)

LETTERS = "abcdefghij"


def words(text: str) -> list[str]:
    """What a text is cut into, before words are split."""
    tokenizer = build_tokenizer([*FIXED_TOKENS, "a"], [MAX_COST] * (len(FIXED_TOKENS) + 1))
    normal = tokenizer.normalizer.normalize_str(text)
    return [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop!", ["don", "'", "t", "stop", "!"]),
        ("NAI\u0308VE\u00a0Straße ½", ["naïve", "straße", "1⁄2"]),
        ("#HappyBirthday @you", ["#", "happybirthday", "@", "you"]),
        ("我喜欢猫。ﾈｺ", ["我喜欢猫", "。", "ネコ"]),
        ("a\u200bb\ufeffc\td", ["a", "b", "c", "d"]),
        ("x" * 130, ["x" * 64, "x" * 64, "xx"]),
        ("", []),
    ],
)
def test_a_text_is_normalised_and_cut_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_only_the_first_marks_of_a_run_stay() -> None:
    text = normalizer().normalize_str("q" + "\u0301" * 50 + "q\u0301")
    assert text == "q" + "\u0301" * MAX_MARKS + "q\u0301"


def test_marks_are_what_python_knows_as_such() -> None:
    """Of those characters that Unicode had when the table was made."""
    listed = {point for low, high in MARKS for point in range(low, high + 1)}
    for point in range(0x110000):
        character = chr(point)
        if unicodedata.combining(character) and unicodedata.unidata_version == "14.0.0":
            assert point in listed, hex(point)
    for point in listed:
        assert all(map(unicodedata.combining, unicodedata.normalize("NFKD", chr(point)))), hex(point)


def test_no_character_is_both_space_and_punctuation() -> None:
    spaces = {point for low, high in WHITE_SPACE for point in range(low, high + 1)}
    assert not any(point in spaces for low, high in PUNCTUATION for point in range(low, high + 1))


def test_settled_costs_make_every_token_the_cheapest_way_to_write_itself() -> None:
    draw = random.Random(3)
    pieces = {"".join(draw.choices(LETTERS, k=draw.randrange(2, 7))) for _ in range(300)}
    vocabulary = [*FIXED_TOKENS, *LETTERS, *sorted(pieces)]
    costs = [MAX_COST] * len(FIXED_TOKENS) + [
        draw.randrange(20, 256) for _ in vocabulary[len(FIXED_TOKENS) :]
    ]
    settled = settle_costs(vocabulary, costs)
    assert settled != costs
    assert all(after <= before for after, before in zip(settled, costs, strict=True))
    tokenizer = build_tokenizer(vocabulary, settled)
    assert all(tokenizer.encode(token).tokens == [token] for token in vocabulary[len(FIXED_TOKENS) :])


def test_costs_come_back_from_the_scores(tmp_path: Path) -> None:
    vocabulary, costs = [*FIXED_TOKENS, "a", "b"], [*[MAX_COST] * len(FIXED_TOKENS), 0, 137]
    path = tmp_path / "tokenizer.json"
    build_tokenizer(vocabulary, costs).save(str(path))
    stored = json.loads(path.read_text())["model"]["vocab"]
    assert costs_of([token for token, _ in stored], [score for _, score in stored]) == costs
    check_definition(path, vocabulary, costs)
    with pytest.raises(DataError, match="multiples"):
        costs_of(["a"], [-1.03])


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("normalizer", {"type": "NFKC"}),
        ("pre_tokenizer", {"type": "WhitespaceSplit"}),
        ("model", {"vocab": []}),
    ],
)
def test_a_tokenizer_that_the_engine_would_not_match_is_refused(
    tmp_path: Path, part: str, value: dict[str, object]
) -> None:
    vocabulary, costs = [*FIXED_TOKENS, "a"], [MAX_COST] * (len(FIXED_TOKENS) + 1)
    definition = json.loads(build_tokenizer(vocabulary, costs).to_str())
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({**definition, part: {**definition[part], **value}}))
    with pytest.raises(DataError, match=part):
        check_definition(path, vocabulary, costs)


@pytest.mark.parametrize(
    ("vocabulary", "costs", "reason"),
    [
        (["a"], [1], "begin"),
        ([*FIXED_TOKENS, "a"], [1], "cost"),
        ([*FIXED_TOKENS, "a"], [256] * 261, "cost"),
        ([*FIXED_TOKENS, "a", "a"], [1] * 262, "twice"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_named(
    vocabulary: list[str], costs: list[int], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        build_tokenizer(vocabulary, costs)
