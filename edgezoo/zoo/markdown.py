"""JSON as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any


def render(value: Any) -> str:
    """Any JSON as Markdown: tables where the shape allows, else lists."""
    if (
        isinstance(value, Mapping)
        and value
        and all(_is_flat(item) for item in value.values())
        and _alike(value)
    ):
        columns = list(dict.fromkeys(key for item in value.values() for key in item))
        return table(
            ["", *map(title, columns)], [[key, *_cells(item, columns)] for key, item in value.items()]
        )
    if isinstance(value, Mapping):
        return table(["", ""], _dotted(value))
    if isinstance(value, list) and value and all(_is_flat(item) for item in value):
        columns = list(dict.fromkeys(key for item in value for key in item))
        return table(list(map(title, columns)), [_cells(item, columns) for item in value])
    if isinstance(value, list):
        return "\n".join(f"- {cell(item)}" for item in value) or "–"
    return cell(value)


def _is_flat(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(isinstance(item, Mapping) for item in value.values())


def _alike(value: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the members have a key in common, so that a table of them makes sense."""
    return bool(set.intersection(*(set(item) for item in value.values())))


def _dotted(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, item in value.items():
        rows += (
            _dotted(item, f"{prefix}{key}.")
            if isinstance(item, Mapping)
            else [(f"{prefix}{key}", cell(item))]
        )
    return rows


def _cells(item: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    return [cell(item.get(column, "–")) for column in columns]


def cell(value: Any) -> str:
    """A value in a table or list: thousands separated, floats to six digits."""
    if isinstance(value, list):
        return ", ".join(map(cell, value)) or "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def title(key: str) -> str:
    """A JSON key for people."""
    return (key[:1].upper() + key[1:]).replace("_", " ")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def prose_and_tables(value: Any) -> list[str]:
    """Paragraphs of a mapping's strings, tables of its lists; anything else as `render` has it."""
    if isinstance(value, Mapping) and any(isinstance(item, list) for item in value.values()):
        return [item if isinstance(item, str) else render(item) for item in value.values()]
    return [render(value)]
