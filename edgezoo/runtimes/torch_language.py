"""Language models in PyTorch, in float32."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgezoo.runtimes.stepped_language import State, SteppedLanguageModel, log_softmax
from edgezoo.zoo.architectures.char_lstm import CharLstm, Shape, restore


class TorchLanguageModel(SteppedLanguageModel):
    """A CharLstm; texts are scored in one go, which rounds a little otherwise than steps do."""

    def __init__(self, model: CharLstm, tokens: Sequence[str]) -> None:
        super().__init__(tokens, model.shape.layers, model.shape.hidden, self._step)
        self._model = model

    def _step(self, state: State, token: int) -> NDArray[np.float32]:
        before = torch.from_numpy(state[0]), torch.from_numpy(state[1])
        with torch.inference_mode(), thread_count(1), _without_onednn():
            logits, (h, c) = self._model(torch.tensor([[token]]), before)
        state[0], state[1] = h.numpy(), c.numpy()
        row: NDArray[np.float32] = logits[0, 0].numpy()
        return row

    def rows(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """What `step` gives after each of the ids, from the start on: float32 [ids, tokens]."""
        with torch.inference_mode(), thread_count(1):
            logits, _ = self._model(torch.tensor(ids)[:, None])
        return log_softmax(logits[:, 0].numpy())


def restore_language_model(weights: Mapping[str, Tensor]) -> CharLstm:
    """The model of these tensors, ready to be used."""
    tokens, width = weights["embedding"].shape
    shape = Shape(
        embedding=width,
        hidden=weights["lstm.0.forward.recurrent"].shape[1],
        layers=sum(name.endswith(".recurrent") for name in weights),
        output_norm="output_norm.weight" in weights,
        dropout=0.0,
    )
    return restore(CharLstm(tokens, shape), weights).eval()


@contextmanager
def thread_count(count: int) -> Iterator[None]:
    """Have PyTorch use so many threads inside of the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _without_onednn() -> Iterator[None]:
    """Have PyTorch use its own kernels inside of the block: oneDNN takes three times as long for a step."""
    before = torch.backends.mkldnn.enabled
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.backends.mkldnn.enabled = before
