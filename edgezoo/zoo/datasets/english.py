"""English training text: where it comes from, under which licence, and how it becomes one file.

A data directory holds the files that `SOURCES` names (plain or `.xz`), any of which may be absent, and
any further `*.txt` of one's own, a text a line.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import files, sts

SHORTEST, LONGEST = 3, 600
SENTENCE_END = re.compile(r"(?<=[.!?])[\"”)]?\s+(?=[\"“(]?[A-Z0-9])")
WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Source:
    """A file of the data directory, its licence, and its texts."""

    name: str
    file: str
    licence: str
    read: Callable[[Path], Iterator[str]]


def wikipedia_sentences(path: Path) -> Iterator[str]:
    """Sentences of at least 15 characters of articles in JSON lines with a `text`."""
    for line in files.lines(path):
        for paragraph in json.loads(line)["text"].split("\n"):
            if len(paragraph) >= 15:
                yield from (part for part in SENTENCE_END.split(paragraph) if len(part) >= 15)


def column(index: int) -> Callable[[Path], Iterator[str]]:
    """Reader of one tab-separated column."""

    def read(path: Path) -> Iterator[str]:
        for line in files.lines(path):
            columns = line.split("\t")
            if len(columns) > index:
                yield columns[index]

    return read


def sentences_of_pairs(path: Path) -> Iterator[str]:
    """Every column that is a sentence (a blank within, more than 8 characters), not a label or a name."""
    for line in files.lines(path):
        yield from (text for text in line.split("\t") if len(text) > 8 and " " in text)


def glosses(path: Path) -> Iterator[str]:
    """The `definition` column of a WordNet table with a header row."""
    texts = column(2)(path)
    next(texts, None)
    yield from texts


SOURCES = (
    Source(
        "sentences",
        "english/sentences.txt",
        "podcast transcripts, SGD, trivia questions, query well-formedness, UD-EWT, SNLI: CC BY-SA 4.0; "
        "indian-parallel-corpora: CC BY-SA 3.0; Taskmaster, Open English WordNet, textbooks: CC BY 4.0; "
        "CLINC150: CC BY 3.0; Common Voice: CC0; novels: public domain",
        files.lines,
    ),
    Source("wikipedia", "english/wikipedia.jsonl", "CC BY-SA 3.0", wikipedia_sentences),
    Source(
        "parallel, English side",
        "multilingual/parallel.tsv",
        "Tatoeba: CC BY 2.0 FR; tldr pages: CC BY 4.0; indian-parallel-corpora: CC BY-SA 3.0; "
        "small_parallel_enja (Tanaka): CC BY 2.0 FR; TICO-19: CC0; MLQE: CC BY-SA 4.0",
        column(2),
    ),
    Source("indic-en-4refs", "english/pairs/indic-en-4refs.tsv", "CC BY-SA 3.0", sentences_of_pairs),
    Source("wikisplit", "english/pairs/wikisplit-pairs.tsv", "CC BY-SA 4.0", sentences_of_pairs),
    Source("snli dev/test", "english/pairs/snli-dev-test.tsv", "CC BY-SA 4.0", sentences_of_pairs),
    Source("tatoeba-eng-eng", "english/pairs/tatoeba-eng-eng.tsv", "CC BY 2.0 FR", sentences_of_pairs),
    Source("bible-en-versions", "english/pairs/bible-en-versions.tsv", "public domain", sentences_of_pairs),
    Source("oewn-glosses", "english/pairs/oewn-glosses.tsv", "CC BY 4.0", glosses),
)


def sources(data: Path) -> list[Source]:
    """The known sources that `data` holds, then its own `*.txt`. Raises DataError if there are none."""
    found = [source for source in SOURCES if files.find(data / source.file)]
    own = sorted({path.name.removesuffix(".xz") for path in (*data.glob("*.txt"), *data.glob("*.txt.xz"))})
    found += [Source(name.removesuffix(".txt"), name, "not stated", files.lines) for name in own]
    if not found:
        known = ", ".join(source.file for source in SOURCES)
        raise DataError(f"no training text in {data}; put a *.txt there, a text a line, or any of {known}")
    return found


def normalised(text: str) -> str:
    """Words in lower case with single blanks: what counts as the same sentence in decontamination."""
    return " ".join(WORDS.findall(text.lower()))


def build(data: Path, directory: Path, seed: int = 1) -> None:
    """Write `directory`/texts.txt (deduplicated, shuffled, a text a line) and sources.json beside it.

    Texts have 3 to 600 characters with white space runs made one blank. A text that equals an evaluation
    sentence after `normalised` is left out. Texts are deduplicated without regard to case, and counted for
    the first source that has them. Does nothing where the file exists. Raises DataError on missing data.
    """
    path = directory / "texts.txt"
    if path.exists():
        return
    held_out = {normalised(text) for text in sts.evaluation_sentences(data)}
    seen: set[str] = set()
    texts: list[str] = []
    rows: list[dict[str, str | int]] = []
    for source in sources(data):
        before = len(texts)
        for line in source.read(data / source.file):
            text = " ".join(line.split())
            if not SHORTEST <= len(text) <= LONGEST or text.lower() in seen:
                continue
            words = normalised(text)
            if words and words not in held_out:
                seen.add(text.lower())
                texts.append(text)
        rows.append({"name": source.name, "texts": len(texts) - before, "licence": source.licence})
    random.Random(seed).shuffle(texts)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sources.json").write_text(
        json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    temporary = path.with_suffix(".partial")
    temporary.write_text("\n".join(texts) + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, path)
