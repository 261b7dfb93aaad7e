"""The engine as a runtime: bundles run by the C core, through ctypes, with the GIL released."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import addressof

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import BundleError, InputError
from edgezoo.runtimes.engine.binding import ISAS, Description, Error, library
from edgezoo.runtimes.engine.language import EngineLanguageModel
from edgezoo.runtimes.files import check_digest, map_bundle
from edgezoo.runtimes.utf8 import encode

Vectors = NDArray[np.float32]

# A function of the library that takes model, texts, ends, count and where its rows go.
Batch = Callable[..., None]

# No address: ctypes refuses it.
_CLOSED = object()

# Room for the tokens of most texts, so that they are asked for once.
_Ids = ctypes.c_uint32 * 256

# Texts that a thread takes at once: enough to make its start-up cost vanish.
_SLICE = 256


class _Handle(ctypes.c_void_p):
    """Address of an open model. It owns what the model lies in, and a call holds its arguments: closing a
    model while another thread uses it takes nothing away from under that thread."""

    owned: tuple[NDArray[np.uint8], NDArray[np.uint8]]


class EngineRuntime:
    """One open bundle; safe to use from several threads."""

    def __init__(self, path: str, bundle: NDArray[np.uint8]) -> None:
        self.path = path
        start, error = bundle.ctypes.data, Error()
        needed = library.ez_memory_size(start, bundle.size, ctypes.byref(error))
        self._raise_for(error)
        memory = np.empty(needed + 64, dtype=np.uint8)
        aligned = -(-memory.ctypes.data // 64) * 64
        address = library.ez_open(start, bundle.size, aligned, needed, ctypes.byref(error))
        self._raise_for(error)
        self._model: _Handle | object = _Handle(address)
        self._model.owned = (bundle, memory)
        self._describe()
        self.language: EngineLanguageModel | None = None
        if library.ez_state_size(self._model):
            self.language = EngineLanguageModel(self._model, self.vocabulary_size)

    @classmethod
    def open(cls, path: str, *, verify: bool = False) -> EngineRuntime:
        """Map a bundle and check it: structure and checksum always, the SHA-256 digest with `verify`.

        Raises ModelNotFoundError if the file can't be read, BundleError if it is not a sound bundle.
        """
        bundle = map_bundle(path)
        runtime = cls(path, bundle)
        if verify:
            check_digest(path, bundle[runtime._segments], runtime.sha256)
        return runtime

    def _raise_for(self, error: Error) -> None:
        if error.status:
            place = f" (byte {error.offset})" if error.offset else ""
            raise BundleError(f"{self.path}: {error.reason.decode()}{place}")

    def _describe(self) -> None:
        d = Description()
        library.ez_describe(self._model, ctypes.byref(d))
        try:
            self.name: str = ctypes.string_at(d.name, d.name_length).decode()
            self.card: str = ctypes.string_at(d.card, d.card_length).decode()
            self.labels: tuple[str, ...] = tuple(self._label(index) for index in range(d.labels))
        except UnicodeDecodeError as error:
            raise BundleError(f"{self.path}: the name, the card or a label is not UTF-8 text") from error
        self.sha256: str = ctypes.string_at(d.sha256, 32).hex()
        self.dimension: int = d.dimension
        self._vector = ctypes.c_float * self.dimension
        self._probabilities = ctypes.c_float * len(self.labels)
        self.vocabulary_size: int = d.vocabulary_size
        self.isa: str = ISAS[d.isa]
        self.max_tokens: int = d.max_tokens
        self._segments = slice(d.segments_begin, d.segments_end)

    def _label(self, index: int) -> str:
        length = ctypes.c_size_t()
        address = library.ez_label(self._model, index, ctypes.byref(length))
        return ctypes.string_at(address, length.value).decode()

    def select_isa(self, isa: str) -> None:
        """Use the kernels of one instruction set of `ISAS`; all of them give the same bits.

        Raises InputError if this processor lacks it.
        """
        if isa not in ISAS or not library.ez_select_isa(self._model, ISAS.index(isa)):
            raise InputError(
                f"instruction set {isa!r} is not to be had here; this machine's best is {self.isa!r}"
            )
        self.isa = isa

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids, uint32 [tokens]."""
        data = encode(text)
        ids = _Ids()
        count = library.ez_tokenize(self._model, data, len(data), addressof(ids), len(ids))
        if count > len(ids):
            ids = (ctypes.c_uint32 * count)()
            library.ez_tokenize(self._model, data, len(data), addressof(ids), count)
        return np.frombuffer(memoryview(ids), np.uint32, count)

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has, in half the time of asking which."""
        data = encode(text)
        count: int = library.ez_tokenize(self._model, data, len(data), None, 0)
        return count

    def embed_one(self, text: str) -> Vectors:
        """Sentence vector, float32 [dimension]."""
        data = encode(text)
        # A ctypes array gives its address in a tenth of the time that a numpy array takes.
        vector = self._vector()
        library.ez_embed(self._model, data, len(data), addressof(vector))
        return np.frombuffer(vector, np.float32)

    def _classify_one(self, text: str) -> Vectors:
        data = encode(text)
        probabilities = self._probabilities()
        library.ez_classify(self._model, data, len(data), addressof(probabilities))
        return np.frombuffer(memoryview(probabilities), np.float32)

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        """Sentence vectors, float32 [texts, dimension], on up to `threads` threads."""
        return self._batch(library.ez_embed_batch, texts, self.dimension, threads)

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        """Probabilities of the labels, float32 [texts, labels], on up to `threads` threads."""
        if len(texts) == 1:
            return self._classify_one(texts[0])[None]
        return self._batch(library.ez_classify_batch, texts, len(self.labels), threads)

    def _batch(self, function: Batch, texts: list[str], width: int, threads: int) -> Vectors:
        rows = np.empty((len(texts), width), dtype=np.float32)
        if threads == 1 or len(texts) <= _SLICE:
            self._run(function, texts, rows)
            return rows
        parts = range(0, len(texts), _SLICE)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(
                lambda i: self._run(function, texts[i : i + _SLICE], rows[i : i + _SLICE]), parts
            ):
                pass
        return rows

    def _run(self, function: Batch, texts: list[str], rows: Vectors) -> None:
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            encoded = [encode(text) for text in texts]
        ends = np.cumsum(np.fromiter(map(len, encoded), np.uintp, len(encoded)), dtype=np.uintp)
        function(self._model, b"".join(encoded), ends.ctypes.data, len(encoded), rows.ctypes.data)

    def close(self) -> None:
        """Release the file and the model's memory, once running calls have ended; no call may follow."""
        self._model = _CLOSED
        self.language = None
