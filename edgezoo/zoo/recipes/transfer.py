"""Which Turkic language helps with which: every one pretrained, then fine-tuned on every other one.

    python -m edgezoo.zoo.recipes.transfer DATA WORK OUT

A model is pretrained on each source; its weights, with frozen embeddings, are the beginning for each target.
OUT receives transfer.json and transfer.png, after every model that is trained: what is missing is left out
of the table. Run the same command again to go on after an interruption; a checkpoint is kept five times an
epoch. With --finished nothing is trained: the table of what there is.
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

from edgezoo.atomic import write_bytes
from edgezoo.errors import DataError
from edgezoo.zoo import language_figures
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape
from edgezoo.zoo.datasets import turkic
from edgezoo.zoo.language_figures import Table
from edgezoo.zoo.language_material import Material
from edgezoo.zoo.language_training import EarlyStopping, Regimen, fit, judge
from edgezoo.zoo.progress import Bars
from edgezoo.zoo.recipes import char_lstm

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


def run(
    study: Study, data: Path, work: Path, out: Path, quiet: bool = False, finished: bool = False
) -> dict[str, Any]:
    """Train what is missing, unless only what is `finished` is asked for, and return the table.

    `out` receives transfer.json and transfer.png whenever there is more to tell. Raises DataError where
    `data` lacks a language, or `work` holds models of another study.
    """
    found = char_lstm.material(char_lstm.TURKIC, data, work)
    place = work / "transfer"
    place.mkdir(parents=True, exist_ok=True)
    _claim(place, study)
    result: dict[str, Any] = {"study": asdict(study), "characters": _characters(found)}
    out.mkdir(parents=True, exist_ok=True)
    with Bars(quiet) as bars:
        for source, target in pairs(study):
            cell = place / f"{source}-{target}" / "cell.json"
            if not (finished or cell.exists()):
                _train(study, found, source, target, place, bars)
                _publish(result | {"table": table(study, place)}, out)
    result["table"] = table(study, place)
    _publish(result, out)
    return result


def table(study: Study, place: Path) -> Table:
    """The figures of every model that is finished in `place`, by source and target."""
    found: dict[str, dict[str, dict[str, float]]] = {source: {} for source in study.languages}
    for source, target in pairs(study):
        cell = place / f"{source}-{target}" / "cell.json"
        if cell.exists():
            found[source][target] = json.loads(cell.read_text(encoding="utf-8"))
    return found


def _publish(result: dict[str, Any], out: Path) -> None:
    write_bytes(out / "transfer.json", (json.dumps(result, indent=1) + "\n").encode())
    language_figures.heat_maps(result["table"], out / "transfer.png")


def _claim(place: Path, study: Study) -> None:
    """Note the study beside its models; raise DataError where they are of another one."""
    note, text = place / "study.json", json.dumps(asdict(study), indent=1) + "\n"
    if note.exists() and note.read_text(encoding="utf-8") != text:
        raise DataError(f"{place} holds models of another study; remove it or use another WORK")
    write_bytes(note, text.encode())


def _train(study: Study, found: Material, source: str, target: str, place: Path, bars: Bars) -> None:
    """Train one model and note its figures on the target's test texts in cell.json."""
    own = place / f"{source}-{target}"
    torch.manual_seed(study.seed)
    model = CharLstm(len(found.tokens), study.shape)
    if source != target:
        start = place / f"{source}-{source}" / "finished.pt"
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
    figures = {"nats": round(loss.nats, 6), "bits": round(loss.bits, 6)} | curve_figures(own / "steps.jsonl")
    write_bytes(own / "cell.json", (json.dumps(figures, indent=1) + "\n").encode())


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
    for name in ("quiet", "finished"):
        parser.add_argument(f"--{name}", action="store_true")
    given = parser.parse_args()
    run(Study(), given.data, given.work, given.out, given.quiet, given.finished)


if __name__ == "__main__":
    main()
