"""The engine's WebAssembly modules as a runtime, through wasmtime: what web pages and Node run, from Python.

Bit for bit the answers of the compiled engine: of use to check that, and where no compiled engine runs.
"""

from __future__ import annotations

import os
import struct
import threading
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import BundleError, ModelNotFoundError
from edgezoo.runtimes.files import check_digest, map_bundle
from edgezoo.runtimes.utf8 import encode
from edgezoo.runtimes.wasm_instance import Instance
from edgezoo.runtimes.wasm_language import WasmLanguageModel

Vectors = NDArray[np.float32]

MODULES = os.path.join(os.path.dirname(__file__), "engine")
VECTOR_MODULE, SCALAR_MODULE = "engine.wasm", "engine-scalar.wasm"

_MAX_BUNDLE = 1 << 31  # half of what 32 bits can address
# ez_error and ez_description of engine.h, as a machine of 32 bits lays them out.
_ERROR = struct.Struct("<iIQ")
_DESCRIPTION = struct.Struct("<12I")
_SLICE = 64  # texts that cross over at once
_ROOM = 256  # tokens of a text, of most of them; others are asked for twice


class WasmRuntime:
    """One open bundle in a WebAssembly memory of its own; calls take turns."""

    def __init__(self, path: str, bundle: NDArray[np.uint8], module: str) -> None:
        self.path = path
        self._engine = Instance(module)
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
        return self._engine.memory.size

    def _open(self, bundle: NDArray[np.uint8]) -> int:
        engine = self._engine
        start = engine.reserve(bundle.size)
        engine.memory[start : start + bundle.size] = bundle
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
        data, engine = encode(text), self._engine
        with self._lock:
            start = engine.write(data)
            ids = engine.reserve(4 * _ROOM)
            count = engine.call("ez_tokenize", self._model, start, len(data), ids, _ROOM)
            if count > _ROOM:
                ids = engine.reserve(4 * count)
                engine.call("ez_tokenize", self._model, start, len(data), ids, count)
            found: NDArray[np.uint32] = engine.memory[ids : ids + 4 * count].copy().view(np.uint32)
            engine.release(start)
        return found

    def embed_one(self, text: str) -> Vectors:
        """Sentence vector, float32 [dimension]."""
        return self._one("ez_embed", text, self.dimension)

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        """Sentence vectors, float32 [texts, dimension]; on one thread, whatever `threads` says."""
        return self._batch("ez_embed_batch", texts, self.dimension)

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        """Probabilities of the labels, float32 [texts, labels]; on one thread, whatever `threads` says."""
        if len(texts) == 1:
            return self._one("ez_classify", texts[0], len(self.labels))[None]
        return self._batch("ez_classify_batch", texts, len(self.labels))

    def _one(self, function: str, text: str, width: int) -> Vectors:
        data, engine = encode(text), self._engine
        with self._lock:
            start = engine.write(data)
            out = engine.reserve(4 * width)
            engine.call(function, self._model, start, len(data), out)
            row: Vectors = engine.memory[out : out + 4 * width].copy().view(np.float32)
            engine.release(start)
        return row

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
        rows[:] = engine.memory[out : out + rows.nbytes].view(np.float32).reshape(rows.shape)
        engine.release(start)

    def close(self) -> None:
        """Release the memory, once a running call has ended; no call may follow."""
        with self._lock:
            self.language = None
            self._engine.close()


def _bundle_in(folder: str) -> str:
    bundles = sorted(name for name in os.listdir(folder) if name.endswith(".ezb"))
    if len(bundles) != 1:
        raise ModelNotFoundError(f"{folder}: {len(bundles)} files end in .ezb; a WebAssembly export has one")
    return os.path.join(folder, bundles[0])
