"""Short sentences made of parts of others, in groups that share half their words or all but one.

Corpora hold few sentences so alike, yet telling them apart is what similarity is about: the teacher's vectors
of such groups show a bag of words how much each word of a sentence weighs.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgezoo.atomic import write_bytes
from edgezoo.zoo.datasets import english, files, sts

FILE = "recombined.txt"
GROUP = 4
FEWEST_WORDS, MOST_WORDS = 4, 16
CONTENT_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True)
class Recombination:
    """How many groups are made of the short sentences of one of `english.SOURCES`."""

    source: str
    groups: int


def short_sentences(data: Path, source: str, held_out: set[str]) -> list[str]:
    """Different sentences of 4 to 16 words of a source, in its order; none where `data` lacks it."""
    readers = [known for known in english.SOURCES if known.name == source]
    found = {
        " ".join(text.split()): None
        for known in readers
        if files.find(data / known.file)
        for text in known.read(data / known.file)
        if FEWEST_WORDS <= len(text.split()) <= MOST_WORDS and english.normalised(text) not in held_out
    }
    return list(found)


def halves(text: str, draw: random.Random) -> tuple[list[str], list[str]]:
    """The words of a text, cut in two near the middle; neither part is empty."""
    words = text.split()
    middle = len(words) // 2
    cut = draw.randint(max(1, middle - 1), min(len(words) - 1, middle + 1))
    return words[:cut], words[cut:]


def replace_word(text: str, replacement: str, draw: random.Random) -> str:
    """The text with one of its longer words replaced; the same text if it has none."""
    places = list(CONTENT_WORD.finditer(text))
    if not places:
        return text
    place = draw.choice(places)
    return text[: place.start()] + replacement + text[place.end() :]


def recombine(texts: Sequence[str], groups: int, seed: int) -> Iterator[list[str]]:
    """`groups` groups of four: a text, with another's second half, another's first half, another word."""
    draw = random.Random(seed)
    words = [word for text in texts for word in CONTENT_WORD.findall(text)] or ["thing"]
    for number in range(groups if texts else 0):
        text = texts[number % len(texts)]
        begin, end = halves(text, draw)
        other_end = halves(draw.choice(texts), draw)[1]
        other_begin = halves(draw.choice(texts), draw)[0]
        yield [
            text,
            " ".join(begin + other_end),
            " ".join(other_begin + end),
            replace_word(text, draw.choice(words), draw),
        ]


RECOMBINATIONS = (Recombination("snli dev/test", 60_000),)


def build(data: Path, directory: Path, seed: int = 1) -> int:
    """Write `directory`/recombined.txt, a text a line and groups together, and return how many texts it has.

    A group with an evaluation sentence in it is left out. Does nothing where the file exists.
    """
    path, note = directory / FILE, directory / "recombined.json"
    if not note.exists():
        held_out = {english.normalised(text) for text in sts.evaluation_sentences(data)}
        made = [
            group
            for recombination in RECOMBINATIONS
            for group in recombine(
                short_sentences(data, recombination.source, held_out), recombination.groups, seed
            )
            if held_out.isdisjoint(map(english.normalised, group))
        ]
        directory.mkdir(parents=True, exist_ok=True)
        write_bytes(path, "".join(text + "\n" for group in made for text in group).encode())
        write_bytes(note, json.dumps({"texts": GROUP * len(made)}).encode())
    return int(json.loads(note.read_text(encoding="utf-8"))["texts"])


def sources(directory: Path) -> list[dict[str, str | int]]:
    """What `build` wrote, as a row of a card's table of data; none where it found nothing to recombine."""
    count = int(json.loads((directory / "recombined.json").read_text(encoding="utf-8"))["texts"])
    names = ", ".join(recombination.source for recombination in RECOMBINATIONS)
    return [{"name": f"recombined: {names}", "texts": count, "licence": "as the source"}] if count else []
