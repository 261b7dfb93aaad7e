"""LiteRT as a runtime: .tflite exports in the interpreter of `ai-edge-litert`, split by `tokenizers`."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from edgezoo.errors import BundleError, ModelNotFoundError
from edgezoo.runtimes.stepped_language import State, SteppedLanguageModel
from edgezoo.runtimes.utf8 import encode
from edgezoo.runtimes.words import Words

Vectors = NDArray[np.float32]

_BEFORE, _BEHIND = 2, 3  # [CLS] and [SEP], between which MediaPipe puts a text
_INPUTS, _OUTPUTS = {"ids", "mask", "segment_ids"}, {"vector", "probabilities"}
_STEP_INPUTS, _STEP_OUTPUTS = {"ids", "h", "c"}, {"logits", "next_h", "next_c"}  # of a language model
_IDENTIFIER = b"TFL3"
_FILES = ("card.json", "tokenizer.json", "labels.txt", "graph.sha256")
_MOST = 1 << 26  # bytes of one of them
_AGAIN = "make it again with: edgezoo export MODEL --format tflite"


class LiteRtRuntime:
    """One open .tflite file; safe to use from several threads, each of which borrows an interpreter."""

    def __init__(self, path: str) -> None:
        self.path = path
        files = _files(path)
        self.card: str = _text(path, files, "card.json")
        self.name: str = _name(path, self.card)
        self.labels: tuple[str, ...] = ()
        if "labels.txt" in files:
            self.labels = tuple(_text(path, files, "labels.txt").splitlines())
        try:
            self._words = Words(_text(path, files, "tokenizer.json"))
        except BundleError:
            raise
        except Exception as error:  # `tokenizers` raises nothing narrower
            raise BundleError(f"{path}: tokenizer.json: {error}; {_AGAIN}") from error
        self.vocabulary_size: int = self._words.tokenizer.get_vocab_size()
        self._idle = [self._interpreter()]
        self.language: SteppedLanguageModel | None = None
        self._describe(self._idle[0])

    @classmethod
    def open(cls, path: str, *, verify: bool = False) -> LiteRtRuntime:
        """Open a file that `edgezoo export --format tflite` wrote; `verify`: check the graph's SHA-256 too.

        Raises ModelNotFoundError if the file can't be read, BundleError if it is damaged or another model's.
        """
        if verify:
            _verify(path)
        return cls(path)

    def _interpreter(self) -> Any:
        try:
            interpreter = Interpreter(model_path=self.path, num_threads=1)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{self.path}: LiteRT refuses it: {error}; {_AGAIN}") from error
        return interpreter

    def _describe(self, interpreter: Any) -> None:
        inputs = {entry["name"]: entry for entry in interpreter.get_input_details()}
        outputs = {entry["name"]: entry for entry in interpreter.get_output_details()}
        self._inputs = {name: entry["index"] for name, entry in inputs.items()}
        self._outputs = {name: entry["index"] for name, entry in outputs.items()}
        self.dimension: int = 0
        self.max_tokens: int = 0
        if not (self._takes_steps(inputs, outputs) or self._takes_texts(inputs, outputs)):
            raise BundleError(
                f"{self.path}: takes {sorted(inputs)}, gives {sorted(outputs)} and has {len(self.labels)} "
                f"labels, which is no model of edgezoo; {_AGAIN}"
            )

    def _takes_texts(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> bool:
        """Whether these are the tensors of a model that embeds or classifies; if so, reads what they say."""
        shapes = {tuple(entry["shape"]) for entry in (*inputs.values(), *outputs.values())}
        lengths = {tuple(entry["shape"]) for entry in inputs.values()}
        widths = {name: int(entry["shape"][-1]) for name, entry in outputs.items()}
        types = {entry["dtype"] for entry in inputs.values()}, {entry["dtype"] for entry in outputs.values()}
        if (
            inputs.keys() != _INPUTS
            or not outputs.keys() <= _OUTPUTS
            or any(len(shape) != 2 or shape[0] != 1 for shape in shapes)
            or len(lengths) != 1
            or types != ({np.int32}, {np.float32})
            or widths.get("probabilities", 0) != len(self.labels)
        ):
            return False
        (self._shape,) = lengths
        self.dimension = widths.get("vector", 0)
        self.max_tokens = self._shape[1] - 2
        return True

    def _takes_steps(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> bool:
        """The same of a language model."""
        if inputs.keys() != _STEP_INPUTS or outputs.keys() != _STEP_OUTPUTS:
            return False
        floats = [entry for name, entry in (inputs | outputs).items() if name != "ids"]
        states = {tuple(entry["shape"]) for entry in floats if entry["name"] != "logits"}
        if (
            (inputs["ids"]["dtype"], tuple(inputs["ids"]["shape"])) != (np.int32, (1,))
            or {entry["dtype"] for entry in floats} != {np.float32}
            or [len(shape) for shape in states] != [3]
            or tuple(outputs["logits"]["shape"]) != (1, self.vocabulary_size)
        ):
            return False
        ((layers, _, hidden),) = states
        ids: dict[str, int] = self._words.tokenizer.get_vocab()
        tokens = sorted(ids, key=lambda token: ids[token])
        self.language = SteppedLanguageModel(tokens, int(layers), int(hidden), self._read)
        return True

    def _read(self, state: State, token: int) -> Vectors:
        """The logits [tokens] after a token, which goes into the state."""
        with self._borrowed() as interpreter:
            interpreter.set_tensor(self._inputs["ids"], np.array([token], dtype=np.int32))
            interpreter.set_tensor(self._inputs["h"], state[0])
            interpreter.set_tensor(self._inputs["c"], state[1])
            try:
                interpreter.invoke()
            except RuntimeError as error:
                raise BundleError(f"{self.path}: the graph fails: {error}; {_AGAIN}") from error
            logits, state[0], state[1] = (
                interpreter.get_tensor(self._outputs[name]) for name in ("logits", "next_h", "next_c")
            )
        row: Vectors = logits[0]
        return row

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids, uint32 [tokens], all of them; those from `max_tokens` on do not count."""
        if self.language is not None:
            return self.language.ids(text)
        return np.array(self._ids(text), dtype=np.uint32)

    def _ids(self, text: str) -> list[int]:
        return self._words.ids(encode(text).decode())

    def embed_one(self, text: str) -> Vectors:
        """Sentence vector, float32 [dimension]."""
        return self._run(text, "vector")

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        """Sentence vectors, float32 [texts, dimension], on up to `threads` threads."""
        return self._all(texts, "vector", self.dimension, threads)

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        """Probabilities of the labels, float32 [texts, labels], on up to `threads` threads."""
        return self._all(texts, "probabilities", len(self.labels), threads)

    def _all(self, texts: list[str], output: str, width: int, threads: int) -> Vectors:
        rows = np.empty((len(texts), width), dtype=np.float32)
        if threads == 1:
            for row, text in zip(rows, texts, strict=True):
                row[:] = self._run(text, output)
            return rows
        with ThreadPoolExecutor(threads) as pool:
            for row, found in zip(rows, pool.map(lambda text: self._run(text, output), texts), strict=True):
                row[:] = found
        return rows

    def _run(self, text: str, output: str) -> Vectors:
        """One output of one text, [width]."""
        ids = np.zeros(self._shape, dtype=np.int32)
        tokens = [_BEFORE, *self._ids(text)[: self.max_tokens], _BEHIND]
        ids[0, : len(tokens)] = tokens
        mask = np.zeros_like(ids)
        mask[0, : len(tokens)] = 1
        with self._borrowed() as interpreter:
            interpreter.set_tensor(self._inputs["ids"], ids)
            interpreter.set_tensor(self._inputs["mask"], mask)
            interpreter.set_tensor(self._inputs["segment_ids"], np.zeros_like(ids))
            try:
                interpreter.invoke()
            except RuntimeError as error:
                raise BundleError(f"{self.path}: the graph fails: {error}; {_AGAIN}") from error
            answer: Vectors = interpreter.get_tensor(self._outputs[output])[0]
        return answer

    @contextmanager
    def _borrowed(self) -> Iterator[Any]:
        """An interpreter that no other thread uses; a new one where all are taken."""
        try:
            interpreter = self._idle.pop()
        except IndexError:
            interpreter = self._interpreter()
        yield interpreter
        self._idle.append(interpreter)

    def close(self) -> None:
        """Release the interpreters, once running calls have ended; no call may follow."""
        self._idle.clear()


def _files(path: str) -> dict[str, bytes]:
    """Those of `_FILES` that are in the archive behind the graph."""
    try:
        with open(path, "rb") as file:
            if file.read(8)[4:] != _IDENTIFIER:
                raise BundleError(f"{path}: this is no .tflite file, or its beginning is damaged; {_AGAIN}")
            with zipfile.ZipFile(file) as archive:
                entries = [entry for entry in archive.infolist() if entry.filename in _FILES]
                if any(entry.compress_type or entry.file_size > _MOST for entry in entries):
                    raise BundleError(f"{path}: a file in it is compressed or huge; {_AGAIN}")
                return {entry.filename: archive.read(entry) for entry in entries}
    except OSError as error:
        raise ModelNotFoundError(f"{path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError, struct.error) as error:
        raise BundleError(
            f"{path}: its tokenizer and card cannot be read ({error}): it is truncated or damaged, or was "
            f"written by another tool; {_AGAIN}"
        ) from error


def _text(path: str, files: dict[str, bytes], name: str) -> str:
    if name not in files:
        raise BundleError(f"{path}: {name} is not in it; {_AGAIN}")
    try:
        return files[name].decode()
    except UnicodeDecodeError as error:
        raise BundleError(f"{path}: {name} is not UTF-8 text; {_AGAIN}") from error


def _name(path: str, card: str) -> str:
    try:
        name = json.loads(card)["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        name = None
    if not isinstance(name, str):
        raise BundleError(f"{path}: card.json names no model; {_AGAIN}")
    return name


def _verify(path: str) -> None:
    """Raise BundleError unless the graph has the SHA-256 that is written behind it."""
    wanted = _text(path, _files(path), "graph.sha256").strip()
    with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
        end = min(entry.header_offset for entry in archive.infolist())
        file.seek(0)
        found = hashlib.sha256(file.read(end)).hexdigest()
    if found != wanted:
        raise BundleError(f"{path}: SHA-256 of the graph is {found}, its file says {wanted}; {_AGAIN}")
