"""Text files, plain or xz-compressed, by one name; arrays that are whole where they exist."""

from __future__ import annotations

import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import DataError


def find(path: Path) -> Path | None:
    """`path` itself, or `path` + ".xz", or None where neither exists."""
    compressed = path.with_name(path.name + ".xz")
    return path if path.exists() else compressed if compressed.exists() else None


def lines(path: Path) -> Iterator[str]:
    """Lines of a UTF-8 file without their line feeds; only U+000A ends a line.

    `path` is given without ".xz". Raises DataError if neither the plain nor the compressed file exists.
    """
    found = find(path)
    if found is None:
        raise DataError(f"{path} (or {path.name}.xz) does not exist; give the data directory with --data")
    with (
        lzma.open(found, "rt", encoding="utf-8", newline="\n")
        if found.suffix == ".xz"
        else open(found, encoding="utf-8", newline="\n")
    ) as file:
        for line in file:
            yield line.rstrip("\n")


def save_array(path: Path, array: NDArray[Any]) -> None:
    """`np.save` under a temporary name, then renamed, so that a file that exists is whole."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        np.save(file, array)
    os.replace(temporary, path)
