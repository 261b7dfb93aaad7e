"""The checkpoint directory of a recurrent model: its tensors, its card, and what each precision changes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.bundle.precision import PRECISIONS, quantise_recurrent
from edgezoo.bundle.quantise import QuantisedTensor, dequantise
from edgezoo.zoo import curves
from edgezoo.zoo.architectures.tiny_lstm import Shape, TinyLstm, restore, tensors
from edgezoo.zoo.checkpoint import save_tensors
from edgezoo.zoo.datasets.tokenised import MAX_TOKENS
from edgezoo.zoo.lstm_training import Judge

LIMITS = (
    "English; words of other scripts are unknown and count for little.",
    "The first 128 tokens of a text count; made for sentences, not for pages.",
)
LIMITS_EMBEDDING = "Similarity as its teacher sees it, with the biases of its teacher and texts."
LIMITS_SENTIMENT = (
    "Sentiment of film reviews, positive or negative: there is no neutral class, and other kinds of text are "
    "less sure than the probabilities say."
)


def settings(shape: Shape) -> dict[str, Any]:
    """What a card says of the architecture, the bundle's settings among it."""
    found = asdict(shape) | {"max_tokens": MAX_TOKENS, "labels": list(shape.labels)}
    del found["dropout"], found["dimension"]
    return found


def rounded(weights: Mapping[str, Tensor], precision: str) -> dict[str, Tensor]:
    """The float32 weights that an export in `precision` stands for; vectors stay as they are."""
    stored = quantise_recurrent({name: tensor.float().numpy() for name, tensor in weights.items()}, precision)
    return {
        name: torch.from_numpy(dequantise(tensor) if isinstance(tensor, QuantisedTensor) else tensor)
        for name, tensor in stored.items()
    }


def drift(model: TinyLstm, judge: Judge | None) -> dict[str, dict[str, float]]:
    """Change of each of the judge's figures by the rounding of weights, for every precision."""
    if judge is None:
        return {}
    with torch.inference_mode():
        exact = judge(model.eval())
        table = {}
        for precision in PRECISIONS:
            other = restore(TinyLstm(model.embedding, model.shape), rounded(tensors(model), precision))
            found = judge(other.eval())
            table[precision] = {f"{name}_change": round(found[name] - exact[name], 6) for name in exact}
    return table


def write(
    out: Path,
    model: TinyLstm,
    tokenizer: Tokenizer,
    facts: dict[str, Any],
    log: Path,
    judge: Judge | None,
) -> None:
    """Write `out`: checkpoint.safetensors, tokenizer.json, card.json, and the training's log and curves.

    `facts` are the card's own: name, description, precision, data, recipe and what else is known.
    """
    shape, name = model.shape, facts["name"]
    limits = [*LIMITS]
    limits += [LIMITS_EMBEDDING] if shape.dimension else []
    limits += [LIMITS_SENTIMENT] if shape.labels else []
    card = {
        **facts,
        "family": "tiny-lstm",
        "languages": ["en"],
        "license": "Apache-2.0",
        "architecture": _architecture(shape),
        "architecture_settings": settings(shape),
        "vocabulary_size": len(model.embedding),
        "parameters": sum(tensor.numel() for tensor in tensors(model).values()),
        "drift": drift(model, judge),
        "limits": limits,
        "reproduce": [
            f"edgezoo train {name} --data DATA --work WORK --out OUT",
            "python -m edgezoo.exporters.flatbuffer OUT",
            f"edgezoo eval OUT/{name}.ezb --data DATA --out OUT/eval.json",
            "python -m edgezoo.exporters.flatbuffer OUT  # again: the figures go into the bundle's card",
        ],
    }
    if shape.dimension:
        card["dimension"] = shape.dimension
    save_tensors(out, tensors(model), tokenizer, card)
    shutil.copyfile(log, out / "training.jsonl")
    curves.draw(log, out / "training.png")


def _architecture(shape: Shape) -> str:
    kind = "bidirectional LSTM" if shape.directions == 2 else "LSTM"
    parts = [f"{shape.layers}-layer {kind} of {shape.hidden} a direction, {shape.pooling} pooling"]
    parts += ["a static table's mean beside it"] if shape.skip and shape.dimension else []
    parts += ["tokens weighed by their context"] if shape.salience else []
    parts += ["softmax over labels"] if shape.labels else []
    return "; ".join(parts)
