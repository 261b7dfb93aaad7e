"""What multilingual models are compared with, run by the same code on the same texts.

python -m edgezoo.zoo.evaluation.multilingual_baselines DATA    writes multilingual_baselines.json beside it
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.zoo.datasets.sts import Pairs
from edgezoo.zoo.evaluation import baselines, multilingual


def model2vec(data: Path) -> dict[str, Any]:
    """Model2Vec's own distillation of the teacher of the shipped models, with its default 256 dimensions."""
    from model2vec.distill import distill

    from edgezoo.zoo.teacher import packaged_teacher

    model = distill(model_name=packaged_teacher(), pca_dims=256, device="cpu")
    return multilingual.evaluate(model.encode, data)


def bm25(data: Path) -> dict[str, Any]:
    """BM25, which knows a translation only by the words that both languages share."""
    similarity = baselines.bm25()
    return {
        "similarity": multilingual.similarity(
            lambda left, right: similarity(Pairs(left, right, [0.0] * len(left))), data
        ),
        "retrieval": multilingual.retrieval(_bm25_scores, data),
    }


def _bm25_scores(queries: list[str], documents: list[str]) -> NDArray[Any]:
    import bm25s

    index = bm25s.BM25()
    index.index([baselines.words(text) for text in documents], show_progress=False)
    return np.stack([index.get_scores(baselines.words(text)) for text in queries])


def run(data: Path) -> dict[str, dict[str, Any]]:
    """The figures of every baseline."""
    return {"model2vec distillation": model2vec(data), "BM25": bm25(data)}


if __name__ == "__main__":
    report = json.dumps(run(Path(sys.argv[1])), indent=1) + "\n"
    Path(__file__).with_name("multilingual_baselines.json").write_text(report, encoding="utf-8")
