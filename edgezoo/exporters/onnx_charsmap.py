"""A normaliser as SentencePiece keeps it: what to put for each sequence of characters, the longest one first.

The rules are found by asking for NFKC and lower case, as `edgezoo.zoo.tokenizers.unigram` does. They are the
changes of every single character, of the characters that a composed one may be written with, and of Hebrew's
and Arabic's points in the orders that people type. What they cannot say is the order of any other marks that
no composed character has, and how many marks may follow a letter.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
from tokenizers.normalizers import NFC, NFKC, Lowercase
from tokenizers.normalizers import Sequence as NormalizerSequence

from edgezoo.zoo.tokenizers.unigram import WHITE_SPACE

_POINTS = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]
_HANGUL = range(0xAC00, 0xD7A4)
_LEADING, _VOWELS, _TRAILING = range(0x1100, 0x1113), range(0x1161, 0x1176), range(0x11A8, 0x11C3)
# The points of a script, and those of them that a letter has three of: one of each.
_POINTS_OF = (
    ((*range(0x05B0, 0x05BE), 0x05BF, 0x05C1, 0x05C2, 0x05C4, 0x05C5, 0x05C7),
     ((0x05C1, 0x05C2), (0x05BC,), (*range(0x05B0, 0x05BC), 0x05C7))),
    ((*range(0x064B, 0x0660), 0x0670), ((0x0651,), (*range(0x064B, 0x0651), 0x0652), (0x0670,))),
)  # fmt: skip
# A sequence ends at U+0000, which texts have as this; and so that this is free, two of U+FFFF for one.
NUL, NUL_RULES = "\uffff\ufffe", {"\uffff\ufffe": "B", "\uffff\uffff": "\uffff"}
_LEAF = -1  # the end of a key among the bytes that go on
_NEAR = 1024  # how far back a place in the array is looked for

Trie = dict[int, Any]  # of bytes, to tries; of _LEAF, to a number


@cache
def charsmap() -> bytes:
    """The rules as `NormalizerSpec.precompiled_charsmap`: a trie's size, the trie, the texts it leads to."""
    texts, root = bytearray(), Trie()
    places: dict[str, int] = {}
    for key, text in sorted(rules().items()):
        if text not in places:
            places[text] = len(texts)
            texts += text.encode() + b"\0"
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[_LEAF] = places[text]
    trie = double_array(root)
    return struct.pack("<I", len(trie)) + trie + bytes(texts)


def rules() -> dict[str, str]:
    """What becomes of each sequence of characters that changes."""
    found = _changed(_POINTS)
    found |= {chr(point): " " for low, high in WHITE_SPACE for point in range(low, high + 1)}
    del found[" "]
    return found | _changed(sorted({*_decomposed(), *_pointed()})) | NUL_RULES


def _changed(texts: list[str]) -> dict[str, str]:
    """Those that NFKC and lower case change, and into what; line feeds keep them apart."""
    normalizer = NormalizerSequence([NFKC(), Lowercase()])
    texts = [text for text in texts if text != "\n"]
    results = normalizer.normalize_str("\n".join(texts)).split("\n")
    return {text: result for text, result in zip(texts, results, strict=True) if text != result}


def _decomposed() -> Iterable[str]:
    """The ways to write a composed character in several, its marks in any order."""
    pairs, compose = {}, NFC()
    widths: dict[str, list[str]] = {}  # of a character, half and full
    for character in _POINTS:
        kind, *parts = unicodedata.decomposition(character).split() or [""]
        if kind in ("<narrow>", "<wide>") and len(parts) == 1:
            widths.setdefault(chr(int(parts[0], 16)), []).append(character)
        elif len(parts) == 1 and "<" not in kind and compose.normalize_str(character) == character:
            pairs[character] = (chr(int(kind, 16)), chr(int(parts[0], 16)))

    def ways(character: str) -> list[str]:
        first, second = pairs.get(character, ("", ""))
        return [character, *(way + second for way in (ways(first) if first else []))]

    for character in pairs:
        for way in ways(character)[1:]:
            yield from (way[0] + "".join(marks) for marks in permutations(way[1:]))
    for first, second in pairs.values():
        for some, other in product([first, *widths.get(first, [])], [second, *widths.get(second, [])]):
            yield some + other
    for leading, vowel in product(_LEADING, _VOWELS):
        yield chr(leading) + chr(vowel)
        yield from (chr(leading) + chr(vowel) + chr(trailing) for trailing in _TRAILING)
    for syllable, trailing in product(_HANGUL[:: len(_TRAILING) + 1], _TRAILING):
        yield chr(syllable) + chr(trailing)


def _pointed() -> Iterable[str]:
    """Two points on a letter, or three, in any order."""
    for points, three in _POINTS_OF:
        yield from (chr(first) + chr(second) for first, second in permutations(points, 2))
        for chosen in product(*three):
            yield from ("".join(map(chr, order)) for order in permutations(chosen))


def double_array(root: Trie) -> bytes:
    """A trie as the Darts-clone library reads it, 32 bits a unit.

    The children of a unit at place p lie at p ^ offset ^ byte, a leaf at p ^ offset; a unit holds its byte in
    bits 0-7, in bit 8 whether there is a leaf, its offset from bit 10 on. A leaf has bit 31, and its value.
    """
    units = np.zeros(1 << 21, dtype=np.uint32)
    used, bases = bytearray(len(units)), bytearray(len(units))
    used[0] = bases[0] = 1
    todo: list[tuple[int, Trie]] = [(0, root)]
    end = 1
    while todo:
        place, node = todo.pop()
        base = _free(max(1, end - _NEAR), [max(label, 0) for label in node], used, bases)
        bases[base] = 1
        units[place] |= (base ^ place) << 10 | (_LEAF in node) << 8
        for label, child in node.items():
            to = base ^ max(label, 0)
            used[to] = 1
            end = max(end, to + 1)
            if label == _LEAF:
                units[to] = child | 1 << 31
            else:
                units[to] = label
                todo.append((to, child))
    return units[: -(-end // 256) * 256].astype("<u4").tobytes()


def _free(place: int, labels: list[int], used: bytearray, bases: bytearray) -> int:
    """A base that no other unit has and with which the places of all labels are free, `place` or behind."""
    first, *others = labels
    while True:
        place = used.find(0, place)
        base = place ^ first
        if not bases[base] and not any(used[base ^ label] for label in others):
            return base
        place += 1
