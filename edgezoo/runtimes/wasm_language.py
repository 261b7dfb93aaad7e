"""Language models run by the engine's WebAssembly module."""

from __future__ import annotations

import struct
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from edgezoo.runtimes.language import Sampling
from edgezoo.runtimes.utf8 import encode
from edgezoo.runtimes.wasm_instance import Instance

State = NDArray[np.uint8]

# ez_sampling of engine.h.
_SAMPLING = struct.Struct("<ffIIQ")


class WasmLanguageModel:
    """The language model of an open bundle; states are copied into the module's memory for each call."""

    def __init__(self, engine: Instance, lock: Lock, model: int, vocabulary_size: int) -> None:
        self._engine, self._lock, self._model, self._size = engine, lock, model, vocabulary_size
        self._state_size = engine.call("ez_state_size", model)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The vocabulary by id."""
        with self._lock:
            place = self._engine.reserve(4)
            found = tuple(self._token(index, place) for index in range(self._size))
            self._engine.release(place)
            return found

    def _token(self, index: int, place: int) -> str:
        address = self._engine.call("ez_token", self._model, index, place)
        (length,) = struct.unpack("<I", self._engine.read(place, 4))
        return self._engine.read(address, length).decode()

    def start(self) -> State:
        """The state before anything was read."""
        return np.zeros(self._state_size, dtype=np.uint8)

    def step(self, state: State, token: int) -> NDArray[np.float32]:
        """Read a token; natural logarithms of the probabilities of what follows, float32 [tokens]."""
        with self._lock:
            place = self._engine.write(state.tobytes())
            row = self._engine.reserve(4 * self._size)
            self._engine.call("ez_step", self._model, place, token, row)
            found = np.frombuffer(self._engine.read(row, 4 * self._size), np.float32)
            self._take_back(state, place)
            return found

    def surprisals(self, text: str) -> NDArray[np.float32]:
        """Nats of each token of a text and of its end, float32 [tokens + 1]."""
        data = encode(text)
        with self._lock:
            place = self._engine.write(data)
            nats = self._engine.reserve(4 * (len(data) + 1))
            count = self._engine.call("ez_score", self._model, place, len(data), nats, len(data) + 1)
            found = np.frombuffer(self._engine.read(nats, 4 * count), np.float32)
            self._engine.release(place)
            return found

    def generate(self, state: State, last: int, sampling: Sampling, count: int) -> NDArray[np.uint32]:
        """Up to `count` ids that go on from `last`; [EOS] ends them. `sampling.random` moves on."""
        s = sampling
        with self._lock:
            place = self._engine.write(state.tobytes())
            before = self._engine.write(struct.pack("<I", last))
            drawn = self._engine.write(_SAMPLING.pack(s.temperature, s.top_p, s.top_k, int(s.stop), s.random))
            ids = self._engine.reserve(4 * count)
            written = self._engine.call("ez_generate", self._model, place, before, drawn, ids, count)
            found = np.frombuffer(self._engine.read(ids, 4 * written), np.uint32)
            s.random = _SAMPLING.unpack(self._engine.read(drawn, _SAMPLING.size))[-1]
            self._take_back(state, place)
            return found

    def _take_back(self, state: State, place: int) -> None:
        state[:] = np.frombuffer(self._engine.read(place, state.size), np.uint8)
        self._engine.release(place)
