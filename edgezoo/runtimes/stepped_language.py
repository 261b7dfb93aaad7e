"""Language models whose runtime can do one thing: read a token into h and c, and give the logits after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgezoo.runtimes.drawing import draw
from edgezoo.runtimes.language import BEGIN, END, UNKNOWN, Sampling
from edgezoo.runtimes.utf8 import encode

Float32 = NDArray[np.float32]
State = Float32  # h and c, [2, layers, 1, hidden]

Read = Callable[[State, int], Float32]  # changes the state; logits [tokens]


class SteppedLanguageModel:
    """A model of these tokens, whose `read` takes one at a time; safe on several threads where that is.

    A seed gives the same text each time. Other runtimes round otherwise: there, a draw near the limit between
    two characters may take the other one, after which the texts differ.
    """

    def __init__(self, tokens: Sequence[str], layers: int, hidden: int, read: Read) -> None:
        self.tokens = tuple(tokens)
        self._shape = (2, layers, 1, hidden)
        self._read = read
        self._ids = ids_by_character(tokens)

    def start(self) -> State:
        """The state before anything was read."""
        return np.zeros(self._shape, dtype=np.float32)

    def step(self, state: State, token: int) -> Float32:
        """Read a token; natural logarithms of the probabilities of what follows, float32 [tokens]."""
        return log_softmax(self._logits(state, token))

    def ids(self, text: str) -> NDArray[np.uint32]:
        """The id of each code point, uint32 [tokens]; a text that is not in NFC is not brought to it."""
        found = [self._ids.get(character, UNKNOWN) for character in encode(text).decode()]
        return np.array(found, dtype=np.uint32)

    def surprisals(self, text: str) -> Float32:
        """Nats of each token of a text and of its end, float32 [tokens + 1]."""
        ids = self.ids(text).tolist()
        rows = self.rows([BEGIN, *ids])
        return -rows[np.arange(len(rows)), [*ids, END]]

    def rows(self, ids: Sequence[int]) -> Float32:
        """What `step` gives after each of the ids, from the start on: float32 [ids, tokens]."""
        state = self.start()
        return log_softmax(np.stack([self._logits(state, token) for token in ids]))

    def generate(self, state: State, last: int, sampling: Sampling, count: int) -> NDArray[np.uint32]:
        """Up to `count` ids that go on from `last`; [EOS] ends them. `sampling.random` moves on."""
        ids: list[int] = []
        while len(ids) < count:
            last = draw(self._logits(state, last), sampling)
            ids.append(last)
            if last == END:
                break
        return np.array(ids, dtype=np.uint32)

    def _logits(self, state: State, token: int) -> Float32:
        return self._read(state, token if token < len(self.tokens) else UNKNOWN)


def ids_by_character(tokens: Sequence[str]) -> dict[str, int]:
    """The id of each token that is a character."""
    return {token: index for index, token in enumerate(tokens) if index > END}


def log_softmax(logits: Float32) -> Float32:
    """Natural logarithms of the probabilities, [..., tokens]."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    found: Float32 = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return found
