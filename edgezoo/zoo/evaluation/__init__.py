"""Evaluation on semantic textual similarity, with baselines run by the same code."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any


def evaluate(model: str, data: Path, *, baselines: bool = False) -> dict[str, Any]:
    """Spearman and Pearson (-1 to 1) of a model's bundle, through the SDK, on every STS set in `data`.

    model: a name of the zoo or the path of a bundle. The report has `model`, `bundle_sha256` (of the
    segments), `precision`, `results` by set, `baselines` (run now if asked for, else the figures kept in
    baselines.json) and `published` (cited, not run). Deterministic. Raises DataError where a set is missing.
    """
    from edgezoo import sdk
    from edgezoo.bundle.reader import read_bundle
    from edgezoo.zoo.datasets import sts
    from edgezoo.zoo.evaluation.correlation import evaluate_pairs

    with sdk.load(model) as handle:
        bundle = read_bundle(handle.path, verify=True)
        results = {name: evaluate_pairs(handle.embed, sts.read(data, name)) for name in sts.FILES}
    if baselines:
        from edgezoo.zoo.evaluation.baselines import run

        measured = run(data)
    else:
        measured = stored("baselines.json")
    return {
        "model": bundle.header.name,
        "bundle_sha256": bundle.header.sha256.hex(),
        "precision": bundle.tensor("embedding").dtype,
        "results": results,
        "baselines": measured,
        "published": stored("published.json"),
    }


def stored(name: str) -> Any:
    """Figures kept beside this module."""
    return json.loads((resources.files(__name__) / name).read_text(encoding="utf-8"))
