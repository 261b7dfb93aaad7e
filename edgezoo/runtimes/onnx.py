"""ONNX Runtime as a runtime: an export that takes texts, its tokenizer in the graph."""

from __future__ import annotations

import hashlib
import json
import mmap
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
import onnxruntime_extensions
from numpy.typing import NDArray

from edgezoo.errors import BundleError, ModelNotFoundError
from edgezoo.runtimes.stepped_language import State, SteppedLanguageModel
from edgezoo.runtimes.utf8 import encode

Vectors = NDArray[np.float32]

_REMEDY = "make one with: edgezoo export MODEL --format onnx"

# What a step of a language model takes.
_STEP = {"ids": "tensor(int64)", "h": "tensor(float)", "c": "tensor(float)"}

# Texts that a call takes at once: ONNX Runtime is fastest with about so many, and memory stays bounded.
_SLICE = 64

# At U+0000 the operators of onnxruntime-extensions end a string. Of what stands for it here the graphs make
# what their tokenizers make of it: a part of a word that no token has.
_NUL = str.maketrans({"\0": "\uffff\ufffe", "\uffff": "\uffff\uffff"})

# How a file ends: metadata named sha256, with the 64 digits of the digest of all that is before.
_SEAL, _DIGITS = b"\x72\x4a\x0a\x06sha256\x12\x40", 64


class OnnxRuntime:
    """One open .onnx file that takes texts, or steps of a language model; safe to use from several threads.

    Each part of a list is computed on one thread; with `threads` several parts side by side. In int8 ONNX
    Runtime rounds all of a batch with one scale, so that an answer depends a little on the texts beside it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._session = self._open()
        self._describe()

    @classmethod
    def open(cls, path: str, *, verify: bool = False) -> OnnxRuntime:
        """Open a file that `edgezoo export --format onnx` wrote; `verify`: its SHA-256 too, and first.

        Raises ModelNotFoundError if the file can't be read, BundleError if it is damaged or another model's.
        """
        try:
            with open(path, "rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise BundleError(f"{path}: the file is empty; {_REMEDY}") from error
        except OSError as error:
            raise ModelNotFoundError(f"{path}: {error.strerror or error}") from error
        with data:
            seal = data[-_DIGITS - len(_SEAL) :]
            if not seal.startswith(_SEAL):
                raise BundleError(f"{path}: is truncated, or edgezoo did not write it; {_REMEDY}")
            if verify and hashlib.sha256(data[: -len(seal)]).hexdigest().encode() != seal[-_DIGITS:]:
                raise BundleError(f"{path}: SHA-256 is not what the file says; {_REMEDY}")
        return cls(path)

    def _open(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised
        options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
        try:
            return onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own have no narrower base
            raise BundleError(f"{self.path}: ONNX Runtime refuses it: {error}; {_REMEDY}") from error

    def _describe(self) -> None:
        inputs = {entry.name: entry.type for entry in self._session.get_inputs()}
        outputs = {entry.name: entry.shape for entry in self._session.get_outputs()}
        answers = outputs.keys() & {"vectors", "probabilities"}
        steps = inputs == _STEP and outputs.keys() == {"logits", "next_h", "next_c"}
        if inputs.keys() == {"input_ids", "attention_mask"} and answers:
            raise BundleError(
                f"{self.path}: takes token ids; open the file beside it, without -ids in its name"
            )
        if not steps and (inputs != {"texts": "tensor(string)"} or not answers):
            raise BundleError(
                f"{self.path}: takes {sorted(inputs)} and gives {sorted(outputs)}: edgezoo did not write it; "
                f"{_REMEDY}"
            )
        self.language: SteppedLanguageModel | None = None
        try:
            facts = self._session.get_modelmeta().custom_metadata_map
            self.name: str = facts["name"]
            self.card: str = facts["card"]
            self.labels: tuple[str, ...] = tuple(json.loads(facts["labels"]))
            self.max_tokens: int = int(facts["max_tokens"])
            self.vocabulary_size: int = int(facts["vocabulary_size"])
            self.dimension: int = outputs["vectors"][1] if "vectors" in outputs else 0
            if steps:
                self.language = self._language(json.loads(facts["vocabulary"]), *outputs["next_h"])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise BundleError(f"{self.path}: its metadata are damaged: {error!r}; {_REMEDY}") from error

    def _language(self, tokens: list[str], layers: int, _: str, hidden: int) -> SteppedLanguageModel:
        if len(tokens) != self.vocabulary_size or not all(isinstance(token, str) for token in tokens):
            raise ValueError(f"{len(tokens)} tokens, not {self.vocabulary_size}")
        return SteppedLanguageModel(tokens, layers, hidden, self._read)

    def _read(self, state: State, token: int) -> Vectors:
        """The logits [tokens] after a token, which goes into the state."""
        values = {"ids": np.array([token]), "h": state[0], "c": state[1]}
        try:
            logits, state[0], state[1] = self._session.run(["logits", "next_h", "next_c"], values)
        except Exception as error:  # ONNX Runtime's own have no narrower base
            raise BundleError(f"{self.path}: the graph fails: {error}; {_REMEDY}") from error
        row: Vectors = logits[0]
        return row

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids, uint32 [tokens]."""
        if self.language is not None:
            return self.language.ids(text)
        ids: NDArray[np.uint32] = self._run("ids", [text]).astype(np.uint32)
        return ids

    def embed_one(self, text: str) -> Vectors:
        """Sentence vector, float32 [dimension]."""
        vector: Vectors = self._run("vectors", [text])[0]
        return vector

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        """Sentence vectors, float32 [texts, dimension], on up to `threads` threads."""
        return self._batches("vectors", texts, threads)

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        """Probabilities of the labels, float32 [texts, labels], on up to `threads` threads."""
        return self._batches("probabilities", texts, threads)

    def _batches(self, output: str, texts: list[str], threads: int) -> Vectors:
        # Texts of similar length side by side: what is computed for padding is lost.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        parts = [order[begin : begin + _SLICE] for begin in range(0, len(order), _SLICE)] or [[]]
        with ThreadPoolExecutor(threads) as pool:
            runs = map if threads == 1 or len(parts) == 1 else pool.map
            found = list(runs(lambda part: self._run(output, [texts[place] for place in part]), parts))
        rows = np.empty((len(texts), found[0].shape[1]), dtype=np.float32)
        rows[order] = np.concatenate(found)
        return rows

    def _run(self, output: str, texts: list[str]) -> Any:
        clean = [_clean(encode(text).decode()) for text in texts]
        try:
            return self._session.run([output], {"texts": np.array(clean, dtype=object)})[0]
        except Exception as error:  # ONNX Runtime's own have no narrower base
            raise BundleError(f"{self.path}: the graph fails: {error}; {_REMEDY}") from error

    def close(self) -> None:
        """Release the file and the memory; no call may follow."""
        del self._session


def _clean(text: str) -> str:
    """The text with `_NUL` applied, which takes longer than looking whether there is anything to do."""
    return text.translate(_NUL) if "\0" in text or "\uffff" in text else text
