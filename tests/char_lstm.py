"""Small character language models with random weights, and what they should compute, in NumPy's float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgezoo.bundle.layout import Char, CharLstm
from edgezoo.bundle.writer import write_bundle
from tests.tiny_lstm import Tensors, quantised, random_tensors

CHARACTERS = sorted("\n !abcdeghiklnorstuwxyæŋɑəɡʁʃʒˈː͡中😂")
VOCABULARY = ["[PAD]", "[UNK]", "[BOS]", "[EOS]", *CHARACTERS]
TEXTS = ["ˈkɑːt͡ʃɑ ˈsɑː", "", "a", "hello, wide world?\n", "ŋ" * 300, "中😂\u0000\U0010ffff"]


def random_language_tensors(
    *, layers: int = 2, hidden: int = 64, norm: bool = False, seed: int = 0
) -> Tensors:
    """Float32 tensors by name, loud enough for some characters to be far likelier than others."""
    tensors = random_tensors(
        tokens=len(VOCABULARY),
        embedding=32,
        hidden=hidden,
        layers=layers,
        directions=1,
        norms=norm,
        dimension=32,
        seed=seed,
    )
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("input_norm")}
    tensors["projection"] *= 0.1
    random = np.random.default_rng(seed + 1)
    tensors["embedding"] = random.standard_normal((len(VOCABULARY), 32)).astype(np.float32)
    tensors["head.bias"] = random.standard_normal(len(VOCABULARY)).astype(np.float32)
    return tensors


def write_language_model(
    path: Path,
    tensors: Mapping[str, NDArray[np.float32]],
    precision: str = "int8",
    card: Mapping[str, Any] | None = None,
) -> Path:
    """A bundle of these tensors; `card` is what its card says besides the name and the family."""
    write_bundle(
        path,
        name="small-lm",
        card={"name": "small-lm", "family": "char-lstm", **(card or {})},
        tokenizer=Char(),
        vocabulary=VOCABULARY,
        architecture=CharLstm(),
        tensors=quantised(tensors, precision),
    )
    return path


def reference(
    tensors: Mapping[str, NDArray[np.float32]], ids: Sequence[int], *, exact: bool = False
) -> NDArray[np.float64]:
    """Natural logarithms of the probabilities after each of `ids`, float64 [ids, tokens].

    States are in 63rds, as the engine has them, unless it is to be `exact`.
    """
    t: dict[str, Any] = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    layers = 2 if "lstm.1.forward.input" in t else 1
    hidden = t["lstm.0.forward.recurrent"].shape[1]
    h, c = [np.zeros(hidden)] * layers, [np.zeros(hidden)] * layers
    rows = []
    for token in ids:
        x = t["embedding"][token]
        for layer in range(layers):
            name = f"lstm.{layer}.forward"
            gates = t[f"{name}.input"] @ x + t[f"{name}.recurrent"] @ h[layer] + t[f"{name}.bias"]
            i, f, g, o = np.split(gates, 4)
            c[layer] = _sigmoid(f) * c[layer] + _sigmoid(i) * np.tanh(g)
            x = h[layer] = _rounded(_sigmoid(o) * np.tanh(c[layer]), 1.0, exact)
        if "output_norm.weight" in t:
            x = (x - x.mean()) / np.sqrt(x.var() + 1e-5) * t["output_norm.weight"] + t["output_norm.bias"]
            x = _rounded(x, np.abs(x).max(), exact)
        logits = t["embedding"] @ (t["projection"] @ x + t["projection.bias"]) + t["head.bias"]
        shifted = logits - logits.max()
        rows.append(shifted - np.log(np.exp(shifted).sum()))
    return np.array(rows)


def _rounded(x: NDArray[np.float64], largest: float, exact: bool) -> NDArray[np.float64]:
    return x if exact else np.round(x / largest * 63) / 63 * largest


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-x)))
