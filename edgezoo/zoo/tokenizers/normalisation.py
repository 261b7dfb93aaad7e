"""NFKC and lower case as tables for the engine, found by asking `tokenizers` itself about every code point.

So they are of whatever Unicode version that library has, and ids are equal by construction.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers.normalizers import NFC, NFD, NFKC, NFKD, Lowercase

from edgezoo.zoo.tokenizers.marks import MARKS
from edgezoo.zoo.tokenizers.unigram import PUNCTUATION, WHITE_SPACE, Ranges

PAGE = 128
POINTS = 0x110000
CHANGES, JOINS, CASED, SPACE, DELIMITER, MARK = (1 << bit for bit in range(6))
HANGUL = range(0xAC00, 0xD7A4)
# Jamo that follow another are composed with it by arithmetic.
_JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))

Tables = dict[str, NDArray[np.uint8]]


def tables() -> Tables:
    """The tensors `unicode.*` of a bundle, uint8 [rows, width] each; SPECIFICATION.md explains them."""
    characters = [chr(point) for point in range(POINTS) if not 0xD800 <= point < 0xE000]
    decomposed = _changes(characters, NFKD())
    canonical = _changes(characters, NFD())
    composed = _changes(characters, NFKC())
    lower = _changes(characters, Lowercase())
    combining = _combining(MARKS)
    pairs = _compositions(canonical)
    second = {pair[1] for pair in pairs} | set(_JAMO) | set(combining)
    mapping = {point: text for point, text in decomposed.items() if point not in HANGUL}
    joins = {point for point, text in mapping.items() if ord(text[0]) in second} | second
    targets: list[int] = []
    pages, classes = _classes(
        (
            (CHANGES, composed),
            (JOINS, joins),
            (CASED, lower),
            (SPACE, _points(WHITE_SPACE)),
            (DELIMITER, _points(PUNCTUATION)),
            (MARK, _points(MARKS)),
        )
    )
    return {
        "unicode.pages": pages,
        "unicode.classes": classes,
        "unicode.decompositions": _mapping(mapping, targets),
        "unicode.lower": _mapping(lower, targets),
        "unicode.compositions": _numbers([(*pair, made) for pair, made in sorted(pairs.items())]),
        "unicode.combining": _numbers([(point << 8 | rank,) for point, rank in sorted(combining.items())]),
        "unicode.targets": _numbers([(point,) for point in targets]),
    }


def _changes(characters: list[str], normalizer: NFC | NFD | NFKC | NFKD | Lowercase) -> dict[int, str]:
    """What a normalizer makes of each character that it changes; line feeds keep them apart."""
    found = normalizer.normalize_str("\n".join(characters)).split("\n\n\n")
    assert len(found) == 2  # the line feed itself
    before, after = found[0].split("\n"), found[1].split("\n")
    results = [*before, "\n", *after]
    return {
        ord(character): text for character, text in zip(characters, results, strict=True) if character != text
    }


def _combining(ranges: Ranges) -> dict[int, int]:
    """The combining class of every code point that the library reorders.

    Classes never change once given, so Python's serve; but a library of an older Unicode does not know all.
    """
    points = [point for point in _points(ranges) if unicodedata.combining(chr(point))]
    # Class 1 goes before all others, class 240 behind them.
    lowest, highest = "\u0334", "\u0345"
    before = NFD().normalize_str("\n".join("a" + chr(point) + lowest for point in points)).split("\n")
    after = NFD().normalize_str("\n".join("a" + highest + chr(point) for point in points)).split("\n")
    known = {}
    for point, first, last in zip(points, before, after, strict=True):
        if first[1] == lowest or last[1] != highest or chr(point) in (lowest, highest):
            known[point] = unicodedata.combining(chr(point))
    return known


def _compositions(canonical: dict[int, str]) -> dict[tuple[int, int], int]:
    """Each pair of code points that NFC makes one of, Hangul left out."""
    compose = NFC()
    pairs = {}
    for point, text in canonical.items():
        if point in HANGUL or len(text) < 2 or compose.normalize_str(chr(point)) != chr(point):
            continue
        for first in {compose.normalize_str(text[:-1]), text[0]}:
            rest = text[len(NFD().normalize_str(first)) :]
            second = rest if len(rest) == 1 else ""
            if len(first) == 1 and second and compose.normalize_str(first + second) == chr(point):
                pairs[ord(first), ord(second)] = point
    return pairs


def _points(ranges: Ranges) -> list[int]:
    return [point for low, high in ranges for point in range(low, high + 1)]


def _classes(
    members: Iterable[tuple[int, Iterable[int]]],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bits of each code point in two stages: the row of each page of 128, uint8 [8704, 1], and the rows."""
    bits = np.zeros(POINTS, np.uint8)
    for bit, points in members:
        bits[np.fromiter(points, np.int64)] |= bit
    rows, pages = np.unique(bits.reshape(-1, PAGE), axis=0, return_inverse=True)
    assert len(rows) <= 256
    return pages.reshape(-1, 1).astype(np.uint8), rows


def _mapping(mapping: dict[int, str], targets: list[int]) -> NDArray[np.uint8]:
    """Rows of code point and span (where its targets begin << 5 | how many); adds to `targets`."""
    rows = []
    for point, text in sorted(mapping.items()):
        rows.append((point, len(targets) << 5 | len(text)))
        targets.extend(map(ord, text))
    return _numbers(rows)


def _numbers(rows: Sequence[tuple[int, ...]]) -> NDArray[np.uint8]:
    """Rows of 32-bit numbers as bytes, little-endian."""
    return np.array(rows, "<u4").view(np.uint8)
