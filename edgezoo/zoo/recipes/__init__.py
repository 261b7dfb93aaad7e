"""Recipes: how each model of the zoo is made. `train` finds a recipe by the name of its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgezoo.errors import InputError
from edgezoo.zoo.recipes import char_lstm, static_multilingual, static_table, tiny_lstm
from edgezoo.zoo.weighting import SCHEMES


def train(
    recipe: str,
    data: Path,
    out: Path,
    *,
    work: Path | None = None,
    teacher: str | None = None,
    weighting: str = "best",
    words: Sequence[Path] = (),
    quiet: bool = False,
) -> None:
    """Make the model `recipe` from the texts in `data` as a checkpoint directory `out`.

    work: directory of what the stages keep, by default `out`/work; recipes may share it. teacher: hub id or
    path of a sentence-transformers model. Of static tables, weighting: "uniform", "zipf", "tfidf", or the
    best of them on STS-B dev; words: *.txt files of terms for the vocabulary. Run again after an interruption
    and it goes on. Raises InputError for an unknown recipe or weighting or one that the recipe does not have,
    DataError where data are missing or do not fit what `work` holds.
    """
    if recipe in tiny_lstm.RECIPES:
        if weighting != "best" or words:
            raise InputError(
                f"{recipe} takes its tokens and their weights from {tiny_lstm.RECIPES[recipe].start}; "
                "leave out --weighting and --words"
            )
        tiny_lstm.train(tiny_lstm.RECIPES[recipe], data, work or out / "work", out, teacher, quiet)
        return
    if recipe in char_lstm.RECIPES:
        if weighting != "best" or words or teacher:
            raise InputError(
                f"{recipe} learns from texts alone; leave out --weighting, --words and --teacher"
            )
        char_lstm.train(char_lstm.RECIPES[recipe], data, work or out / "work", out, quiet)
        return
    multilingual = recipe in static_multilingual.RECIPES
    if recipe not in static_table.RECIPES and not multilingual:
        known = ", ".join(
            (*static_table.RECIPES, *static_multilingual.RECIPES, *tiny_lstm.RECIPES, *char_lstm.RECIPES)
        )
        raise InputError(f"there is no recipe {recipe!r}; choose one of: {known}")
    if weighting not in ("best", *SCHEMES):
        raise InputError(f"there is no weighting {weighting!r}; choose one of: best, {', '.join(SCHEMES)}")
    if multilingual:
        if words:
            raise InputError(f"{recipe} chooses its vocabulary by itself; leave out --words")
        chosen = replace(static_multilingual.RECIPES[recipe], weighting=weighting)
        static_multilingual.train(chosen, data, work or out / "work", out, teacher, quiet)
        return
    config = static_table.RECIPES[recipe]
    lists = (*config.vocabulary.lists, *(str(path.resolve()) for path in words))
    config = replace(config, weighting=weighting, vocabulary=replace(config.vocabulary, lists=lists))
    static_table.train(config, data, work or out / "work", out, teacher, quiet)
