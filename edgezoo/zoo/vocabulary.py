"""Choice of a WordPiece vocabulary: whole words by blended frequency, pieces for all the others.

A bag of words is best when a word is one row, so most of the vocabulary is whole words. Pieces are the
remainders that greedy matching leaves of the words that did not get in.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from pathlib import Path

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import files
from edgezoo.zoo.tokenizers.wordpiece import (
    CONTINUATION,
    LOWER_ASCII,
    SPECIAL_TOKENS,
    WHITE_SPACE,
    python_delimiter_class,
)

WORD = re.compile(f"{python_delimiter_class()}|(?:(?!{python_delimiter_class()})[^{WHITE_SPACE}])+")
LISTS = ("hashtags", "domains")
SPACES = "\u00a0\u2002\u2003\u2009\u200a\u200b\u200c\u200d\u202f\u2060\u3000\ufeff\ufe0f"
SYMBOLS = "£€¥©®™°±×÷½¼¾²³µ→←•"
COMBINING = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030c\u0327\u0328"
GREEK = "αβγδεζηθικλμνξοπρστυφχψωΔΣΩ"


@dataclass(frozen=True)
class VocabularyConfig:
    """How large a vocabulary is and what it must hold."""

    size: int
    piece_share: float = 0.1
    emoji: int = 480
    last_letter: int = 0x17F
    lists: tuple[str, ...] = LISTS


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Occurrences of each pre-tokenized word or delimiter, ASCII lower-cased."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(WORD.findall(text.translate(LOWER_ASCII)))
    return counts


def general_frequencies() -> dict[str, float]:
    """Frequency of English words in general use, from the `wordfreq` package (CC BY-SA 4.0).

    Its numbers are bins with the digits replaced by 0, so words with two digits or more are left out.
    """
    from wordfreq import get_frequency_dict

    frequencies: dict[str, float] = {}
    for entry, frequency in get_frequency_dict("en", wordlist="large").items():
        if sum(map(str.isdigit, entry)) < 2:
            for word in WORD.findall(entry.translate(LOWER_ASCII)):
                frequencies[word] = frequencies.get(word, 0.0) + frequency
    return frequencies


def blend(counts: Mapping[str, int], frequencies: Mapping[str, float]) -> dict[str, float]:
    """Mean of the corpus's own relative frequencies and the general ones."""
    total, general = sum(counts.values()), sum(frequencies.values())
    return {
        word: 0.5 * counts.get(word, 0) / total + 0.5 * frequencies.get(word, 0.0) / general
        for word in chain(counts, (word for word in frequencies if word not in counts))
    }


def emoji_code_points(frequencies: Mapping[str, float], limit: int) -> list[str]:
    """The most frequent code points of emoji, joiners and skin tones included."""
    import emoji

    points: dict[str, float] = {}
    for word, frequency in frequencies.items():
        if emoji.is_emoji(word):
            for point in word:
                points[point] = points.get(point, 0.0) + frequency
    return sorted(points, key=lambda point: -points[point])[:limit]


def listed_words(name: str) -> list[str]:
    """Words of a list: a name in edgezoo/zoo/vocabularies, or the path of a *.txt; # begins a comment line.

    Raises DataError if a path does not exist.
    """
    shipped = resources.files("edgezoo.zoo") / "vocabularies" / f"{name}.txt"
    lines = (
        files.lines(Path(name)) if name.endswith(".txt") else shipped.read_text(encoding="utf-8").splitlines()
    )
    words = (line.translate(LOWER_ASCII) for line in lines if not line.startswith("#"))
    return [word for line in words for word in WORD.findall(line)]


def alphabet(last_letter: int) -> list[str]:
    """Code points in words: ASCII and Latin letters up to `last_letter`, digits, symbols, spaces."""
    letters = [chr(point) for point in range(0x21, last_letter + 1)]
    letters = [mark for mark in letters if unicodedata.category(mark)[0] in "LN" and not "A" <= mark <= "Z"]
    return letters + [mark for mark in SYMBOLS + SPACES + COMBINING + GREEK if mark not in letters]


def remainder(word: str, words: Container[str], limit: int = 24) -> str:
    """What greedy longest-prefix matching leaves of `word` after its first piece."""
    for end in range(min(len(word) - 1, limit), 0, -1):
        if word[:end] in words:
            return word[end:]
    return ""


def suffix_pieces(frequencies: Mapping[str, float], words: set[str], count: int) -> list[str]:
    """The `count` continuations, without their prefix ##, that save most pieces in words outside `words`.

    A remainder competes with all its own prefixes, so that long ones which recur win over single letters.
    """
    gains: dict[str, float] = {}
    for word, frequency in frequencies.items():
        if word not in words:
            rest = remainder(word, words)
            for end in range(2, min(len(rest), 12) + 1):
                whole = 1.0 if end == len(rest) else 0.3
                gains[rest[:end]] = gains.get(rest[:end], 0.0) + frequency * (end - 1) * whole
    return sorted(gains, key=lambda piece: (-gains[piece], piece))[:count]


def choose(
    counts: Mapping[str, int], frequencies: Mapping[str, float], config: VocabularyConfig
) -> list[str]:
    """Tokens in descending frequency after the special ones: hot rows lie together in memory.

    counts: of `count_words`; frequencies: of `general_frequencies`. May be shorter than `config.size`
    where the texts have fewer words. Raises DataError where it is too small for what it must hold.
    """
    blended = blend(counts, frequencies)
    marks = [chr(point) for point in range(0x21, 0x7F) if not chr(point).isalnum()] + list("…–—‘’“”«»¿¡§¶·")
    letters = alphabet(config.last_letter)
    letters += [point for point in emoji_code_points(frequencies, config.emoji) if point not in letters]
    listed = [word for name in config.lists for word in listed_words(name)]
    fixed = dict.fromkeys([*marks, *letters, *(CONTINUATION + mark for mark in letters), *listed])
    known = set(letters) | set(marks)
    usable = {word: share for word, share in blended.items() if len(word) <= 40 and known.issuperset(word)}
    ranked = sorted(usable, key=lambda word: (-usable[word], word))
    pieces = int(config.size * config.piece_share)
    room = config.size - len(SPECIAL_TOKENS) - len(fixed) - pieces
    if room < 0:
        raise DataError(
            f"a vocabulary of {config.size} has no room for the {len(fixed)} characters, emoji and words "
            "that it must hold; allow more tokens or fewer of these"
        )
    words = [word for word in ranked if word not in fixed][:room]
    chosen = set(words) | set(fixed)
    tails = [CONTINUATION + piece for piece in suffix_pieces(usable, chosen, pieces)]
    tokens = dict.fromkeys([*fixed, *words, *tails])
    order = sorted(tokens, key=lambda token: (-usable.get(token, 0.0), token))
    return [*SPECIAL_TOKENS, *order]
