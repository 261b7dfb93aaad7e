"""Texts of a language from whatever folder holds them, split by a seed into train, dev and test."""

from __future__ import annotations

import gzip
import json
import lzma
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgezoo.errors import DataError

FIELDS = ("text", "content", "raw_content")  # of JSON lines: CulturaX and most others, OSCAR, RedPajama
KINDS = (".txt", ".jsonl", ".json")
COMPRESSED = (".xz", ".gz")


@dataclass(frozen=True)
class Split:
    """Texts to learn from, to choose by and to report on."""

    train: list[str]
    dev: list[str]
    test: list[str]


def read(data: Path, language: str) -> Iterator[str]:
    """Texts of `language`: of `data`/`language`.txt or .jsonl, and of all such files in `data`/`language`.

    Each may be compressed (.xz, .gz). A line of text is a text; of a line of JSON, its "text", "content" or
    "raw_content" is one. Raises DataError where there is no such file, or a line is not such JSON.
    """
    folder = data / language
    paths = [data / f"{language}{kind}{ending}" for kind in KINDS for ending in ("", *COMPRESSED)]
    if folder.is_dir():
        paths += sorted(folder.iterdir())
    found = [path for path in paths if path.is_file() and _kind(path) in KINDS]
    if not found:
        raise DataError(
            f"no texts of {language!r} in {data}; put {language}.txt there, a text a line, or "
            f'{language}.jsonl with "text" or "content", or a folder {language} of such files (.xz, .gz too)'
        )
    for path in found:
        yield from _texts(path)


def _kind(path: Path) -> str:
    return (path.with_suffix("") if path.suffix in COMPRESSED else path).suffix


def _open(path: Path) -> IO[str]:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="\n")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="\n")
    return open(path, encoding="utf-8", newline="\n")


def _texts(path: Path) -> Iterator[str]:
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if _kind(path) == ".txt":
                yield line.rstrip("\r\n")
                continue
            try:
                row = json.loads(line)
                yield next(row[field] for field in FIELDS if field in row)
            except (ValueError, TypeError, StopIteration) as error:
                raise DataError(f'{path}, line {number}: no JSON with "text" or "content"') from error


def balanced(texts: Sequence[str], characters: int, seed: int) -> list[str]:
    """A random choice of `texts` of just as many characters, the last one cut; DataError if too few."""
    chosen = []
    for text in random.Random(seed).sample(texts, len(texts)):
        chosen.append(text[:characters])
        characters -= len(text)
        if characters <= 0:
            return chosen
    raise DataError(f"the texts are {characters} characters too few to be balanced")


def split(texts: Sequence[str], holdout: float, seed: int) -> Split:
    """A random share `holdout` of the different texts, half for dev and half for test; the rest to train."""
    unique = list(dict.fromkeys(texts))
    random.Random(seed).shuffle(unique)
    half = max(1, round(len(unique) * holdout / 2))
    if len(unique) < 3 * half:
        raise DataError(f"{len(unique)} different texts are too few to hold out {holdout:.0%} of them")
    return Split(unique[2 * half :], unique[:half], unique[half : 2 * half])
