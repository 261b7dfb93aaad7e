"""What a runtime of language models offers to the SDK, beside what every runtime does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

PAD, UNKNOWN, BEGIN, END = range(4)  # ids of [PAD], [UNK], [BOS] and [EOS]
SPLIT_MIX_STEP = 0x9E3779B97F4A7C15  # what the state of SplitMix64 grows by with each number

State = TypeVar("State")


@dataclass
class Sampling:
    """How to draw what follows; `random` is the generator's state, which moves on with every token.

    temperature 0: always the likeliest token; top_k 0 and top_p 1: among all. SPECIFICATION.md has details.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    stop: bool = True  # whether [EOS] may be drawn
    random: int = 0


class LanguageModel(Protocol[State]):
    """Steps through tokens; a state belongs to the caller, and one state is used by one thread at a time."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The vocabulary by id; the first four are special, all others single characters."""

    def start(self) -> State:
        """The state before anything was read; [BOS] is what to read first."""

    def step(self, state: State, token: int) -> NDArray[np.float32]:
        """Read a token into `state`; natural logarithms of the probabilities of what follows, [tokens]."""

    def surprisals(self, text: str) -> NDArray[np.float32]:
        """Nats of each token of a text in NFC and of the [EOS] after it, [tokens + 1]."""

    def generate(self, state: State, last: int, sampling: Sampling, count: int) -> NDArray[np.uint32]:
        """Up to `count` ids that go on from `last`, which `state` has not read yet; [EOS] ends them."""


def first_random(seed: int, index: int) -> int:
    """The generator's state that sequence `index` begins with: output `index` of SplitMix64 from `seed`."""
    mask = (1 << 64) - 1
    z = (seed + (index + 1) * SPLIT_MIX_STEP) & mask
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    return z ^ z >> 31
