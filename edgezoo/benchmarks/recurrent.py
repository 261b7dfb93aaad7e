"""Latency of a recurrent encoder, beside ONNX Runtime with the same weights and beside the teacher.

Texts of exactly 16 tokens, their words drawn by how frequent they are in English. The engine starts from
texts, ONNX Runtime from ids (and once more with Hugging Face `tokenizers` before it), all on one thread; ONNX
Runtime gets the batch in the parts that suit it best. Needs edgezoo[train,onnx].
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo import __version__, sdk
from edgezoo.benchmarks.onnx_peer import OnnxPeer, onnx_peers, padded
from edgezoo.bundle.layout import TinyLstm
from edgezoo.bundle.reader import Bundle, read_bundle
from edgezoo.errors import MissingExtraError

TOKENS = 16
BATCH = 1000
BATCHES = (32, 128, 1000)  # texts that ONNX Runtime gets at once
ROUNDS = 15
TEACHER_ROUNDS = 3
CALLS = 500  # single texts in a round
TEACHER_CALLS = 20

Calls = Mapping[str, Callable[[], object]]


def measure_recurrent(model: sdk.Model) -> dict[str, Any]:
    """What the module's text says, in microseconds a text; sizes in bytes, tokenizers left out of ONNX's."""
    try:
        import onnxruntime
        import tokenizers
        import torch

        from edgezoo.zoo.teacher import Teacher, packaged_teacher
    except ImportError as error:
        raise MissingExtraError("measuring beside ONNX Runtime", "train,onnx") from error
    torch.set_num_threads(1)
    bundle = read_bundle(model.path)
    texts = texts_of(model, TOKENS, BATCH)
    with tempfile.TemporaryDirectory() as folder:
        exact, small = peers(bundle, Path(folder))
        teacher = Teacher()
        versions = {"edgezoo": __version__, "numpy": np.__version__, "onnxruntime": onnxruntime.__version__}
        versions |= {"tokenizers": tokenizers.__version__, "torch": torch.__version__.partition("+")[0]}
        return {
            "versions": versions,
            "bytes": {
                "edgezoo": bundle.header.file_size,
                "onnxruntime_int8": small.bytes,
                "all-MiniLM-L6-v2": sum(
                    file.stat().st_size for file in Path(packaged_teacher()).rglob("*.safetensors")
                ),
            },
            "agreement": agreement(model, exact, small, texts),
            f"one_text_of_{TOKENS}_tokens": one_text(model, small, bundle, texts, teacher.encode),
            f"batch_of_{BATCH}_texts": one_batch(model, small, texts, teacher.encode),
        }


def peers(bundle: Bundle, folder: Path) -> tuple[OnnxPeer, OnnxPeer]:
    """ONNX Runtime with the weights that a bundle's integers stand for."""
    settings = bundle.header.architecture
    assert isinstance(settings, TinyLstm)
    tensors = {}
    for entry in bundle.header.tensors:
        if entry.dtype in ("int8", "int4"):
            tensors[entry.name] = bundle.matrix(entry.name)
        elif entry.dtype == "float32":
            tensors[entry.name] = bundle.arrays[entry.name]
    return onnx_peers(tensors, settings, folder)


def answers(model: sdk.Model, texts: list[str]) -> NDArray[np.float32]:
    """Vectors, or the probabilities of a model without."""
    if model.dim:
        return model.embed(texts)
    return np.array([list(each.probabilities.values()) for each in model.classify(texts)], dtype=np.float32)


def texts_of(model: sdk.Model, tokens: int, count: int) -> list[str]:
    """`count` texts of exactly `tokens` tokens each, of words that are one token, by their frequency."""
    import wordfreq

    words = [word for word in wordfreq.top_n_list("en", 20_000) if _is_one_token(model, word)]
    frequencies = np.array([wordfreq.word_frequency(word, "en") for word in words])
    random = np.random.default_rng(0)
    chosen = random.choice(len(words), (count, tokens), p=frequencies / frequencies.sum())
    return [" ".join(words[index] for index in row) for row in chosen]


def _is_one_token(model: sdk.Model, word: str) -> bool:
    ids = model.tokenize(word)
    return len(ids) == 1 and ids[0] > 3  # the special ones come first


def agreement(model: sdk.Model, exact: OnnxPeer, small: OnnxPeer, texts: list[str]) -> dict[str, float]:
    """Least cosine between what ONNX Runtime in float32 computes and what the engine and its int8 do."""
    ids = [model.tokenize(text).tolist() for text in texts]
    expected = exact.run_all(ids, 32)
    return {
        "edgezoo_least_cosine": _least_cosine(answers(model, texts), expected),
        "onnxruntime_int8_least_cosine": _least_cosine(small.run_all(ids, 32), expected),
    }


def _least_cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return round(float(((a * b).sum(1) / lengths).min()), 6)


def one_text(
    model: sdk.Model,
    peer: OnnxPeer,
    bundle: Bundle,
    texts: list[str],
    teacher: Callable[[list[str]], object],
) -> dict[str, float]:
    """A call for each text alone."""
    from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer

    tokenizer = build_tokenizer(list(bundle.vocabulary))
    singles = texts[:CALLS]
    inputs = [padded([model.tokenize(text).tolist()]) for text in singles]
    ours: Callable[[str], object] = model.embed if model.dim else model.classify
    calls: Calls = {
        "edgezoo": lambda: [ours(text) for text in singles],
        "onnxruntime_int8": lambda: [peer.run(*each) for each in inputs],
        "onnxruntime_int8_with_tokenizers": lambda: [
            peer.run(*padded([tokenizer.encode(text).ids])) for text in singles
        ],
    }
    times = alternate(calls, len(singles), ROUNDS)
    few = singles[:TEACHER_CALLS]
    times |= alternate({"minilm": lambda: [teacher([text]) for text in few]}, len(few), TEACHER_ROUNDS)
    return summary(times)


def one_batch(
    model: sdk.Model, peer: OnnxPeer, texts: list[str], teacher: Callable[[list[str]], object]
) -> dict[str, float]:
    """All texts in one call; ONNX Runtime's figure is that of the best of `BATCHES`."""
    ids = [model.tokenize(text).tolist() for text in texts]
    calls: dict[str, Callable[[], object]] = {
        "edgezoo": (lambda: model.embed(texts)) if model.dim else (lambda: model.classify(texts))
    }
    for size in BATCHES:
        calls[f"onnxruntime_int8_by_{size}"] = partial(peer.run_all, ids, size)
    times = alternate(calls, len(texts), ROUNDS)
    best = min((name for name in times if name != "edgezoo"), key=lambda name: statistics.median(times[name]))
    times = {"edgezoo": times["edgezoo"], "onnxruntime_int8": times[best], **times}
    times |= alternate({"minilm": lambda: teacher(texts)}, len(texts), TEACHER_ROUNDS)
    return summary(times)


def alternate(calls: Calls, texts: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds a text of each call in each round, after a round to warm up; the calls take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            begin = time.perf_counter_ns()
            call()
            if number:
                times[name].append((time.perf_counter_ns() - begin) / texts / 1000)
    return times


def summary(times: Mapping[str, list[float]]) -> dict[str, float]:
    """Medians, and how many times longer the others took: in the same round where they had as many."""
    figures = {f"{name}_us": round(statistics.median(values), 2) for name, values in times.items()}
    ours = times["edgezoo"]
    for name, values in times.items():
        if name != "edgezoo":
            base = ours if len(values) == len(ours) else [statistics.median(ours)] * len(values)
            ratio = statistics.median(b / a for a, b in zip(base, values, strict=True))
            figures[f"{name}_ratio"] = round(ratio, 2)
    return figures
