"""Do all runtimes give the same answers? Each runtime and precision of a model beside torch in float32.

The same texts go through every runtime: sentences, and hostile Unicode. Token ids must be equal; vectors and
labels must be near the reference; WebAssembly must give the native engine's bits. What language models are
asked is in `language_parity`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo import sdk
from edgezoo.benchmarks.texts import HOSTILE, TWEETS, short_texts
from edgezoo.errors import InputError, MissingExtraError
from edgezoo.runtimes import RUNTIMES
from edgezoo.sdk.location import own_precision
from edgezoo.zoo.datasets import files, sts
from edgezoo.zoo.evaluation.correlation import cosines, evaluate_pairs

SENTENCES = 1000
CORPUS = "english/sentences.txt"

# What each runtime is asked to run; the engine has no float32.
PRECISIONS = {
    "engine": ("int8", "int4"),
    "wasm": ("int8", "int4"),
    "onnx": ("fp32", "int8", "int4"),
    "litert": ("fp32", "int8", "int4"),
}


@dataclass(frozen=True)
class Bar:
    """What a precision must reach: least and mean cosine over sentences, and share of equal labels."""

    least: float
    mean: float
    labels: float


# "mixed" has a table in int4.
BARS = {
    "fp32": Bar(0.99999, 0.99999, 1.0),
    "int8": Bar(-1.0, 0.999, 0.995),
    "mixed": Bar(-1.0, 0.98, 0.0),
    "int4": Bar(-1.0, 0.98, 0.0),
}


@dataclass(frozen=True)
class Row:
    """How one runtime at one precision differs from torch at float32.

    `compared` sentences and hostile texts are no longer than the runtime reads; `ids_equal` is the share of
    them with equal token ids. `cosine_…` of vectors and `labels_equal`: over the sentences among them.
    `same_bits`: as the native engine with the same bundle; None of others. `dev_change`: of Spearman x 100 on
    STS-B dev. Of language models: `bits` a character of the texts and their change; `likeliest_alike`: share
    of places whose likeliest character is nearly as likely in torch as its own; `texts_equal`: share of seeds
    that give the text of torch, or of the native engine where the bits are to be the same.
    `failures` say which bars it misses; `missing` is the error of a runtime that is not installed.
    """

    runtime: str
    precision: str
    bytes: int = 0
    compared: int = 0
    ids_equal: float | None = None
    cosine_min: float | None = None
    cosine_mean: float | None = None
    labels_equal: float | None = None
    same_bits: bool | None = None
    dev_change: float | None = None
    bits: float | None = None
    bits_change: float | None = None
    likeliest_alike: float | None = None
    texts_equal: float | None = None
    failures: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Answers:
    """What a runtime makes of the texts: ids [texts][tokens], vectors [texts, dim], class indices [texts].

    `probabilities` [texts, labels] and `vectors` are empty where the model has none; `limit` is the number of
    tokens that count, 0 for all; `dev` is Spearman x 100 on STS-B dev.
    """

    bytes: int
    limit: int
    ids: list[list[int]]
    vectors: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    dev: float | None


def sentences(data: Path | None) -> list[str]:
    """The sentences to compare on: a random 1,000 of the corpus under `data`, or made ones without it.

    Raises DataError where `data` lacks english/sentences.txt.
    """
    if data is None:
        return [*TWEETS, *short_texts(10_000)[:: 10_000 // (SENTENCES - len(TWEETS))]][:SENTENCES]
    return random.Random(0).sample(list(files.lines(data / CORPUS)), SENTENCES)


Ask = Callable[[str, str], Any]  # of a runtime in a precision: its answers
Judge = Callable[[str, str, Any, Any, Any], Row]


def compare(
    model: str,
    data: Path | None = None,
    runtimes: Sequence[str] = (),
    precisions: Sequence[str] = (),
    started: Callable[[str], None] = lambda title: None,
    work: Path | None = None,
) -> Iterator[Row]:
    """The rows of a model, one runtime and precision after the other.

    model: a name of the zoo or a checkpoint directory; `runtimes`, `precisions`: all, unless some are named;
    `started` is told what comes next; work: where `edgezoo train` kept transliterated texts, for language
    models. What a runtime opens is exported at its first use. Raises MissingExtraError where a runtime that
    is named is not installed, or torch, and as `sdk.load` does.
    """
    started("torch fp32")
    ask, judged = _questions(model, data, work)
    exact = ask("torch", "fp32")
    native: dict[str, Any] = {}  # by precision
    for runtime in runtimes or PRECISIONS:
        for precision in _precisions(model, runtime, precisions):
            started(f"{runtime} {precision}")
            try:
                if runtime == "wasm" and precision not in native:
                    native[precision] = ask("engine", precision)
                found = ask(runtime, precision)
            except MissingExtraError as error:
                if runtimes:
                    raise
                yield Row(runtime, precision, missing=str(error))
                continue
            if runtime == "engine":
                native[precision] = found
            yield judged(
                runtime, precision, found, exact, native.get(precision) if runtime == "wasm" else None
            )


def _questions(model: str, data: Path | None, work: Path | None) -> tuple[Ask, Judge]:
    """How to ask a model's runtimes, and how to judge their answers."""
    from edgezoo.benchmarks import language_parity

    with sdk.load(model, runtime="torch", precision="fp32") as handle:
        if not (handle.dim or handle.labels):
            questions = language_parity.questions(handle, data, work)
            return partial(language_parity.answers, model, questions), language_parity.judge
    texts = [*sentences(data), *HOSTILE]
    pairs = sts.read(data, "stsb-dev") if data else None
    return partial(_answers, model, texts, pairs), judge


def _precisions(model: str, runtime: str, chosen: Sequence[str]) -> tuple[str, ...]:
    if runtime not in PRECISIONS:
        raise InputError(
            f"there is no runtime {runtime!r} to compare; choose one of: {', '.join(PRECISIONS)}"
        )
    known = PRECISIONS[runtime]
    own = own_precision(model)
    if RUNTIMES[runtime].format == "flatbuffer" and own not in known:
        known = (*known, own)
    return tuple(name for name in known if not chosen or name in chosen)


def _answers(model: str, texts: list[str], pairs: sts.Pairs | None, runtime: str, precision: str) -> Answers:
    with sdk.load(model, runtime=runtime, precision=precision) as handle:
        path = Path(handle.path)
        found = handle.classify(texts) if handle.labels else []
        return Answers(
            bytes=path.stat().st_size if path.is_file() else 0,
            limit=handle.max_tokens,
            ids=[handle.tokenize(text).tolist() for text in texts],
            vectors=handle.embed(texts) if handle.dim else np.zeros((0, 0), np.float32),
            probabilities=np.array([list(answer.probabilities.values()) for answer in found], np.float32),
            dev=100 * evaluate_pairs(handle.embed, pairs)["spearman"] if pairs and handle.dim else None,
        )


def judge(runtime: str, precision: str, found: Answers, exact: Answers, native: Answers | None = None) -> Row:
    """The row of what a runtime found, beside the `exact` answers and, if given, the native engine's bits."""
    tokens = [ids[: exact.limit or None] for ids in exact.ids]
    whole = [i for i, ids in enumerate(tokens) if not found.limit or len(ids) <= found.limit]
    equal = [found.ids[i][: len(tokens[i])] == tokens[i] for i in whole]
    # Hostile texts come last; of most of them a model knows next to nothing, and of that nothing follows.
    real = np.array([i for i in whole if i < len(tokens) - len(HOSTILE)], dtype=np.intp)
    row: dict[str, Any] = {"ids_equal": sum(equal) / len(equal)}
    if exact.vectors.size:
        known = real[np.abs(exact.vectors[real]).sum(1) > 0]
        near = cosines(exact.vectors[known], found.vectors[known])
        row |= {"cosine_min": float(near.min()), "cosine_mean": float(near.mean())}
    if exact.probabilities.size:
        same = exact.probabilities[real].argmax(1) == found.probabilities[real].argmax(1)
        row["labels_equal"] = float(same.mean())
    if native is not None:
        row["same_bits"] = _bits(native) == _bits(found)
    if exact.dev is not None and found.dev is not None:
        row["dev_change"] = found.dev - exact.dev
    failures = tuple(_failures(BARS[precision], row))
    return Row(runtime, precision, found.bytes, len(whole), **row, failures=failures)


def _bits(answers: Answers) -> tuple[list[list[int]], bytes, bytes]:
    return answers.ids, answers.vectors.tobytes(), answers.probabilities.tobytes()


def _failures(bar: Bar, row: dict[str, Any]) -> Iterator[str]:
    if row["ids_equal"] < 1:
        yield "token ids differ"
    if "cosine_min" in row and row["cosine_min"] < bar.least:
        yield f"least cosine below {bar.least}"
    if "cosine_mean" in row and row["cosine_mean"] < bar.mean:
        yield f"mean cosine below {bar.mean}"
    if "labels_equal" in row and row["labels_equal"] < bar.labels:
        yield f"fewer than {100 * bar.labels:g} % of labels equal"
    if row.get("same_bits") is False:
        yield "other bits than the native engine's"
