"""The models that come with edgezoo: a folder of `models/` each, with the bundle and its card."""

import os
from dataclasses import dataclass
from typing import Any

from edgezoo.errors import ModelNotFoundError

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")


@dataclass(frozen=True)
class ModelEntry:
    """A model of the zoo; `size` is the bundle's, in bytes, tokenizer included.

    `dim` is 0 where it only classifies, `labels` are none where it only embeds.
    """

    name: str
    path: str
    family: str
    dim: int
    vocabulary_size: int
    size: int
    languages: tuple[str, ...]
    description: str
    labels: tuple[str, ...]


def names() -> list[str]:
    """The names of the zoo's models, sorted."""
    if not os.path.isdir(MODELS):
        return []
    return sorted(name for name in os.listdir(MODELS) if os.path.isfile(_bundle(name)))


def find(name: str) -> str:
    """The path of the bundle of the model `name`; raises ModelNotFoundError with the names that there are."""
    path = _bundle(name)
    if os.path.basename(name) == name and os.path.isfile(path):
        return path
    raise ModelNotFoundError(
        f"there is no model {name!r}{_suggestion(name)}; the zoo has: {', '.join(names())}"
    )


def precision(name: str) -> str:
    """The precision of the bundle of the model `name`, as its card has it; raises as `find` does."""
    find(name)
    return str(_card(name)["precision"])


def models() -> list[ModelEntry]:
    """The zoo's models with what their cards say, sorted by name."""
    return [_entry(name) for name in names()]


def _bundle(name: str) -> str:
    return os.path.join(MODELS, name, f"{name}.ezb")


def _entry(name: str) -> ModelEntry:
    card = _card(name)
    return ModelEntry(
        name=name,
        path=_bundle(name),
        family=card["family"],
        dim=card.get("dimension", 0),
        vocabulary_size=card["vocabulary_size"],
        size=os.path.getsize(_bundle(name)),
        languages=tuple(card["languages"]),
        description=card["description"],
        labels=tuple(card.get("architecture_settings", {}).get("labels", ())),
    )


def _card(name: str) -> dict[str, Any]:
    import json

    with open(os.path.join(MODELS, name, "card.json"), encoding="utf-8") as file:
        card: dict[str, Any] = json.load(file)
    return card


def _suggestion(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, names(), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
