"""The engine's WebAssembly modules as a runtime, through wasmtime: what web pages and Node run, from Python.

Bit for bit the answers of the compiled engine: of use to check that, and where no compiled engine runs.
"""

from __future__ import annotations

import os
import struct
import threading
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import wasmtime
from numpy.typing import NDArray

from edgezoo.errors import BundleError, EngineError, ModelNotFoundError
from edgezoo.runtimes.files import check_digest, map_bundle
from edgezoo.runtimes.utf8 import encode
from edgezoo.runtimes.wasm_language import WasmLanguageModel

Vectors = NDArray[np.float32]

MODULES = os.path.join(os.path.dirname(__file__), "engine")
VECTOR_MODULE, SCALAR_MODULE = "engine.wasm", "engine-scalar.wasm"

_PAGE = 1 << 16
_MAX_BUNDLE = 1 << 31  # half of what 32 bits can address
# ez_error and ez_description of engine.h, as a machine of 32 bits lays them out.
_ERROR = struct.Struct("<iIQ")
_DESCRIPTION = struct.Struct("<12I")
_SLICE = 64  # texts that cross over at once


class WasmRuntime:
    """One open bundle in a WebAssembly memory of its own; calls take turns."""

    def __init__(self, path: str, bundle: NDArray[np.uint8], module: str) -> None:
        self.path = path
        self._engine = _Instance(module)
        self._lock = threading.Lock()
        self._model = self._open(bundle)
        self._describe()
        self.language: WasmLanguageModel | None = None
        if self._engine.call("ez_state_size", self._model):
            self.language = WasmLanguageModel(self._engine, self._lock, self._model, self.vocabulary_size)

    @classmethod
    def open(cls, path: str, *, verify: bool = False, module: str = "") -> WasmRuntime:
        """Open a bundle, or the folder of a WebAssembly export with the module in it.

        module: the .wasm file to run, by default the installed one with vector instructions, or the folder's.
        Raises ModelNotFoundError if there is no such file, BundleError if it is not a sound bundle (with
        `verify` also if its SHA-256 is another), EngineError if the module is missing.
        """
        if os.path.isdir(path):
            module = module or os.path.join(path, VECTOR_MODULE)
            path = _bundle_in(path)
        bundle = map_bundle(path)
        if bundle.size > _MAX_BUNDLE:
            raise BundleError(f"{path}: {bundle.size:,} bytes are more than WebAssembly's memory holds")
        runtime = cls(path, bundle, module or os.path.join(MODULES, VECTOR_MODULE))
        if verify:
            check_digest(path, bundle[runtime._segments], runtime.sha256)
        return runtime

    @property
    def memory(self) -> int:
        """Bytes of linear memory in use, the bundle included."""
        return self._engine.view().size

    def _open(self, bundle: NDArray[np.uint8]) -> int:
        engine = self._engine
        start = engine.reserve(bundle.size)
        engine.view()[start : start + bundle.size] = bundle
        error = engine.reserve(_ERROR.size)
        needed = engine.call("ez_memory_size", start, bundle.size, error)
        self._raise_for(error)
        model = engine.call("ez_open", start, bundle.size, engine.reserve(needed), needed, error)
        self._raise_for(error)
        return model

    def _raise_for(self, error: int) -> None:
        status, reason, offset = _ERROR.unpack(self._engine.read(error, _ERROR.size))
        if status:
            place = f" (byte {offset})" if offset else ""
            raise BundleError(f"{self.path}: {self._engine.read_string(reason).decode()}{place}")

    def _describe(self) -> None:
        engine = self._engine
        place = engine.reserve(_DESCRIPTION.size)
        engine.call("ez_describe", self._model, place)
        name, name_size, card, card_size, digest, begin, end, tokens, dimension, labels, _, limit = (
            _DESCRIPTION.unpack(engine.read(place, _DESCRIPTION.size))
        )
        try:
            self.name: str = engine.read(name, name_size).decode()
            self.card: str = engine.read(card, card_size).decode()
            self.labels: tuple[str, ...] = tuple(self._label(index, place) for index in range(labels))
        except UnicodeDecodeError as error:
            raise BundleError(f"{self.path}: the name, the card or a label is not UTF-8 text") from error
        self.sha256: str = engine.read(digest, 32).hex()
        self.dimension: int = dimension
        self.vocabulary_size: int = tokens
        self.max_tokens: int = limit
        self._segments = slice(begin, end)

    def _label(self, index: int, place: int) -> str:
        address = self._engine.call("ez_label", self._model, index, place)
        (length,) = struct.unpack("<I", self._engine.read(place, 4))
        return self._engine.read(address, length).decode()

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids, uint32 [tokens]."""
        with self._lock:
            data = encode(text)
            start = self._engine.write(data)
            count = self._engine.call("ez_tokenize", self._model, start, len(data), 0, 0)
            ids = self._engine.reserve(4 * count)
            self._engine.call("ez_tokenize", self._model, start, len(data), ids, count)
            found: NDArray[np.uint32] = np.frombuffer(self._engine.read(ids, 4 * count), np.uint32).copy()
            self._engine.release(start)
            return found

    def embed_one(self, text: str) -> Vectors:
        """Sentence vector, float32 [dimension]."""
        vector: Vectors = self.embed([text])[0]
        return vector

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        """Sentence vectors, float32 [texts, dimension]; on one thread, whatever `threads` says."""
        return self._batch("ez_embed_batch", texts, self.dimension)

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        """Probabilities of the labels, float32 [texts, labels]; on one thread, whatever `threads` says."""
        return self._batch("ez_classify_batch", texts, len(self.labels))

    def _batch(self, function: str, texts: list[str], width: int) -> Vectors:
        rows = np.empty((len(texts), width), dtype=np.float32)
        with self._lock:
            for at in range(0, len(texts), _SLICE):
                self._run(
                    function, [encode(text) for text in texts[at : at + _SLICE]], rows[at : at + _SLICE]
                )
        return rows

    def _run(self, function: str, encoded: list[bytes], rows: Vectors) -> None:
        engine = self._engine
        start = engine.write(b"".join(encoded))
        ends = engine.write(np.fromiter(accumulate(map(len, encoded)), np.uint32, len(encoded)).tobytes())
        out = engine.reserve(rows.nbytes)
        engine.call(function, self._model, start, ends, len(encoded), out)
        rows[:] = np.frombuffer(engine.read(out, rows.nbytes), np.float32).reshape(rows.shape)
        engine.release(start)

    def close(self) -> None:
        """Release the memory, once a running call has ended; no call may follow."""
        with self._lock:
            self.language = None
            self._engine.close()


class _Instance:
    """A module in the making of answers: its functions, and its memory from `__heap_base` on as a stack."""

    def __init__(self, module: str) -> None:
        try:
            compiled = _compile(module)
        except OSError as error:
            raise EngineError(
                f"the engine's module can't be read ({error}); install edgezoo again: pip install edgezoo"
            ) from error
        self._store: Any = wasmtime.Store(compiled.engine)
        instance: Any = wasmtime.Instance(self._store, compiled.module, [])
        self._exports: Any = instance.exports(self._store)
        self._memory: Any = self._exports["memory"]
        self._top: int = self._exports["__heap_base"].value(self._store)

    def call(self, function: str, *arguments: int) -> int:
        """The result of an exported function, an address or a size; 0 of those without."""
        try:
            result = self._exports[function](self._store, *arguments)
        except wasmtime.Trap as error:
            raise EngineError(f"{function} was stopped by WebAssembly: {error}") from error
        return 0 if result is None else result & 0xFFFFFFFF

    def reserve(self, size: int) -> int:
        """The 64-byte aligned address of `size` fresh bytes."""
        start = -(-self._top // 64) * 64
        lacking = start + size - self._memory.data_len(self._store)
        if lacking > 0:
            try:
                self._memory.grow(self._store, -(-lacking // _PAGE))
            except wasmtime.WasmtimeError as error:
                raise EngineError(f"WebAssembly's memory has no {size:,} bytes left") from error
        self._top = start + size
        return start

    def release(self, start: int) -> None:
        """Take back what was reserved from `start` on."""
        self._top = start

    def write(self, data: bytes) -> int:
        """The address of a copy of `data`."""
        start = self.reserve(len(data))
        self.view()[start : start + len(data)] = np.frombuffer(data, np.uint8)
        return start

    def read(self, start: int, size: int) -> bytes:
        return bytes(self.view()[start : start + size])

    def read_string(self, start: int) -> bytes:
        """The bytes up to a NUL."""
        return bytes(self.view()[start : start + 256]).partition(b"\0")[0]

    def view(self) -> NDArray[np.uint8]:
        """All of the memory, until it grows."""
        return np.frombuffer(self._memory.get_buffer_ptr(self._store), np.uint8)

    def close(self) -> None:
        self._store.close()


class _Compiled:
    """A module and the engine that compiled it; a process compiles each file once."""

    def __init__(self, path: str) -> None:
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module(self.engine, Path(path).read_bytes())


_compiled: dict[str, _Compiled] = {}


def _compile(path: str) -> _Compiled:
    if path not in _compiled:
        _compiled[path] = _Compiled(path)
    return _compiled[path]


def _bundle_in(folder: str) -> str:
    bundles = sorted(name for name in os.listdir(folder) if name.endswith(".ezb"))
    if len(bundles) != 1:
        raise ModelNotFoundError(f"{folder}: {len(bundles)} files end in .ezb; a WebAssembly export has one")
    return os.path.join(folder, bundles[0])
