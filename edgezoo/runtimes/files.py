"""Bundle files in memory, and their digest."""

from __future__ import annotations

import mmap
import os

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import BundleError, ModelNotFoundError


def map_bundle(path: str) -> NDArray[np.uint8]:
    """The bytes of a file, mapped read-only.

    Raises ModelNotFoundError if it can't be read, BundleError if it is empty.
    """
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise BundleError(f"{path}: the file is empty")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise ModelNotFoundError(f"{path}: {error.strerror or error}") from error
    return np.frombuffer(mapped, dtype=np.uint8)


def check_digest(path: str, segments: NDArray[np.uint8], expected: str) -> None:
    """Raise BundleError unless `expected` is the SHA-256, in hexadecimal, of a bundle's segments."""
    import hashlib

    found = hashlib.sha256(segments.data).hexdigest()
    if found != expected:
        raise BundleError(f"{path}: SHA-256 is {found}, the header says {expected}; get the file again")
