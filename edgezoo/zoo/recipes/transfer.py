"""Which Turkic language helps with which: every one pretrained, then fine-tuned on every other one.

    python -m edgezoo.zoo.recipes.transfer DATA WORK OUT

A model is pretrained on each source; its weights, with frozen embeddings, are the beginning for each target.
OUT receives transfer.json and transfer.png. Run the same command again to go on after an interruption.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgezoo.zoo import language_figures
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape
from edgezoo.zoo.datasets import turkic
from edgezoo.zoo.language_training import EarlyStopping, Regimen, fit, judge
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import char_lstm
from edgezoo.zoo.recipes.char_lstm import Material

PRETRAINING = Regimen(epochs=5, lanes=8, early_stopping=EarlyStopping(1, 0.001))
FINE_TUNING = Regimen(epochs=3, lanes=8, learning_rate=2e-3, freeze_embeddings=True)


@dataclass(frozen=True)
class Study:
    """How sources and targets are learnt."""

    pretraining: Regimen = PRETRAINING
    fine_tuning: Regimen = FINE_TUNING
    shape: Shape = field(default_factory=Shape)
    languages: tuple[str, ...] = tuple(turkic.LANGUAGES)
    seed: int = 1


def pairs(study: Study) -> Iterator[tuple[str, str]]:
    """Every source, as its own target when it is pretrained, and then with each other target."""
    for source in study.languages:
        yield source, source
        yield from ((source, target) for target in study.languages if target != source)


def run(study: Study, data: Path, work: Path, out: Path, quiet: bool = False) -> dict[str, Any]:
    """Train what is missing, write transfer.json and transfer.png into `out`, and return the table.

    Raises DataError where `data` lacks a language.
    """
    found = char_lstm.material(char_lstm.TURKIC, data, work)
    table: dict[str, dict[str, dict[str, float]]] = {source: {} for source in study.languages}
    with Bars(quiet) as bars:
        for source, target in pairs(study):
            table[source][target] = _cell(study, found, source, target, work / "transfer", bars)
    result = {"study": asdict(study), "characters": _characters(found), "table": table}
    out.mkdir(parents=True, exist_ok=True)
    (out / "transfer.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    language_figures.heat_maps(table, out / "transfer.png")
    return result


def _cell(
    study: Study, found: Material, source: str, target: str, work: Path, bars: Bars
) -> dict[str, float]:
    """Train one model, unless it is there, and measure it on the target's test texts."""
    own = work / f"{source}-{target}"
    cell = own / "cell.json"
    if not cell.exists():
        torch.manual_seed(study.seed)
        model = CharLstm(len(found.tokens), study.shape)
        if source != target:
            start = work / f"{source}-{source}" / "finished.pt"
            model.load_state_dict(torch.load(start, weights_only=True, map_location="cpu"))
        fit(
            model,
            found.ids(target, "train"),
            found.ids(target, "dev"),
            study.pretraining if source == target else study.fine_tuning,
            own,
            lambda done, total, note: bars(f"{source} → {target}", done, total, note),
        )
        loss = judge(model, found.ids(target, "test"))
        figures = {"nats": round(loss.nats, 6), "bits": round(loss.bits, 6)} | curve_figures(
            own / "steps.jsonl"
        )
        cell.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    measured: dict[str, float] = json.loads(cell.read_text(encoding="utf-8"))
    return measured


def curve_figures(log: Path) -> dict[str, float]:
    """What the curve of dev's cross-entropy over the characters read says, in nats.

    `start` is before the first step; `area`, under the curve by trapezoids and divided by its length, is the
    mean cross-entropy on the way; `rate`, what the first epoch took off for each 100,000 characters of it.
    """
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    seen = np.array([line["seen"] for line in lines], float)
    dev = np.array([line["dev"] for line in lines], float)
    first = next(i for i, line in enumerate(lines) if line["epoch"] >= 1)
    area = float(np.sum(np.diff(seen) * (dev[1:] + dev[:-1]) / 2) / seen[-1])
    return {
        "start": round(float(dev[0]), 6),
        "area": round(area, 6),
        "rate": round(float((dev[0] - dev[first]) / seen[first] * 1e5), 6),
    }


def _characters(found: Material) -> dict[str, dict[str, int]]:
    return {
        language: {part: sum(map(len, getattr(split, part))) for part in ("train", "dev", "test")}
        for language, split in found.texts.items()
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("data", "work", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args()
    run(Study(), arguments.data, arguments.work, arguments.out, arguments.quiet)


if __name__ == "__main__":
    main()
