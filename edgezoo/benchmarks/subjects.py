"""What is measured, behind one face: a model on one of the runtimes, or a peer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from edgezoo.benchmarks import probes
from edgezoo.benchmarks.language import Language, language_of
from edgezoo.errors import needs
from edgezoo.runtimes import adapter, open_with
from edgezoo.sdk.model import Model

# The packages whose versions belong to a runtime's figures.
PACKAGES = {
    "engine": (),
    "wasm": ("wasmtime",),
    "onnx": ("onnxruntime", "onnxruntime_extensions"),
    "litert": ("ai-edge-litert", "tokenizers"),
    "torch": ("torch", "tokenizers"),
}
_THREADED = ("engine", "onnx", "litert")  # the others compute on one thread, whatever they are asked


@dataclass
class Subject:
    """Something open that turns texts into answers, and what opening it took.

    `tokenise` is None where that cannot be had alone; `probe` gives shares of right answers; `max_tokens`
    is 0 where all tokens count; `linear_memory` is of WebAssembly, in bytes; `language` of language models.
    """

    one: Callable[[str], object]
    many: Callable[[list[str], int], object]
    tokenise: Callable[[str], Sized] | None
    probe: Callable[[], dict[str, float]]
    max_tokens: int
    bytes: int
    import_ms: float
    init_ms: float
    versions: dict[str, str]
    family: str = ""
    threaded: bool = False
    isa: str = ""
    linear_memory: int | None = None
    language: Language | None = None


def open_subject(runtime: str, path: str, isa: str = "") -> Subject:
    """A model's file on a runtime, or a peer by its name, "peer:" before it.

    isa: of the engine, the kernels to use instead of the best.
    """
    if runtime.startswith("peer:"):
        from edgezoo.benchmarks.peers import open_peer

        return open_peer(runtime.removeprefix("peer:"), path)
    return _open_model(runtime, path, isa)


def _open_model(runtime: str, path: str, isa: str) -> Subject:
    found = adapter(runtime)
    with needs(f"the runtime {runtime!r}", found.extra):
        import_ms = milliseconds(lambda: import_module(found.module))
    begin = time.perf_counter()
    opened: Any = open_with(runtime, path)
    model = Model(opened)
    init_ms = 1000 * (time.perf_counter() - begin)
    if isa:
        opened.select_isa(isa)
    one, many = _calls(model)
    return Subject(
        one=one,
        many=many,
        tokenise=_tokeniser(opened),
        max_tokens=model.max_tokens,
        bytes=size_of(path),
        probe=lambda: _probes(model),
        import_ms=import_ms,
        init_ms=init_ms,
        versions=versions(PACKAGES[runtime]),
        family=str(model.card.get("family", "")),
        threaded=runtime in _THREADED,
        isa=getattr(opened, "isa", ""),
        linear_memory=getattr(opened, "memory", None),
        language=language_of(model),
    )


def _calls(model: Model) -> tuple[Callable[[str], object], Callable[[list[str], int], object]]:
    """What a model does with a text, and with many of them: it embeds, or else classifies, or else scores."""
    if model.dim:
        return model.embed, lambda texts, threads: model.embed(texts, threads=threads)
    if model.labels:
        return model.classify, lambda texts, threads: model.classify(texts, threads=threads)
    return model.score, lambda texts, threads: [model.score(text) for text in texts]


def _probes(model: Model) -> dict[str, float]:
    """How many of the probes in English the model gets right, of the kinds that it can."""
    if "en" not in model.card.get("languages", ()):
        return {}
    found = {"triplets": probes.triplets(model.embed)} if model.dim else {}
    if {*model.labels} >= {"negative", "positive"}:
        found["reviews"] = probes.reviews(model.classify)
    return found


def _tokeniser(runtime: Any) -> Callable[[str], Sized]:
    """The runtime's own; of the engine the cheaper count, which is what embedding pays for."""
    if not hasattr(runtime, "count_tokens"):
        found: Callable[[str], Sized] = runtime.tokenize
        return found
    return lambda text: range(runtime.count_tokens(text))


def size_of(path: str | os.PathLike[str]) -> int:
    """Bytes of a file, or of what a runtime reads in a checkpoint directory."""
    found = Path(path)
    if found.is_file():
        return found.stat().st_size
    return sum((found / name).stat().st_size for name in ("checkpoint.safetensors", "tokenizer.json"))


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """The installed version of each package."""
    return {name: metadata.version(name) for name in packages}


def milliseconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begin)
