"""The short texts of a corpus: what a recurrent model learns most from for each second of training."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from edgezoo.zoo.datasets import files

FILE = "short.txt"
FEWEST_WORDS = 3


def build(directory: Path, longest: int, count: int) -> int:
    """Write `directory`/short.txt: the first `count` texts of 3 to `longest` words of its texts.txt.

    Returns how many there are. Does nothing but count where the file exists.
    """
    path = directory / FILE
    if not path.exists():
        chosen = (
            text
            for text in files.lines(directory / "texts.txt")
            if FEWEST_WORDS <= len(text.split()) <= longest
        )
        temporary = path.with_suffix(".partial")
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(text + "\n" for text in islice(chosen, count))
        os.replace(temporary, path)
    return sum(1 for _ in files.lines(path))
