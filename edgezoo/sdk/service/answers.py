"""From texts to the bytes of an answer: what runs in the service's threads."""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from edgezoo import sdk
from edgezoo.sdk.service.failures import ApiError


class Answer(NamedTuple):
    """An answer about texts, JSON, and what the log tells of it."""

    content: bytes
    facts: dict[str, Any]


class Zoo:
    """The open models by name."""

    def __init__(self, models: Sequence[str]) -> None:
        self._stack = ExitStack()
        self.models: dict[str, sdk.Model] = {}
        try:
            for wanted in models or [entry.name for entry in sdk.models()]:
                handle = self._stack.enter_context(sdk.load(wanted))
                self.models[handle.name] = handle
        except BaseException:
            self.close()
            raise

    def find(self, name: str) -> sdk.Model:
        """The model of a name; raises ApiError 404 with those that there are."""
        if name not in self.models:
            message = f"the model {name!r} is not served; choose one of: {', '.join(self.models)}"
            raise ApiError(404, message, code="model_not_found", param="model")
        return self.models[name]

    def described(self, name: str) -> dict[str, Any]:
        """What /v1/models tells of a model."""
        model = self.find(name)
        return {
            "id": name,
            "object": "model",
            "created": int(os.path.getmtime(model.path)),
            "owned_by": "edgezoo",
            "description": str(model.card.get("description", "")),
            "dimensions": model.dim,
            "labels": list(model.labels),
        }

    def close(self) -> None:
        """Release all models."""
        self._stack.close()


def embeddings(model: sdk.Model, texts: list[str], encoding: str | None, dimensions: int | None) -> bytes:
    """The answer to an embedding request, JSON."""
    vectors = shortened(model.embed(texts), dimensions)
    if encoding == "base64":
        rows: list[Any] = [
            b2a_base64(row, newline=False).decode() for row in vectors.astype("<f4", copy=False)
        ]
    else:
        rows = list(vectors)
    data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)]
    return _answer(model, texts, data)


def classes(model: sdk.Model, texts: list[str]) -> bytes:
    """The answer to a classification request, JSON."""
    data = [
        {"object": "classification", "index": i, **answer._asdict()}
        for i, answer in enumerate(model.classify(texts))
    ]
    return _answer(model, texts, data)


def shortened(vectors: NDArray[np.float32], dimensions: int | None) -> NDArray[np.float32]:
    """The first `dimensions` values of each row [n, dim], of unit length again; zeros stay zeros."""
    if dimensions is None or dimensions == vectors.shape[1]:
        return vectors
    cut = vectors[:, :dimensions]
    norms = np.linalg.norm(cut, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.ascontiguousarray(cut / np.where(norms == 0, np.float32(1), norms))
    return unit


def _answer(model: sdk.Model, texts: list[str], data: list[dict[str, Any]]) -> bytes:
    tokens = sum(len(model.tokenize(text)) for text in texts)
    answer = {
        "object": "list",
        "data": data,
        "model": model.name,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
