from typing import Any

import pytest

from edgezoo.zoo.markdown import cell, prose_and_tables, render


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.123456789, "0.123457"),
        ("a|b\nc", "a\\|b c"),
        ([1, "x"], "1, x"),
        ([], "–"),
    ],
)
def test_a_value_in_a_cell(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"a": 1, "b": {"c": 2}}, ["|  |  |", "| --- | --- |", "| a | 1 |", "| b.c | 2 |"]),
        ({"x": {"s": 1}, "y": {"s": 2}}, ["|  | S |", "| --- | --- |", "| x | 1 |", "| y | 2 |"]),
        ([{"a_b": 1}, {"c": 2}], ["| A b | C |", "| --- | --- |", "| 1 | – |", "| – | 2 |"]),
        (["one", "two"], ["- one", "- two"]),
        ("text", ["text"]),
    ],
)
def test_the_shape_decides(value: Any, lines: list[str]) -> None:
    assert render(value).splitlines() == lines


def test_strings_stand_beside_tables() -> None:
    assert prose_and_tables({"note": "Short.", "runs": [{"a": 1}]}) == ["Short.", "| A |\n| --- |\n| 1 |"]
    assert prose_and_tables([{"a": 1}]) == ["| A |\n| --- |\n| 1 |"]
