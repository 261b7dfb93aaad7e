"""The delimiter table is sorted, disjoint, and what its docstring says it is."""

from __future__ import annotations

import itertools
import string
import unicodedata

from edgezoo.zoo.tokenizers.delimiters import DELIMITERS

POINTS = {point for low, high in DELIMITERS for point in range(low, high + 1)}
CJK = {*range(0x4E00, 0xA000), *range(0x3400, 0x4DC0), *range(0x20000, 0x2A6E0), *range(0x2A700, 0x2CEB0)}
CJK |= {*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)}


def test_ranges_are_sorted_disjoint_and_merged() -> None:
    assert all(low <= high for low, high in DELIMITERS)
    assert all(left[1] + 1 < right[0] for left, right in itertools.pairwise(DELIMITERS))


def test_every_ascii_symbol_is_a_delimiter_and_no_letter_digit_or_control_is() -> None:
    assert {point for point in POINTS if point < 128} == {ord(mark) for mark in string.punctuation}


def test_beyond_ascii_it_holds_punctuation_and_cjk_only() -> None:
    for point in POINTS - CJK:
        # A Python older than the table does not know every code point of it.
        assert point < 128 or unicodedata.category(chr(point)) in {
            "Pc",
            "Pd",
            "Pe",
            "Pf",
            "Pi",
            "Po",
            "Ps",
            "Cn",
        }
    assert CJK <= POINTS


def test_letters_symbols_spaces_and_emoji_are_not_delimiters() -> None:
    assert not POINTS & {ord(mark) for mark in "aéßжعこ한€°🙂\u00a0\u200d\u0301"}
