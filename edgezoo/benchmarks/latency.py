"""Latency of a model from Python, beside its peers in the same process.

    python -m edgezoo.benchmarks.latency static-en --out edgezoo/zoo/models/static-en/latency.json

A static table is measured beside model2vec with the same table, a recurrent encoder as `recurrent.py` says, a
language model as `language_latency.py` does. All get the same texts in turn, on one thread; figures are
medians over rounds. Needs edgezoo[train,peers].
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo import __version__, sdk
from edgezoo.atomic import write_bytes
from edgezoo.benchmarks.machine import device, start_up
from edgezoo.benchmarks.texts import TWEETS, TWEETS_BY_LANGUAGE, short_texts
from edgezoo.bundle.layout import CharLstm, TinyLstm, Unigram
from edgezoo.bundle.reader import read_bundle
from edgezoo.errors import MissingExtraError

BATCH = 10_000
ROUNDS = 15
CALLS = 200  # of each text in a round of single texts

Embed = Callable[[list[str]], NDArray[np.float32]]


def model2vec_peer(model: sdk.Model) -> tuple[Embed, str]:
    """model2vec with this model's float32 table, behind a tokenizer of Hugging Face, and its version.

    That is BERT's with the model's WordPiece vocabulary, as model2vec's own models have it, or the model's
    own Unigram. Raises MissingExtraError without it.
    """
    try:
        import model2vec
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise MissingExtraError("measuring beside model2vec", "train,peers") from error
    bundle = read_bundle(model.path)
    if isinstance(bundle.header.tokenizer, Unigram):
        from edgezoo.zoo.tokenizers.unigram import build_tokenizer

        tokenizer = build_tokenizer(bundle.vocabulary, bundle.arrays["vocabulary.costs"].tolist())
    else:
        ids = {token: number for number, token in enumerate(bundle.vocabulary)}
        tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    peer = model2vec.StaticModel(bundle.matrix("embedding"), tokenizer, normalize=True)
    return lambda texts: np.asarray(peer.encode(texts, use_multiprocessing=False)), model2vec.__version__


def microseconds(embed: Embed, calls: list[list[str]], repeats: int) -> float:
    """Median over the calls of the time that one takes, each repeated `repeats` times."""
    times = []
    for texts in calls:
        begin = time.perf_counter_ns()
        for _ in range(repeats):
            embed(texts)
        times.append((time.perf_counter_ns() - begin) / repeats / 1000)
    return statistics.median(times)


def compare(ours: Embed, theirs: Embed, calls: list[list[str]], repeats: int) -> dict[str, float]:
    """Medians over rounds that alternate between both: µs a text, and how many times faster ours is."""
    texts = len(calls[0])
    pairs = []
    for number in range(ROUNDS + 1):
        pair = [microseconds(embed, calls, repeats) / texts for embed in (ours, theirs)]
        if number:  # the first round warms up
            pairs.append(pair)
    return {
        "edgezoo_us": round(statistics.median(pair[0] for pair in pairs), 3),
        "model2vec_us": round(statistics.median(pair[1] for pair in pairs), 3),
        "ratio": round(statistics.median(pair[1] / pair[0] for pair in pairs), 1),
    }


def measure(name: str) -> dict[str, Any]:
    """All figures of the model `name`, a name of the zoo or the path of a bundle."""
    with sdk.load(name) as model:
        architecture = read_bundle(model.path).header.architecture
        if isinstance(architecture, CharLstm):
            from edgezoo.benchmarks.language_latency import measure_language

            figures = measure_language(model)
        elif isinstance(architecture, TinyLstm):
            from edgezoo.benchmarks.recurrent import measure_recurrent

            figures = measure_recurrent(model)
        else:
            figures = measure_static(model)
        return {"model": model.name, "device": device(), **figures, "start": start_up(name)}


def measure_static(model: sdk.Model) -> dict[str, Any]:
    """The figures beside model2vec."""
    theirs, version = model2vec_peer(model)
    ours: Embed = model.embed
    batch = short_texts(BATCH)
    spoken = [language for language in model.card.get("languages", ()) if language in TWEETS_BY_LANGUAGE]
    by_language = {
        f"one_tweet_{language}": compare(
            ours, theirs, [[tweet] for tweet in TWEETS_BY_LANGUAGE[language]], CALLS
        )
        for language in sorted(spoken)
    }
    return {
        "versions": {"edgezoo": __version__, "model2vec": version, "numpy": np.__version__},
        "one_tweet": compare(ours, theirs, [[tweet] for tweet in TWEETS], CALLS),
        **by_language,
        "batch_of_10000_short_texts": compare(ours, theirs, [batch], 1),
    }


def main() -> None:
    """Measure a model, print the figures as JSON, and write them to --out."""
    parser = argparse.ArgumentParser(
        prog="python -m edgezoo.benchmarks.latency", description="Latency of a model beside its peers."
    )
    parser.add_argument("model", help="a name of the zoo, or the path of a bundle")
    parser.add_argument("--out", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one thread each
    text = json.dumps(measure(arguments.model), indent=1, ensure_ascii=False) + "\n"
    print(text, end="")
    if arguments.out:
        write_bytes(arguments.out, text.encode())


if __name__ == "__main__":
    main()
