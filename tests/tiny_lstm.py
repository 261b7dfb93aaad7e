"""Small recurrent encoders with random weights, and what they should compute, in NumPy's float64."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.layout import TinyLstm, WordPiece
from edgezoo.bundle.quantise import QuantisedTensor, dequantise, quantise
from edgezoo.bundle.writer import write_bundle
from tests.conftest import VOCABULARY

Tensors = dict[str, NDArray[np.float32]]
LABELS = ("negative", "positive")


def random_tensors(
    *,
    tokens: int = len(VOCABULARY),
    embedding: int = 64,
    hidden: int = 32,
    layers: int = 1,
    directions: int = 2,
    norms: bool = False,
    salience: bool = False,
    dimension: int = 64,
    labels: int = 0,
    seed: int = 0,
) -> Tensors:
    """Float32 tensors by name; special tokens but [CLS] have zero rows; `dimension` 0: no projection."""
    random = np.random.default_rng(seed)

    def normal(*shape: int, scale: float = 0.2) -> NDArray[np.float32]:
        return (scale * random.standard_normal(shape)).astype(np.float32)

    tensors = {"embedding": normal(tokens, embedding, scale=1)}
    tensors["embedding"][[0, 1, 3]] = 0
    states = directions * hidden
    for layer in range(layers):
        for direction in ("forward", "backward")[:directions]:
            name = f"lstm.{layer}.{direction}"
            tensors[f"{name}.input"] = normal(4 * hidden, states if layer else embedding)
            tensors[f"{name}.recurrent"] = normal(4 * hidden, hidden)
            tensors[f"{name}.bias"] = normal(4 * hidden)
    if norms:
        for name, size in (("input_norm", embedding), ("output_norm", states)):
            tensors |= {f"{name}.weight": 1 + normal(size), f"{name}.bias": normal(size)}
    if salience:
        tensors |= {"salience": normal(1, states), "salience.bias": normal(1)}
    if dimension:
        tensors |= {"projection": normal(dimension, states, scale=1), "projection.bias": normal(dimension)}
    if labels:
        tensors |= {"classifier": normal(labels, states + embedding), "classifier.bias": normal(labels)}
    return tensors


def quantised(
    tensors: Mapping[str, NDArray[np.float32]], precision: str = "int8", largest: int = 63
) -> dict[str, Any]:
    """The tensors as a bundle holds them."""
    return {
        name: quantise(tensor, precision, keep_scale=True, largest=largest)
        if name.endswith(_MATRICES)
        else tensor
        for name, tensor in tensors.items()
    }


def restored(tensors: Mapping[str, Any]) -> Tensors:
    """What quantised tensors stand for."""
    return {
        name: dequantise(tensor) if isinstance(tensor, QuantisedTensor) else tensor
        for name, tensor in tensors.items()
    }


_MATRICES = (".input", ".recurrent", "projection", "embedding")


def write_small_lstm(
    path: Path,
    settings: TinyLstm | None = None,
    tensors: Mapping[str, Any] | None = None,
    precision: str = "int8",
) -> Path:
    """A bundle; by default of a bidirectional layer of 2 x 32 states that embeds and tells LABELS apart."""
    if tensors is None:
        tensors = quantised(random_tensors(labels=len(LABELS)), precision)
    write_bundle(
        path,
        name=path.stem,
        card={"name": path.stem, "family": "tiny-lstm", "limits": ["knows nothing"], "padding": "-" * 1024},
        tokenizer=WordPiece(),
        vocabulary=VOCABULARY,
        architecture=settings or TinyLstm(labels=LABELS),
        tensors=tensors,
    )
    return path


def reference(
    tensors: Mapping[str, NDArray[np.float32]],
    settings: TinyLstm,
    ids: Sequence[int],
    *,
    steps: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The vector [dim] and the probabilities [labels] of one text; empty where the model has no such head.

    `steps`: with inputs and states rounded to so many steps between 0 and the largest, as the engine does.
    """
    kept = list(ids[: settings.max_tokens])
    exact = {name: np.asarray(tensor, dtype=np.float64) for name, tensor in tensors.items()}
    if not kept:
        return np.zeros(len(exact.get("projection", ()))), _probabilities(exact, None)
    rows = exact["embedding"][kept]  # [T, E]
    last = exact["embedding"][[2]] if settings.pooling == "cls" else rows[:0]
    value = _norm(exact, "input_norm", np.concatenate([rows, last]))
    value = _rounded(value, steps) if steps else value
    layer = 0
    while f"lstm.{layer}.forward.input" in exact:
        ways = [_run(exact, f"lstm.{layer}.forward", value, steps)]
        if f"lstm.{layer}.backward.input" in exact:  # reads the text backwards, then what comes last
            order = [*reversed(range(len(rows))), *range(len(rows), len(value))]
            ways.append(_run(exact, f"lstm.{layer}.backward", value[order], steps)[order])
        value = np.concatenate(ways, axis=1)  # [T, D * H]
        layer += 1
    states = _norm(exact, "output_norm", value)
    pooled = {"mean": states.mean(0), "max": states.max(0), "cls": states[-1]}[settings.pooling]
    weight = np.ones((len(rows), 1))
    if "salience" in exact and settings.pooling != "cls":
        weight = 1 + states @ exact["salience"].T + exact["salience.bias"]
    mean = (weight * rows).sum(0) / len(rows)
    vector = np.zeros(0)
    if "projection" in exact:
        head = _rounded(pooled[None], steps)[0] if steps else pooled
        vector = exact["projection"] @ head + exact["projection.bias"] + (mean if settings.skip else 0)
        vector /= np.linalg.norm(vector)
    return vector, _probabilities(exact, np.concatenate([pooled, mean]))


def _probabilities(
    tensors: Mapping[str, NDArray[np.float64]], features: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    if "classifier" not in tensors:
        return np.zeros(0)
    zeros = np.zeros(tensors["classifier"].shape[1])
    logits = tensors["classifier"] @ (zeros if features is None else features) + tensors["classifier.bias"]
    powers = np.exp(logits - logits.max())
    probabilities: NDArray[np.float64] = powers / powers.sum()
    return probabilities


def _norm(
    tensors: Mapping[str, NDArray[np.float64]], name: str, value: NDArray[np.float64]
) -> NDArray[np.float64]:
    if f"{name}.weight" not in tensors:
        return value
    centred = value - value.mean(1, keepdims=True)
    unit = centred / np.sqrt(np.square(centred).mean(1, keepdims=True) + 1e-5)
    result: NDArray[np.float64] = unit * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]
    return result


def _run(
    tensors: Mapping[str, NDArray[np.float64]], name: str, value: NDArray[np.float64], steps: int
) -> NDArray[np.float64]:
    """One direction of one layer over [T, in]: states [T, H]."""
    recurrent = tensors[f"{name}.recurrent"]
    state, cell = np.zeros(recurrent.shape[1]), np.zeros(recurrent.shape[1])
    states = []
    for step in value @ tensors[f"{name}.input"].T + tensors[f"{name}.bias"]:
        i, f, g, o = np.split(step + recurrent @ state, 4)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
        state = _sigmoid(o) * np.tanh(cell)
        state = np.rint(steps * state) / steps if steps else state
        states.append(state)
    return np.array(states)


def _rounded(value: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """[T, width] in so many steps up to the largest entry of each row."""
    scale = np.abs(value).max(1, keepdims=True) / steps
    scale[scale == 0] = 1
    result: NDArray[np.float64] = np.rint(value / scale) * scale
    return result


def _sigmoid(value: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1 / (1 + np.exp(-value))
    return result
