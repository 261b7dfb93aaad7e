"""Recipes: how each model of the zoo is made. `train` finds a recipe by the name of its model."""

from __future__ import annotations

from pathlib import Path

from edgezoo.errors import InputError
from edgezoo.zoo.recipes import static_table


def train(
    recipe: str,
    data: Path,
    out: Path,
    *,
    work: Path | None = None,
    teacher: str | None = None,
    quiet: bool = False,
) -> None:
    """Make the model `recipe` from the texts in `data` as a checkpoint directory `out`.

    work: directory of what the stages keep, by default `out`/work; recipes may share it. teacher: hub id or
    path of a sentence-transformers model. Run again after an interruption and it goes on. Raises InputError
    for an unknown recipe, DataError where data are missing or do not fit what `work` holds.
    """
    if recipe not in static_table.RECIPES:
        raise InputError(f"there is no recipe {recipe!r}; choose one of: {', '.join(static_table.RECIPES)}")
    static_table.train(static_table.RECIPES[recipe], data, work or out / "work", out, teacher, quiet)
