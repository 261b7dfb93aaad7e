"""Evaluation across languages: similarity in each, translations found among others, tweets told apart."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import files, sts, translations
from edgezoo.zoo.evaluation.correlation import correlate, cosines

CANDIDATES = 1000
FEWEST = 50  # held-out pairs of a language that is measured
TWEETS = "sentiment/tweets-train.tsv"
TWEETS_TESTED = 0.2
RIDGE = 1e-3

Embed = Callable[[list[str]], NDArray[Any]]
# Similarities [n, m] of every text of the one list to every text of the other.
Compare = Callable[[list[str], list[str]], NDArray[Any]]


def evaluate(embed: Embed, data: Path) -> dict[str, Any]:
    """All figures of a model: `similarity` without dev and test mixed, `retrieval` and `tweets`."""

    def compare(left: list[str], right: list[str]) -> NDArray[Any]:
        cosine: NDArray[np.float64] = unit(embed(left)) @ unit(embed(right)).T
        return cosine

    return {
        "similarity": similarity(lambda left, right: cosines(embed(left), embed(right)), data),
        "retrieval": retrieval(compare, data),
        "tweets": tweets(embed, data),
    }


def similarity(
    judge: Callable[[list[str], list[str]], NDArray[Any]], data: Path
) -> dict[str, dict[str, dict[str, float | int]]]:
    """`correlate` on stsb-multi-mt by split and language; `judge` gives the similarities of pairs."""
    return {
        f"stsb-{split}": {
            language: correlate(judge(pairs.left, pairs.right), pairs.scores)
            for language, pairs in sorted(sts.read_multilingual(data, split).items())
        }
        for split in ("dev", "test")
    }


def retrieval(compare: Compare, data: Path) -> dict[str, dict[str, float | int]]:
    """How often a sentence's English is the most similar of 1,000 English sentences, by language.

    Sentences are those held out of training. Where a language has fewer, the candidates are filled up with
    held-out English sentences of other languages; at most 1,000 are asked for.
    """
    by_language: dict[str, dict[str, str]] = {}
    for pair in translations.retrieval(data):
        by_language.setdefault(pair.language, {}).setdefault(pair.english, pair.other)
    everything = sorted({english for pairs in by_language.values() for english in pairs})
    results = {}
    for language, pairs in sorted(by_language.items()):
        if len(pairs) >= FEWEST:
            results[language] = _found(compare, pairs, everything)
    return results


def _found(compare: Compare, pairs: dict[str, str], everything: list[str]) -> dict[str, float | int]:
    draw = random.Random(0)
    english = sorted(pairs)
    draw.shuffle(english)
    asked = english[:CANDIDATES]
    others = [
        text for text in draw.sample(everything, min(len(everything), 2 * CANDIDATES)) if text not in pairs
    ]
    candidates = asked + others[: CANDIDATES - len(asked)]
    best = compare([pairs[text] for text in asked], candidates).argmax(1)
    return {
        "accuracy": round(float((best == np.arange(len(asked))).mean()), 6),
        "queries": len(asked),
        "candidates": len(candidates),
    }


def tweets(embed: Embed, data: Path) -> dict[str, float | int]:
    """Accuracy of a linear classifier of tweets (negative, neutral, positive) that reads the vectors.

    Ridge regression on the first four fifths of the rows, measured on the rest: not a model's own skill, but
    what its vectors tell of a tweet. Raises DataError where a row has no label.
    """
    labels, texts = [], []
    for line in files.lines(data / TWEETS):
        label, _, text = line.partition("\t")
        if not text:
            raise DataError(f"{data / TWEETS}: expected label and text; got {line[:80]!r}")
        if label != "label":
            labels.append(label)
            texts.append(text)
    names = sorted(set(labels))
    targets = np.array([[float(label == name) for name in names] for label in labels])
    vectors = np.concatenate([embed(texts).astype(np.float64), np.ones((len(texts), 1))], axis=1)
    bound = int(len(texts) * (1 - TWEETS_TESTED))
    known = vectors[:bound]
    gram = known.T @ known + RIDGE * bound * np.eye(known.shape[1])
    weights = np.linalg.solve(gram, known.T @ targets[:bound])
    right = (vectors[bound:] @ weights).argmax(1) == targets[bound:].argmax(1)
    return {"accuracy": round(float(right.mean()), 6), "tested": len(right), "trained": bound}


def unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Rows divided by their norms; zeros stay."""
    wide = vectors.astype(np.float64)
    scaled: NDArray[np.float64] = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-30)
    return scaled
