"""What character language models learn from and are judged by: texts by language, split, and their ids."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import corpora, turkic
from edgezoo.zoo.datasets.corpora import Split
from edgezoo.zoo.tokenizers import char

LONGEST_PART = 4096  # characters of an article that are read in one go
ENGLISH = "en"

# Where the texts come from, and on which terms, as the cards tell it.
_MIXED = "mixed, mostly CC (Common Voice: CC0); some without a licence file"
_CORPORA = "Common Voice, UD treebanks, NTREX, til-mt"
_MORE = {"kk": ", KazNERD, KazQAD, KazSAnDRA", "uz": ", uzbek-sentiment"}
SOURCES = {
    code: (f"{language.name}: {_CORPORA}{_MORE.get(code, '')} and others; in IPA by epitran", _MIXED)
    for code, language in turkic.LANGUAGES.items()
} | {ENGLISH: ("English Wikipedia, articles of at least 200 characters", "CC BY-SA 3.0")}


@dataclass(frozen=True)
class Holdout:
    """What decides which texts are held out, and which characters have an id."""

    languages: tuple[str, ...]
    min_frequency: int = 20
    holdout: float = 0.1
    seed: int = 1

    @classmethod
    def of_recipe(cls, recipe: Mapping[str, Any]) -> Holdout:
        """That of a recipe as a model's card has it; raises DataError where the card has none."""
        try:
            values = {name: recipe[name] for name in cls.__dataclass_fields__}
        except KeyError as error:
            raise DataError(
                f"the card's recipe lacks {error}: which texts were held out is not known"
            ) from None
        return cls(**{**values, "languages": tuple(values["languages"])})


@dataclass(frozen=True)
class Material:
    """The vocabulary with its manifest, and of each language the texts and their ids."""

    tokens: list[str]
    manifest: char.Manifest
    texts: dict[str, Split]

    def ids(self, language: str, part: str) -> list[NDArray[np.uint16]]:
        """Ids of the texts of "train", "dev" or "test"."""
        return char.encode(self.tokens, getattr(self.texts[language], part))


def texts(chosen: Holdout, data: Path, work: Path | None = None) -> dict[str, Split]:
    """The texts by language, articles to learn from in parts.

    Those in IPA are always of all six languages, because one vocabulary serves whatever a model's own are.
    work: where transliterated texts are kept; without one they are made anew, which takes minutes.
    Raises DataError where `data` lacks them.
    """
    if chosen.languages == (ENGLISH,):
        return {ENGLISH: _articles(chosen, data)}
    if work is not None:
        return turkic.corpus(data / "turkic", work / "ipa", chosen.holdout, chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        return turkic.corpus(data / "turkic", Path(folder), chosen.holdout, chosen.seed)


def material(chosen: Holdout, data: Path, work: Path | None = None) -> Material:
    """The texts with their ids; raises as `texts` does."""
    found = texts(chosen, data, work)
    train = [text for split in found.values() for text in split.train]
    held_out = [text for split in found.values() for text in (*split.dev, *split.test)]
    tokens = char.vocabulary(train, chosen.min_frequency)
    settings = (chosen.min_frequency, chosen.holdout, chosen.seed)
    return Material(tokens, char.manifest(tokens, train, held_out, *settings), found)


def sources(found: Material, languages: tuple[str, ...]) -> list[dict[str, Any]]:
    """What a card says of the texts that a model learnt from: names, licences, and how much of them."""
    return [
        {
            "name": SOURCES[language][0],
            "texts": len(found.texts[language].train),
            "characters": sum(map(len, found.texts[language].train)),
            "licence": SOURCES[language][1],
        }
        for language in languages
    ]


def _articles(chosen: Holdout, data: Path) -> Split:
    articles = [
        unicodedata.normalize("NFC", text) for text in corpora.read(data / "english", "wikipedia") if text
    ]
    split = corpora.split(articles, chosen.holdout, chosen.seed)
    return replace(split, train=[part for text in split.train for part in in_parts(text, LONGEST_PART)])


def in_parts(text: str, longest: int) -> list[str]:
    """`text` cut at ends of lines, where there are any, into parts of up to `longest` characters."""
    parts = []
    while len(text) > longest:
        end = text.rfind("\n", 1, longest) + 1 or longest
        parts.append(text[:end])
        text = text[end:]
    return [*parts, text]
