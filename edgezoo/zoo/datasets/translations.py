"""Records: texts of every language, each beside the English text whose vector it should have.

A share of the English sentences is held out with all their translations, for retrieval.
"""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgezoo.zoo.datasets import files, multilingual
from edgezoo.zoo.datasets.multilingual import Translation

ENGLISH, TEXTS, NOTE = "english.txt", "records.txt", "records.npz"
KINDS = ("corpus", "recombined", "sentence", "word", "emoji", "slang")
CORPUS, RECOMBINED, SENTENCE, WORD, EMOJI, SLANG = range(len(KINDS))
HELD_OUT_PERCENT = 8
SHORTEST, LONGEST = 3, 250
SEED = 0


@dataclass(frozen=True)
class Records:
    """What is known of every text: the row of its English, its language (an index) and its kind."""

    english: NDArray[np.int64]
    language: NDArray[np.int16]
    kind: NDArray[np.int8]
    languages: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.english)


def held_out(english: str) -> bool:
    """Whether an English sentence is kept for retrieval, with its translations into every language."""
    return zlib.crc32(english.lower().encode()) % 100 < HELD_OUT_PERCENT


def build(data: Path, place: Path, corpus: Sequence[Path], most: int) -> int:
    """Write `place`/english.txt, records.txt and records.npz and return how many lines english.txt has.

    corpus: files of English texts that become records too, of the kinds CORPUS and RECOMBINED. Rows of
    records.npz count their lines, then those of english.txt: of the pairs' English sides that are not in the
    first of them, all words and up to `most` sentences. Pairs whose English is in none are left out. Does
    nothing where the files exist.
    """
    path = place / ENGLISH
    if not (place / NOTE).exists():
        place.mkdir(parents=True, exist_ok=True)
        texts = [list(files.lines(file)) for file in corpus]
        rows: dict[str, int] = {}
        for row, text in enumerate(texts[0]):
            rows.setdefault(text.lower(), row)
        before = sum(map(len, texts))
        added = [text for text in _english(data, most) if text.lower() not in rows]
        rows |= {text.lower(): before + row for row, text in enumerate(added)}
        _write_lines(path, added)
        _write_records(place, _own(texts), translated(data), rows)
    return sum(1 for _ in files.lines(path))


def read(place: Path) -> Records:
    """Read what `build` wrote."""
    with np.load(place / NOTE) as arrays:
        languages = tuple(json.loads(str(arrays["languages"])))
        return Records(arrays["english"], arrays["language"], arrays["kind"], languages)


def translated(data: Path) -> Iterator[tuple[Translation, int]]:
    """Every translation that is not held out, and its kind."""
    yield from ((pair, SENTENCE) for pair in multilingual.parallel(data) if not held_out(pair.english))
    yield from ((pair, WORD) for pair in multilingual.lexicon(data))
    yield from ((pair, EMOJI if pair.language == "emoji" else WORD) for pair in multilingual.emoji(data))
    yield from ((pair, SLANG) for pair in multilingual.slang())


def retrieval(data: Path) -> Iterator[Translation]:
    """The sentences that are held out."""
    return (pair for pair in multilingual.parallel(data) if held_out(pair.english))


def _english(data: Path, most: int) -> list[str]:
    """Distinct English sides: all words, and sentences of each language in turn, rare languages first."""
    sides: dict[str, dict[str, str]] = {}
    words: dict[str, str] = {}
    for pair, kind in translated(data):
        if kind != SENTENCE:
            words.setdefault(pair.english.lower(), pair.english)
        elif SHORTEST <= len(pair.english) <= LONGEST:
            sides.setdefault(pair.language, {}).setdefault(pair.english.lower(), pair.english)
    draw = random.Random(SEED)
    queues = []
    for _, texts in sorted(sides.items(), key=lambda item: (len(item[1]), item[0])):
        queue = list(texts.items())
        draw.shuffle(queue)
        queues.append(queue)
    chosen: dict[str, str] = {}
    while len(chosen) < most and any(queues):
        for queue in queues:
            if queue and len(chosen) < most:
                chosen.setdefault(*queue.pop())
    return list((words | chosen).values())


def _own(corpus: Sequence[Sequence[str]]) -> Iterator[tuple[str, int, int]]:
    """Text, row and kind of the English corpus."""
    row = 0
    for kind, texts in zip((CORPUS, RECOMBINED), corpus, strict=False):
        for text in texts:
            yield text, row, kind
            row += 1


def _write_records(
    place: Path,
    own: Iterable[tuple[str, int, int]],
    translations: Iterable[tuple[Translation, int]],
    rows: dict[str, int],
) -> None:
    english: list[int] = []
    kinds: list[int] = []
    spoken: list[int] = []
    languages = {"en": 0}
    seen: set[tuple[str, str]] = set()
    temporary = place / f"{TEXTS}.{os.getpid()}.tmp"

    def records() -> Iterator[tuple[str, str, int, int]]:
        yield from ((text, "en", row, kind) for text, row, kind in own)
        for pair, kind in translations:
            row = rows.get(pair.english.lower())
            if row is not None:
                yield pair.other, pair.language, row, kind
                yield pair.english, "en", row, kind

    with open(temporary, "w", encoding="utf-8", newline="\n") as file:
        for text, language, row, kind in records():
            if kind not in (CORPUS, RECOMBINED):
                if (language, text) in seen:
                    continue
                seen.add((language, text))
            file.write(text + "\n")
            english.append(row)
            kinds.append(kind)
            spoken.append(languages.setdefault(language, len(languages)))
    os.replace(temporary, place / TEXTS)
    partial = place / f"records.{os.getpid()}.tmp.npz"
    np.savez(
        partial,
        english=np.array(english, np.int64),
        language=np.array(spoken, np.int16),
        kind=np.array(kinds, np.int8),
        languages=json.dumps(list(languages)),
    )
    os.replace(partial, place / NOTE)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    temporary = path.with_suffix(".partial")
    with open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)
    os.replace(temporary, path)
