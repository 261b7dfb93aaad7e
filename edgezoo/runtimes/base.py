"""What every runtime offers to the SDK."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Runtime(Protocol):
    """An open bundle that turns texts into vectors; texts are str and nothing else."""

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
        """Length of a vector."""

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids."""

    def embed(self, texts: list[str], threads: int = 1) -> NDArray[np.float32]:
        """Vectors [len(texts), dimension]."""

    def embed_one(self, text: str) -> NDArray[np.float32]:
        """Vector [dimension]."""

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids [tokens]."""

    def close(self) -> None:
        """Release the file and the memory; the runtime is of no use afterwards."""
