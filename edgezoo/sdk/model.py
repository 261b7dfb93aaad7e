"""The handle that `edgezoo.sdk.load` gives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, overload

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import BundleError, InputError
from edgezoo.runtimes.base import Runtime

if TYPE_CHECKING:
    from edgezoo.runtimes.language import LanguageModel
    from edgezoo.sdk.language_model import Generation, Score

Vectors = NDArray[np.float32]


class Classification(NamedTuple):
    """What a model takes a text for: the likeliest label, its probability, and those of all labels."""

    label: str
    score: float
    probabilities: dict[str, float]


class Model:
    """An open model: a context manager, safe to share between threads until it is closed."""

    __slots__ = ("_card", "_embed_one", "_runtime", "dim", "labels", "max_tokens", "name", "path")

    def __init__(self, runtime: Runtime) -> None:
        self._runtime: Runtime = runtime
        # Bound once: finding it costs as much as a tenth of embedding a short text.
        self._embed_one = runtime.embed_one
        self._card: Mapping[str, Any] | None = None
        self.dim: int = runtime.dimension  # 0: it only classifies
        self.labels: tuple[str, ...] = runtime.labels  # none: it only embeds
        self.max_tokens: int = runtime.max_tokens  # how many of a text count; 0: all
        self.name: str = runtime.name
        self.path: str = runtime.path
        if not self.dim:
            self._embed_one = self._refuse_to_embed

    @property
    def card(self) -> Mapping[str, Any]:
        """What is known of the model: architecture, data and licences, measured quality, limits.

        Raises BundleError if it is not a JSON object; vectors do not need it.
        """
        if self._card is None:
            self._card = MappingProxyType(_parsed_card(self._runtime))
        return self._card

    def embed(self, texts: str | Iterable[str], *, threads: int = 1) -> Vectors:
        """Sentence vectors, float32, L2-normalised; zeros for a text without known tokens.

        A str gives [dim]; a list (or any ordered iterable of str) gives [n, dim], an empty one [0, dim].
        Lists are spread over up to `threads` threads. The same text gives the same bits on every machine,
        alone or in a list. Lone surrogates count as U+FFFD. Raises InputError, naming the item, for anything
        but str, and for a model that only classifies.
        """
        if type(texts) is list and len(texts) == 1 and type(texts[0]) is str and threads == 1:
            vector: Vectors = self._embed_one(texts[0])[None]
            return vector
        _check_threads(threads)
        if isinstance(texts, str):
            return self._embed_one(texts)
        checked = _texts(texts)
        if not self.dim:
            self._refuse_to_embed()
        return self._runtime.embed(checked, threads)

    @overload
    def classify(self, texts: str, *, threads: int = 1) -> Classification: ...  # type: ignore[overload-overlap]
    @overload
    def classify(self, texts: Iterable[str], *, threads: int = 1) -> list[Classification]: ...
    def classify(
        self, texts: str | Iterable[str], *, threads: int = 1
    ) -> "Classification | list[Classification]":
        """What each text is, among `labels`: a Classification for a str, a list of them for a list.

        Takes what `embed` takes, with the same promise of the same bits; a text without tokens gets the same
        answer as any other such. Raises InputError as `embed` does, and for a model without a classifier.
        """
        _check_threads(threads)
        checked = [texts] if isinstance(texts, str) else _texts(texts)
        if not self.labels:
            use = "it embeds: use .embed" if self.dim else "it is a language model: use .score or .generate"
            raise InputError(f"the model {self.name!r} has no classifier; {use}")
        results = [self._classification(row) for row in self._runtime.classify(checked, threads).tolist()]
        return results[0] if isinstance(texts, str) else results

    def _classification(self, probabilities: list[float]) -> Classification:
        score = max(probabilities)
        label = self.labels[probabilities.index(score)]
        return Classification(label, score, dict(zip(self.labels, probabilities, strict=True)))

    @overload
    def similarity(self, a: str, b: str) -> float: ...
    @overload
    def similarity(
        self, a: str | Iterable[str] | Vectors, b: str | Iterable[str] | Vectors
    ) -> "float | Vectors": ...
    def similarity(
        self, a: str | Iterable[str] | Vectors, b: str | Iterable[str] | Vectors
    ) -> "float | Vectors":
        """Cosines between `a` and `b`, in [-1, 1]; each is a text, several texts, or vectors from `embed`.

        Two single ones give a float, one and n give [n], n and m give [n, m]. A zero vector has cosine 0 to
        all. Raises InputError for vectors of another dimension, or as `embed` does.
        """
        cosines = np.clip(self._unit(a) @ self._unit(b).T, -1.0, 1.0)
        return float(cosines) if cosines.ndim == 0 else cosines.astype(np.float32, copy=False)

    def score(self, text: str, *, detail: str = "summary", top_k: int | None = None) -> "Score":
        """How likely a text is to a language model, character by character; see `Score`.

        The text is brought to NFC; its end is scored too. detail: "per_char" adds each character's surprisal,
        with the `top_k` likeliest ones at its place if that is given. Characters that the model does not know
        are listed. Raises InputError for an empty text, an argument out of bounds, which is named, and for a
        model of another kind.
        """
        from edgezoo.sdk import language_model

        return language_model.score(self._language(), text, detail, top_k)

    def generate(
        self,
        prompt: str = "",
        *,
        max_new_tokens: int = 256,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        stop_on_eos: bool = True,
        stop_sequences: Sequence[str] = (),
        seed: int | None = None,
        num_return_sequences: int = 1,
    ) -> "Generation":
        """Continuations of a prompt (of nothing, if it is empty), by a language model; see `Generation`.

        temperature: 0 for the likeliest character each time, which `top_k` and `top_p` exclude, else 0.01 to
        100. top_k, top_p: draw among that many likeliest characters, or among the fewest with that share of
        the probability. stop_on_eos: end where the model ends the text; otherwise it never does.
        stop_sequences: end before any of these. The same seed gives the same characters each time, and with
        the engine, natively or in WebAssembly, on every machine; the other runtimes draw by the same rules
        but round otherwise, so that their texts part from the engine's in time. Without a seed, `meta` tells
        the one that was drawn. Raises InputError that names the argument that is wrong, and for a model of
        another kind.
        """
        from edgezoo.sdk import language_model

        language = self._language()
        settings = (max_new_tokens, temperature, top_k, top_p, stop_on_eos, stop_sequences, seed)
        request = language_model.checked_request(prompt, *settings)
        return language_model.generate(language, request, num_return_sequences)

    def stream(
        self,
        prompt: str = "",
        *,
        max_new_tokens: int = 256,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        stop_on_eos: bool = True,
        stop_sequences: Sequence[str] = (),
        seed: int | None = None,
    ) -> Iterator[str]:
        """The continuation that `generate` gives with the same arguments, in pieces as they are drawn.

        Raises InputError as `generate` does, when it is called and not when it is first asked.
        """
        from edgezoo.sdk import language_model

        language = self._language()
        settings = (max_new_tokens, temperature, top_k, top_p, stop_on_eos, stop_sequences, seed)
        return language_model.stream(language, language_model.checked_request(prompt, *settings))

    def _language(self) -> "LanguageModel[Any]":
        found: LanguageModel[Any] | None = getattr(self._runtime, "language", None)
        if found is None:
            uses = [".embed"] if self.dim else []
            uses += [".classify"] if self.labels else []
            use = f"use {' or '.join(uses)}" if uses else "open it with another runtime: runtime='engine'"
            raise InputError(f"the model {self.name!r} is no language model here; {use}")
        return found

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        """Token ids of a text, uint32 [tokens]; raises InputError for anything but a str."""
        if not isinstance(text, str):
            raise InputError(f"tokenize takes a str, not {type(text).__name__}")
        return self._runtime.tokenize(text)

    def close(self) -> None:
        """Release the file and the memory; using the model afterwards raises InputError."""
        if not isinstance(self._runtime, _Closed):
            runtime, closed = self._runtime, _Closed(self._runtime)
            self._runtime, self._embed_one = closed, closed.embed_one
            runtime.close()

    def __enter__(self) -> "Model":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        abilities = [f"{self.dim} dimensions"] if self.dim else []
        abilities += [f"labels {', '.join(self.labels)}"] if self.labels else []
        abilities += [] if abilities else ["a language model"]
        return f"<edgezoo model {self.name!r}, {', '.join(abilities)}, {self.path}>"

    def _refuse_to_embed(self, text: str = "") -> NoReturn:
        use = (
            "it classifies: use .classify"
            if self.labels
            else "it is a language model: use .score or .generate"
        )
        raise InputError(f"the model {self.name!r} has no vectors; {use}")

    def _unit(self, texts: str | Iterable[str] | Vectors) -> Vectors:
        if not isinstance(texts, np.ndarray) or texts.dtype.kind != "f":
            vectors = self.embed(texts)
        elif texts.ndim in (1, 2) and texts.shape[-1] == self.dim:
            vectors = texts.astype(np.float32, copy=False)
        else:
            raise InputError(f"vectors of shape {texts.shape}; expected [{self.dim}] or [n, {self.dim}]")
        norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
        unit: Vectors = vectors / np.where(norms == 0, np.float32(1), norms)
        return unit


class _Closed:
    """Stands where the runtime was, so that an open model need not ask whether it is."""

    def __init__(self, runtime: Runtime) -> None:
        self.name, self.path, self.card = runtime.name, runtime.path, runtime.card
        self.dimension, self.vocabulary_size = runtime.dimension, runtime.vocabulary_size
        self.labels, self.max_tokens = runtime.labels, runtime.max_tokens

    @property
    def language(self) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise InputError("this model is closed; load it again, or use it inside its `with` block")

    def embed(self, texts: list[str], threads: int = 1) -> Vectors:
        self._refuse()

    def embed_one(self, text: str) -> Vectors:
        self._refuse()

    def classify(self, texts: list[str], threads: int = 1) -> Vectors:
        self._refuse()

    def tokenize(self, text: str) -> NDArray[np.uint32]:
        self._refuse()

    def close(self) -> None:
        """Closing twice is no error."""


def _parsed_card(runtime: Runtime) -> dict[str, Any]:
    import json

    try:
        card = json.loads(runtime.card)
    except (ValueError, RecursionError):
        card = None
    if not isinstance(card, dict):
        raise BundleError(f"{runtime.path}: the card is not a JSON object; get the file again")
    return card


def _texts(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, bytes | bytearray | memoryview):
        raise InputError("texts must be str, not bytes; decode them first, e.g. with .decode('utf-8')")
    if isinstance(texts, Mapping | Set) or not isinstance(texts, Iterable):
        raise InputError(f"texts must be a str or a list of str, not {type(texts).__name__}")
    checked = texts if type(texts) is list else list(texts)
    if not set(map(type, checked)) <= {str}:  # subclasses of str take the slow way
        for index, text in enumerate(checked):
            if not isinstance(text, str):
                raise InputError(f"texts[{index}] is {type(text).__name__}; every text must be a str")
    return checked


def _check_threads(threads: int) -> None:
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise InputError(f"threads must be a whole number from 1 on, not {threads!r}")
