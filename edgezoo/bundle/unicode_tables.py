"""Checks of a normaliser's tables, `unicode.*`: what they lead to must exist."""

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle import layout


class Refuse(Protocol):
    """Raises an error with the reason given."""

    def __call__(self, reason: str, /) -> NoReturn: ...


def check_tables(tables: Mapping[str, NDArray[Any]], refuse: Refuse) -> None:
    """Refuse pages, spans and code points that lie outside what they lead to; shapes are checked already."""
    if tables["unicode.pages"].max() >= len(tables["unicode.classes"]):
        refuse("unicode.pages leads outside unicode.classes")
    targets = _numbers(tables["unicode.targets"])
    if (
        targets.max() >= layout.CODE_POINTS
        or _numbers(tables["unicode.compositions"])[:, 2].max() >= layout.CODE_POINTS
    ):
        refuse("a table of the normaliser holds what is no code point")
    for name, longest in (
        ("unicode.decompositions", layout.MAX_DECOMPOSITION),
        ("unicode.lower", layout.MAX_LOWER),
    ):
        spans = _numbers(tables[name])[:, 1]
        counts = spans & 31
        if counts.min() == 0 or counts.max() > longest or ((spans >> 5) + counts).max() > len(targets):
            refuse(f"{name} leads outside unicode.targets")


def _numbers(table: NDArray[Any]) -> NDArray[np.int64]:
    """A table's rows as 32-bit numbers, widened so that sums of them don't overflow."""
    return np.ascontiguousarray(table).view("<u4").astype(np.int64)
