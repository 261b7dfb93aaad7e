"""PyTorch as a runtime: a checkpoint directory in float32, what all others are held to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor

from edgezoo.errors import BundleError, DataError, ModelNotFoundError
from edgezoo.runtimes.torch_language import TorchLanguageModel, restore_language_model, thread_count
from edgezoo.runtimes.utf8 import encode
from edgezoo.zoo.architectures.char_lstm import CharLstm
from edgezoo.zoo.architectures.static_table import StaticTable
from edgezoo.zoo.architectures.tiny_lstm import Shape, TinyLstm, restore
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from edgezoo.zoo.tokenizers import char, unigram, wordpiece

Vectors = NDArray[np.float32]

_SLICE = 1024  # texts at once, which bounds the memory


class TorchRuntime:
    """One checkpoint directory; a call sets the number of PyTorch's threads, which is the whole process's."""

    def __init__(self, path: str, checkpoint: Checkpoint) -> None:
        card, tensors = checkpoint.card, checkpoint.tensors
        settings = card.get("architecture_settings", {})
        self.path = path
        self.card: str = json.dumps(card, ensure_ascii=False)
        self.name: str = card["name"]
        self.labels: tuple[str, ...] = tuple(settings.get("labels") or ())
        self.vocabulary_size: int = len(checkpoint.vocabulary)
        self.max_tokens: int = settings.get("max_tokens", 0)
        self._tokenizer = _tokenizer(checkpoint)
        self.language: TorchLanguageModel | None = None
        self.dimension: int = 0
        weights = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}
        self._model: StaticTable | TinyLstm | CharLstm
        if card.get("family") == "static-table":
            self.dimension = checkpoint.embedding.shape[1]
            self._model = StaticTable(weights["embedding"])
        elif card.get("family") == "char-lstm":
            self._model = restore_language_model(weights)
            self.language = TorchLanguageModel(self._model, checkpoint.vocabulary)
        else:
            shape = _shape(checkpoint)
            self.dimension = shape.dimension
            self._model = restore(TinyLstm(weights["embedding"], shape), weights)
        self._model.eval()

    @classmethod
    def open(cls, path: str, *, verify: bool = False) -> TorchRuntime:
        """Read a checkpoint directory; it has no checksum, so that `verify` finds no more than opening does.

        Raises ModelNotFoundError if there is no such directory, BundleError if it holds no whole checkpoint.
        """
        directory = Path(path)
        if not directory.is_dir():
            raise ModelNotFoundError(f"{path}: there is no such directory; give that of a checkpoint")
        try:
            return cls(path, read_checkpoint(directory))
        except (DataError, SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
            raise BundleError(f"{path} holds no checkpoint of edgezoo: {error}") from error

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids, uint32 [tokens]."""
        if self.language is not None:
            return self.language.ids(text)
        return np.array(self._ids(text), dtype=np.uint32)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(encode(text).decode(), add_special_tokens=False).ids
        return ids

    def embed_one(self, text: str) -> Vectors:
        """Sentence vector, float32 [dimension]."""
        vector: Vectors = self.embed([text])[0]
        return vector

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        """Sentence vectors, float32 [texts, dimension], on up to `threads` threads."""
        return self._batches(texts, threads, self._embed, self.dimension)

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        """Probabilities of the labels, float32 [texts, labels], on up to `threads` threads."""
        return self._batches(texts, threads, self._classify, len(self.labels))

    def _batches(
        self, texts: list[str], threads: int, answer: Callable[[Tensor, Tensor], Tensor], width: int
    ) -> Vectors:
        rows = np.empty((len(texts), width), dtype=np.float32)
        with torch.inference_mode(), thread_count(threads):
            for begin in range(0, len(texts), _SLICE):
                ids = [self._ids(text) for text in texts[begin : begin + _SLICE]]
                ids = [text[: self.max_tokens or None] for text in ids]
                flat = torch.tensor([token for text in ids for token in text], dtype=torch.int64)
                lengths = torch.tensor([len(text) for text in ids])
                rows[begin : begin + len(ids)] = answer(flat, lengths).numpy()
        return rows

    def _embed(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        assert not isinstance(self._model, CharLstm)
        if isinstance(self._model, StaticTable):
            found: Tensor = self._model(tokens, lengths.cumsum(0) - lengths)
        elif len(tokens):
            found = self._model(tokens, lengths)
        else:
            found = torch.zeros(len(lengths), self.dimension)
        return found

    def _classify(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        assert isinstance(self._model, TinyLstm)
        if len(tokens):
            p, m = self._model.encode(tokens, lengths)
        else:
            states = self._model.shape.directions * self._model.shape.hidden
            p, m = (
                torch.zeros(len(lengths), states),
                torch.zeros(len(lengths), self._model.embedding.shape[1]),
            )
        return self._model.classify(p, m).softmax(1)

    def close(self) -> None:
        """Release the weights; no call may follow."""
        del self._model


def _tokenizer(checkpoint: Checkpoint) -> Tokenizer:
    if checkpoint.card.get("family") == "char-lstm":
        return char.build(checkpoint.vocabulary)
    if checkpoint.scores is None:
        return wordpiece.build_tokenizer(checkpoint.vocabulary)
    costs = unigram.costs_of(checkpoint.vocabulary, checkpoint.scores)
    return unigram.build_tokenizer(checkpoint.vocabulary, costs)


def _shape(checkpoint: Checkpoint) -> Shape:
    """What a TinyLstm consists of, as far as its tensors say it; the card says the rest."""
    tensors, settings = checkpoint.tensors, checkpoint.card["architecture_settings"]
    layers = sum(name.startswith("lstm.") and name.endswith(".forward.input") for name in tensors)
    return Shape(
        hidden=tensors["lstm.0.forward.recurrent"].shape[1],
        layers=layers,
        directions=2 if "lstm.0.backward.input" in tensors else 1,
        pooling=settings["pooling"],
        dimension=len(tensors["projection"]) if "projection" in tensors else 0,
        skip=settings["skip"],
        salience="salience" in tensors,
        input_norm="input_norm.weight" in tensors,
        output_norm="output_norm.weight" in tensors,
        labels=tuple(settings.get("labels") or ()),
    )
