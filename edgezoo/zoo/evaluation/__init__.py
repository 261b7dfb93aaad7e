"""Evaluation on similarity, on sentiment and of language models, with baselines run by the same code."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgezoo.sdk import Model


def evaluate(model: str, data: Path, *, baselines: bool = False, work: Path | None = None) -> dict[str, Any]:
    """Figures of a model's bundle, through the SDK, on the test sets in `data`.

    A model that embeds has Spearman and Pearson (-1 to 1) on every STS set; one that classifies has accuracy
    and F1 (0 to 1) on SST-2 dev; a language model has bits a character on each language's held-out texts.
    model: a name of the zoo or the path of a bundle. The report has `model`, `bundle_sha256` (of the
    segments), `precision`, `results` by set, `baselines` (run now if asked for, else the figures kept in
    baselines.json) and `published` (cited, not run), both of STS alone; of language models the baseline is an
    n-gram model. A model that embeds several languages has `multilingual` beside that: what
    `edgezoo.zoo.evaluation.multilingual` measures. work: where `edgezoo train` kept transliterated texts, for
    language models. Deterministic. Raises DataError where a set is missing.
    """
    from edgezoo import sdk
    from edgezoo.bundle.reader import read_bundle
    from edgezoo.zoo.datasets import sentiment, sts
    from edgezoo.zoo.evaluation import multilingual
    from edgezoo.zoo.evaluation.classification import evaluate_labels
    from edgezoo.zoo.evaluation.correlation import evaluate_pairs

    with sdk.load(model) as handle:
        bundle = read_bundle(handle.path, verify=True)
        precision = str(handle.card.get("precision", bundle.tensor("embedding").dtype))
        results: dict[str, dict[str, float | int]] = {}
        if handle.dim:
            results = {name: evaluate_pairs(handle.embed, sts.read(data, name)) for name in sts.FILES}
        if tuple(handle.labels) == sentiment.LABELS:
            results["sst2-dev"] = evaluate_labels(handle.classify, sentiment.read(data / sentiment.DEV))
        if not (handle.dim or handle.labels):
            return {
                "model": bundle.header.name,
                "bundle_sha256": bundle.header.sha256.hex(),
                "precision": precision,
                **_language_model(handle, data, work, baselines),
            }
        embeds, spoken = bool(handle.dim), handle.card.get("languages", ())
        across = multilingual.evaluate(handle.embed, data) if embeds and len(spoken) > 1 else None
    if baselines and embeds:
        from edgezoo.zoo.evaluation.baselines import run

        measured = run(data)
    else:
        measured = stored("baselines.json") if embeds else {}
    report = {
        "model": bundle.header.name,
        "bundle_sha256": bundle.header.sha256.hex(),
        "precision": precision,
        "results": results,
        "baselines": measured,
        "published": stored("published.json") if embeds else [],
    }
    if across is not None:
        report["multilingual"] = {
            **across,
            "baselines": stored("multilingual_baselines.json"),
            "published": stored("multilingual_published.json"),
        }
    return report


def _language_model(handle: Model, data: Path, work: Path | None, run: bool) -> dict[str, Any]:
    """The results of a language model and of its baseline."""
    from edgezoo.zoo.evaluation import kneser_ney, language
    from edgezoo.zoo.language_material import Holdout

    chosen = Holdout.of_recipe(handle.card.get("recipe", {}))
    return {
        "results": language.evaluate(handle.score, chosen, data, work),
        "baselines": (
            {kneser_ney.SYSTEM: kneser_ney.measure(chosen, data, work)} if run else language.baselines(chosen)
        ),
        "published": [],
    }


def stored(name: str) -> Any:
    """Figures kept beside this module."""
    return json.loads((resources.files(__name__) / name).read_text(encoding="utf-8"))
