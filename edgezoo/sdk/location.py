"""From what `sdk.load` is given to a runtime and the file that it opens."""

import json
import os

from edgezoo.errors import InputError, ModelNotFoundError
from edgezoo.runtimes import RUNTIMES, adapter, by_suffix
from edgezoo.zoo import registry

# What a runtime takes of a model of the zoo where no precision is named; the others open the bundle as it is.
_USUAL = {"onnx": "int8", "litert": "int8", "torch": "fp32"}


def locate(
    name_or_path: str | os.PathLike[str], runtime: str | None, precision: str | None
) -> tuple[str, str]:
    """The name of a runtime and the path that it opens: a file, or a checkpoint directory for "torch".

    A model's name, or a checkpoint directory together with a runtime, is exported if need be. Raises as
    `edgezoo.sdk.load` does.
    """
    path = _checked(name_or_path)
    if runtime is not None:
        adapter(runtime)
    if isinstance(name_or_path, str) and not _looks_like_path(path):
        return _of_zoo(path, runtime or "engine", precision)
    if runtime is not None and os.path.isdir(path):
        return runtime, _exported(path, runtime, precision or _USUAL.get(runtime))
    if not os.path.isfile(path):
        raise ModelNotFoundError(
            f"there is no file {path}; edgezoo list names the models that come with edgezoo"
        )
    if precision is not None:
        raise InputError(
            f"{path} is a file, whose precision is what it is; a precision is for a model's name"
        )
    return runtime or by_suffix(path), path


def own_precision(model: str) -> str:
    """The precision that the card of a zoo's model, or of a checkpoint directory, names."""
    if not _looks_like_path(model):
        return registry.precision(model)
    with open(os.path.join(model, "card.json"), encoding="utf-8") as file:
        return str(json.load(file)["precision"])


def _checked(name_or_path: str | os.PathLike[str]) -> str:
    if not isinstance(name_or_path, str | os.PathLike):
        raise InputError(f"a model is named by a str or a path, not by {type(name_or_path).__name__}")
    path = os.fspath(name_or_path)
    if not isinstance(path, str) or "\0" in path:
        raise InputError("a model's path must be a str without NUL characters")
    return path


def _looks_like_path(text: str) -> bool:
    suffixes = tuple(found.suffix for found in RUNTIMES.values() if found.suffix)
    return text.endswith(suffixes) or os.path.basename(text) != text or text in ("", ".", "..")


def _of_zoo(name: str, runtime: str, precision: str | None) -> tuple[str, str]:
    bundle = registry.find(name)
    chosen = precision or _USUAL.get(runtime)
    if chosen is None or (RUNTIMES[runtime].suffix == ".ezb" and chosen == registry.precision(name)):
        return runtime, bundle
    return runtime, _exported(os.path.dirname(bundle), runtime, chosen)


def _exported(directory: str, runtime: str, precision: str | None) -> str:
    """What a runtime opens of a checkpoint directory: itself, or an export of it."""
    if not RUNTIMES[runtime].format:
        if precision != "fp32":
            raise InputError(f"{runtime} runs float32: precision 'fp32', not {precision!r}")
        return directory
    from edgezoo.exporters.cache import cached

    return str(cached(directory, RUNTIMES[runtime].format, precision))
