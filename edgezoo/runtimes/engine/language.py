"""Language models run by the engine."""

from __future__ import annotations

import ctypes
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgezoo.runtimes.engine.binding import DrawnBy, library
from edgezoo.runtimes.language import Sampling
from edgezoo.runtimes.utf8 import encode

State = NDArray[np.float32]


class EngineLanguageModel:
    """The language model of an open bundle of `vocabulary_size` tokens; `model` keeps it open."""

    def __init__(self, model: ctypes.c_void_p, vocabulary_size: int) -> None:
        self._model, self._size = model, vocabulary_size

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The vocabulary by id."""
        return tuple(self._token(index) for index in range(self._size))

    def _token(self, index: int) -> str:
        length = ctypes.c_size_t()
        address = library.ez_token(self._model, index, ctypes.byref(length))
        return ctypes.string_at(address, length.value).decode()

    def start(self) -> State:
        """The state before anything was read: c float32 and h int8, in one float32 array."""
        return np.zeros(-(-library.ez_state_size(self._model) // 4), dtype=np.float32)

    def step(self, state: State, token: int) -> NDArray[np.float32]:
        """Read a token; natural logarithms of the probabilities of what follows, float32 [tokens]."""
        row = np.empty(self._size, dtype=np.float32)
        library.ez_step(self._model, state.ctypes.data, token, row.ctypes.data)
        return row

    def surprisals(self, text: str) -> NDArray[np.float32]:
        """Nats of each token of a text and of its end, float32 [tokens + 1]."""
        data = encode(text)
        nats = np.empty(len(data) + 1, dtype=np.float32)
        count = library.ez_score(self._model, data, len(data), nats.ctypes.data, len(nats))
        return nats[:count]

    def generate(self, state: State, last: int, sampling: Sampling, count: int) -> NDArray[np.uint32]:
        """Up to `count` ids that go on from `last`; [EOS] ends them. `sampling.random` moves on."""
        ids = np.empty(count, dtype=np.uint32)
        drawn = DrawnBy(
            sampling.temperature, sampling.top_p, sampling.top_k, int(sampling.stop), sampling.random
        )
        written = library.ez_generate(
            self._model,
            state.ctypes.data,
            ctypes.byref(ctypes.c_uint32(last)),
            ctypes.byref(drawn),
            ids.ctypes.data,
            count,
        )
        sampling.random = drawn.random
        return ids[:written]
