"""Load a tiny text model and use it.

>>> from edgezoo import sdk
>>> with sdk.load("static-en") as model:
...     vectors = model.embed(["hello world", "good morning"])
>>> vectors.shape == (2, model.dim)
True
"""

import os

from edgezoo.errors import (
    BundleError,
    DataError,
    EdgezooError,
    EngineError,
    InputError,
    MissingExtraError,
    ModelNotFoundError,
)
from edgezoo.sdk.model import Classification, Model
from edgezoo.zoo import registry
from edgezoo.zoo.registry import ModelEntry

__all__ = [
    "BundleError",
    "Classification",
    "DataError",
    "EdgezooError",
    "EngineError",
    "InputError",
    "MissingExtraError",
    "Model",
    "ModelEntry",
    "ModelNotFoundError",
    "load",
    "models",
]


def load(name_or_path: str | os.PathLike[str], *, verify: bool = False) -> Model:
    """Open a model of the zoo by name, or a bundle file by path; needs no network.

    The file's structure and checksum are always checked, its SHA-256 with `verify=True`.
    Raises ModelNotFoundError if there is no such model or file, BundleError if the file is damaged or of
    another version, EngineError if the compiled engine is missing, InputError for another type of argument.
    """
    path = _bundle_path(name_or_path)
    from edgezoo.runtimes.engine import EngineRuntime

    return Model(EngineRuntime.open(path, verify=verify))


def models() -> list[ModelEntry]:
    """The models that come with edgezoo, sorted by name."""
    return registry.models()


def _bundle_path(name_or_path: str | os.PathLike[str]) -> str:
    if not isinstance(name_or_path, str | os.PathLike):
        raise InputError(f"a model is named by a str or a path, not by {type(name_or_path).__name__}")
    path = os.fspath(name_or_path)
    if not isinstance(path, str) or "\0" in path:
        raise InputError("a model's path must be a str without NUL characters")
    if isinstance(name_or_path, str) and not _looks_like_path(path):
        return registry.find(path)
    if not os.path.isfile(path):
        raise ModelNotFoundError(
            f"there is no file {path}; edgezoo list names the models that come with edgezoo"
        )
    return path


def _looks_like_path(text: str) -> bool:
    return text.endswith(".ezb") or os.path.basename(text) != text or text in ("", ".", "..")
