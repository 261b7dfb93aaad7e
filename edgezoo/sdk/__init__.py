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
from edgezoo.runtimes import open_with
from edgezoo.sdk.location import locate
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


def load(
    name_or_path: str | os.PathLike[str],
    *,
    runtime: str | None = None,
    precision: str | None = None,
    verify: bool = False,
) -> Model:
    """Open a model of the zoo by name, or a file by path; needs no network.

    runtime: "engine" (the default), "wasm", "onnx", "litert" or "torch"; a path goes to the runtime that its
    ending names. precision: "int8", "int4" or "fp32", of a name only; by default the runtime's usual one.
    What does not come with edgezoo is exported at the first use and kept: see `edgezoo.exporters.cache`.
    The file's structure and checksum are always checked, its SHA-256 with `verify=True`.
    Raises ModelNotFoundError if there is no such model or file, BundleError if the file is damaged or of
    another version, EngineError if the compiled engine is missing, MissingExtraError where a runtime's
    packages are missing, InputError for an unknown runtime or precision and for another type of argument.
    """
    found = locate(name_or_path, runtime, precision)
    return Model(open_with(*found, verify=verify))


def models() -> list[ModelEntry]:
    """The models that come with edgezoo, sorted by name."""
    return registry.models()
