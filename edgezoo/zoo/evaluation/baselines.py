"""What the models are compared with, run by the same code on the same pairs.

python -m edgezoo.zoo.evaluation.baselines DATA    writes baselines.json beside this file
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.zoo.datasets import english, files, sts
from edgezoo.zoo.datasets.sts import Pairs
from edgezoo.zoo.evaluation.correlation import correlate, cosines
from edgezoo.zoo.tokenizers.wordpiece import LOWER_ASCII
from edgezoo.zoo.vocabulary import WORD

FASTTEXT_TEXTS = 150_000
SEED = 0

Similarity = Callable[[Pairs], NDArray[Any]]


def words(text: str) -> list[str]:
    """Lower-cased words and delimiters, as our own tokenizer splits them."""
    found: list[str] = WORD.findall(text.translate(LOWER_ASCII))
    return found


def teacher() -> Similarity:
    """The teacher itself: what a student can hope for."""
    from edgezoo.zoo.teacher import Teacher

    model = Teacher()
    return lambda pairs: cosines(model.encode(pairs.left), model.encode(pairs.right))


def model2vec() -> Similarity:
    """Model2Vec's own distillation of the same teacher, with its default settings (256 dimensions)."""
    from model2vec.distill import distill

    from edgezoo.zoo.teacher import packaged_teacher

    model = distill(model_name=packaged_teacher(), pca_dims=256, device="cpu")
    return lambda pairs: cosines(model.encode(pairs.left), model.encode(pairs.right))


def fasttext(texts: Iterator[str]) -> Similarity:
    """fastText skip-gram vectors (gensim, 256 dimensions) of a part of the corpus, averaged over words."""
    from gensim.models import FastText

    lines = [words(text) for text in islice(texts, FASTTEXT_TEXTS)]
    # One worker: with more, threads race and the figures change from run to run.
    model = FastText(
        lines, vector_size=256, sg=1, window=5, min_count=5, epochs=2, bucket=200_000, workers=1, seed=SEED
    )

    def embed(sentences: list[str]) -> NDArray[Any]:
        return np.stack([np.mean([model.wv[word] for word in words(text)], axis=0) for text in sentences])

    return lambda pairs: cosines(embed(pairs.left), embed(pairs.right))


def bm25() -> Similarity:
    """BM25 (bm25s, Lucene's formula) of one sentence as query and the other as document, both ways.

    The documents of the collection statistics are the set's own sentences; a score is divided by the root
    of the two sentences' scores of themselves, so that long sentences have no advantage.
    """
    import bm25s

    def similarities(pairs: Pairs) -> NDArray[Any]:
        documents = [words(text) for text in (*pairs.left, *pairs.right)]
        index = bm25s.BM25()
        index.index(documents, show_progress=False)
        scores = [index.get_scores(document) for document in documents]
        half = len(pairs.left)
        found = [
            (scores[place][half + place] + scores[half + place][place])
            / (2 * np.sqrt(max(scores[place][place] * scores[half + place][half + place], 1e-12)))
            for place in range(half)
        ]
        return np.array(found)

    return similarities


def run(data: Path) -> dict[str, dict[str, dict[str, float | int]]]:
    """`correlate` of every baseline on every STS set in `data`."""
    with tempfile.TemporaryDirectory() as folder:
        english.build(data, Path(folder))
        makers: dict[str, Callable[[], Similarity]] = {
            "teacher (all-MiniLM-L6-v2)": teacher,
            "model2vec distillation": model2vec,
            "fastText average": lambda: fasttext(files.lines(Path(folder) / "texts.txt")),
            "BM25": bm25,
        }
        results = {}
        for name, make in makers.items():
            similarity = make()
            sets = ((task, sts.read(data, task)) for task in sts.FILES)
            results[name] = {task: correlate(similarity(pairs), pairs.scores) for task, pairs in sets}
            print(name, results[name], file=sys.stderr, flush=True)
    return results


if __name__ == "__main__":
    report = json.dumps(run(Path(sys.argv[1])), indent=1) + "\n"
    Path(__file__).with_name("baselines.json").write_text(report, encoding="utf-8")
