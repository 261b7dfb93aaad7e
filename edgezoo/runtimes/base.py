"""What every runtime offers to the SDK."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Runtime(Protocol):
    """An open bundle that turns texts into vectors or classes; texts are str and nothing else."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def path(self) -> str:
        """The bundle file in use."""

    @property
    def card(self) -> str:
        """The bundle's card, JSON."""

    @property
    def dimension(self) -> int:
        """Length of a vector; 0 for a model that only classifies."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes; none for a model that only embeds."""

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text count, special ones aside; 0: all."""

    def embed(self, texts: list[str], threads: int = 1) -> NDArray[np.float32]:
        """Vectors [len(texts), dimension]."""

    def embed_one(self, text: str) -> NDArray[np.float32]:
        """Vector [dimension]."""

    def classify(self, texts: list[str], threads: int = 1) -> NDArray[np.float32]:
        """Probabilities [len(texts), len(labels)]."""

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids [tokens]."""

    def close(self) -> None:
        """Release the file and the memory; the runtime is of no use afterwards."""
