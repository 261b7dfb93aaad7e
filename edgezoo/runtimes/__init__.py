"""What runs models: one adapter for each runtime behind the protocol in `base`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from edgezoo.errors import InputError, needs
from edgezoo.runtimes.base import Runtime


@dataclass(frozen=True)
class Adapter:
    """Where a runtime's adapter is, the extra with its packages, and what it opens.

    `format` is what `edgezoo export` makes for it, "" where it opens the checkpoint directory; `suffix` is
    how such files end.
    """

    module: str
    name: str
    extra: str
    format: str
    suffix: str


RUNTIMES = {
    "engine": Adapter("edgezoo.runtimes.engine", "EngineRuntime", "", "flatbuffer", ".ezb"),
    "wasm": Adapter("edgezoo.runtimes.wasm", "WasmRuntime", "wasm", "flatbuffer", ".ezb"),
    "onnx": Adapter("edgezoo.runtimes.onnx", "OnnxRuntime", "onnx", "onnx", ".onnx"),
    "litert": Adapter("edgezoo.runtimes.litert", "LiteRtRuntime", "litert", "tflite", ".tflite"),
    "torch": Adapter("edgezoo.runtimes.torch", "TorchRuntime", "train", "", ""),
}


def adapter(runtime: str) -> Adapter:
    """The adapter of a runtime; raises InputError where there is none of that name."""
    if runtime not in RUNTIMES:
        raise InputError(f"there is no runtime {runtime!r}; choose one of: {', '.join(RUNTIMES)}")
    return RUNTIMES[runtime]


def open_with(runtime: str, path: str, *, verify: bool = False) -> Runtime:
    """Open what is at `path` with a runtime.

    Raises InputError for an unknown runtime, MissingExtraError where its packages are missing,
    ModelNotFoundError where nothing is at `path`, BundleError for a damaged or foreign file.
    """
    found = adapter(runtime)
    with needs(f"the runtime {runtime!r}", found.extra):
        module = importlib.import_module(found.module)
    opened: Runtime = getattr(module, found.name).open(path, verify=verify)
    return opened


def by_suffix(path: str) -> str:
    """The runtime that opens files named like `path`: the engine unless another one has that ending."""
    for name, found in RUNTIMES.items():
        if found.suffix and path.endswith(found.suffix):
            return name
    return "engine"
