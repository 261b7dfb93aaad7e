"""Pictures of language models: how training went, and which language helps with which."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Table = Mapping[str, Mapping[str, Mapping[str, float]]]

MAPS = {
    "bits": "bits per character after",
    "start": "nats before the first step",
    "area": "mean nats on the way",
    "rate": "nats off per 100,000 characters",
}


def curves(log: Path, path: Path) -> None:
    """Draw training and dev loss over the characters read, from the lines of steps.jsonl, as a PNG."""
    pyplot = _pyplot()
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure, axes = pyplot.subplots(figsize=(5, 3), constrained_layout=True)
    for name in ("train", "dev"):
        kept = [line for line in lines if name in line and line["seen"]]
        axes.plot([line["seen"] for line in kept], [line[name] for line in kept], label=name)
    axes.set(xlabel="characters read", ylabel="nats a character")
    axes.legend()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def heat_maps(table: Table, path: Path) -> None:
    """Draw a heat map for each figure of a table language → language, as one PNG; cells may be missing."""
    pyplot = _pyplot()
    languages = list(table)
    figure, panels = pyplot.subplots(1, len(MAPS), figsize=(3.4 * len(MAPS), 3.6), constrained_layout=True)
    for axes, (name, title) in zip(panels, MAPS.items(), strict=True):
        values = [
            [table[source].get(target, {}).get(name, math.nan) for target in languages]
            for source in languages
        ]
        known = [value for row in values for value in row if not math.isnan(value)]
        middle = (min(known) + max(known)) / 2 if known else 0.0
        axes.imshow(values, cmap="viridis_r")
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                if not math.isnan(value):
                    shade = "white" if value > middle else "black"
                    axes.text(x, y, f"{value:.2f}", ha="center", va="center", fontsize=8, color=shade)
        axes.set_xticks(range(len(languages)), languages)
        axes.set_yticks(range(len(languages)), languages)
        axes.set(title=title, xlabel="target", ylabel="source")
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
