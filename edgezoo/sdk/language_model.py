"""Scoring and generating text, one character at a time."""

from __future__ import annotations

import math
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from edgezoo.errors import InputError
from edgezoo.runtimes.language import BEGIN, END, UNKNOWN, LanguageModel, Sampling, first_random

MAX_NEW_TOKENS = 1_000_000
MAX_SEQUENCES = 1_000
MAX_TEMPERATURE = 100.0
MAX_SEED = (1 << 64) - 1
DETAILS = ("summary", "per_char")

_LN_2 = math.log(2)
_SLICE = 64  # characters that are generated before anybody looks for stop sequences
_MIN_TEMPERATURE = 0.01


class Likely(NamedTuple):
    """A character that could have stood at a place ("" for the text's end), with its probability."""

    character: str
    probability: float


class CharScore(NamedTuple):
    """How surprising a character is after all before it, in bits; "" is the text's end.

    `known` is False for a character that the model has no token for; its surprisal is that of any such.
    `top` are the likeliest at this place.
    """

    character: str
    surprisal: float
    known: bool
    top: tuple[Likely, ...] = ()


@dataclass(frozen=True)
class Score:
    """How likely a text is, its end included.

    `loss` is in nats a character, `bits` in bits a character, `perplexity` their exponential; `surprisal` is
    that of the whole text, in bits. `unknown` are the characters without a token, each time that they occur.
    """

    text: str  # in NFC
    characters: int  # the end among them
    loss: float
    bits: float
    perplexity: float
    surprisal: float
    unknown: tuple[str, ...]
    per_char: tuple[CharScore, ...] = ()


class Output(NamedTuple):
    """A continuation, without the prompt; `finish` says what ended it: "eos", "length" or "stop"."""

    text: str
    finish: str
    characters: int


@dataclass(frozen=True)
class Generation:
    """Continuations of a prompt; `meta` holds what another run needs to give the same ones."""

    outputs: tuple[Output, ...]
    meta: dict[str, Any]

    @property
    def text(self) -> str:
        """The first continuation."""
        return self.outputs[0].text


@dataclass(frozen=True)
class Request:
    """What is asked of `generate`, checked by `checked_request`."""

    prompt: str  # in NFC
    max_new_tokens: int
    temperature: float
    top_k: int
    top_p: float
    stop_on_eos: bool
    stop_sequences: tuple[str, ...]
    seed: int

    def sampling(self, index: int) -> Sampling:
        """How sequence `index` is drawn."""
        random = first_random(self.seed, index)
        return Sampling(self.temperature, self.top_k, self.top_p, self.stop_on_eos, random)


def score(model: LanguageModel[Any], text: str, detail: str = "summary", top_k: int | None = None) -> Score:
    """How likely a text is; raises InputError as `edgezoo.sdk.Model.score` says."""
    text = _checked_text("text", text)
    if not text:
        raise InputError("the text is empty; there is nothing to score")
    if detail not in DETAILS:
        raise InputError(f"detail must be one of {', '.join(map(repr, DETAILS))}, not {detail!r}")
    if top_k is not None and detail != "per_char":
        raise InputError('top_k goes with detail="per_char"; leave one of them out')
    likely = 0 if top_k is None else _whole("top_k", top_k, 1, len(model.tokens))
    ids = token_ids(model, text)
    if likely:
        rows = _rows(model, ids)
        nats = -rows[np.arange(len(ids) + 1), [*ids, END]]
    else:
        rows, nats = None, model.surprisals(text)
    bits = (nats.astype(np.float64) / _LN_2).tolist()
    loss = math.fsum(nats.tolist()) / len(bits)  # rounded once, whichever Python adds, or JavaScript
    return Score(
        text=text,
        characters=len(bits),
        loss=loss,
        bits=loss / _LN_2,
        perplexity=math.exp(loss),
        surprisal=math.fsum(bits),
        unknown=tuple(c for c, token in zip(text, ids, strict=True) if token == UNKNOWN),
        per_char=_per_char(model, text, ids, bits, rows, likely) if detail == "per_char" else (),
    )


def _rows(model: LanguageModel[Any], ids: Sequence[int]) -> NDArray[np.float32]:
    """Logarithms of the probabilities of every token at each place and at the end, [len(ids) + 1, tokens]."""
    state = model.start()
    return np.stack([model.step(state, token) for token in (BEGIN, *ids)])


def _per_char(
    model: LanguageModel[Any],
    text: str,
    ids: Sequence[int],
    bits: Sequence[float],
    rows: NDArray[np.float32] | None,
    likely: int,
) -> tuple[CharScore, ...]:
    found = []
    for place, (character, token) in enumerate(zip((*text, ""), (*ids, END), strict=True)):
        top: tuple[Likely, ...] = ()
        if rows is not None:
            order = np.argsort(-rows[place], kind="stable")[:likely].tolist()
            top = tuple(Likely(_character(model, i), float(np.exp(rows[place, i]))) for i in order)
        found.append(CharScore(character, bits[place], token != UNKNOWN, top))
    return tuple(found)


def _character(model: LanguageModel[Any], token: int) -> str:
    return "" if token == END else model.tokens[token]


def token_ids(model: LanguageModel[Any], text: str) -> list[int]:
    """The id of each character of a text in NFC."""
    known = {character: token for token, character in enumerate(model.tokens) if token > END}
    return [known.get(character, UNKNOWN) for character in text]


def checked_request(
    prompt: str,
    max_new_tokens: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    stop_on_eos: bool,
    stop_sequences: Sequence[str],
    seed: int | None,
) -> Request:
    """The arguments of `generate` as they are used; raises InputError that names the wrong one."""
    if isinstance(temperature, bool) or not isinstance(temperature, int | float):
        _refuse("temperature", "a number", temperature)
    if temperature != 0 and not _MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        _refuse("temperature", f"0 or from {_MIN_TEMPERATURE} to {MAX_TEMPERATURE:g}", temperature)
    if temperature == 0 and (top_k is not None or top_p is not None):
        name = "top_k" if top_k is not None else "top_p"
        raise InputError(f"temperature=0 always takes the likeliest character; leave out {name}")
    if top_p is not None and (isinstance(top_p, bool) or not isinstance(top_p, int | float)):
        _refuse("top_p", "a number", top_p)
    if top_p is not None and not 0 < top_p <= 1:
        _refuse("top_p", "more than 0 and at most 1", top_p)
    if not isinstance(stop_on_eos, bool):
        _refuse("stop_on_eos", "True or False", stop_on_eos)
    return Request(
        prompt=_checked_text("prompt", prompt),
        max_new_tokens=_whole("max_new_tokens", max_new_tokens, 1, MAX_NEW_TOKENS),
        temperature=float(temperature),
        top_k=0 if top_k is None else _whole("top_k", top_k, 1, 1 << 31),
        top_p=1.0 if top_p is None else float(top_p),
        stop_on_eos=stop_on_eos,
        stop_sequences=_checked_stops(stop_sequences),
        seed=secrets.randbits(32) if seed is None else _whole("seed", seed, 0, MAX_SEED),
    )


def generate(model: LanguageModel[Any], request: Request, num_return_sequences: int = 1) -> Generation:
    """Continuations of the request's prompt; raises InputError for a wrong number of them."""
    count = _whole("num_return_sequences", num_return_sequences, 1, MAX_SEQUENCES)
    if request.temperature == 0 and count > 1:
        raise InputError("temperature=0 gives one continuation; leave out num_return_sequences")
    unknown = [
        c
        for c, token in zip(request.prompt, token_ids(model, request.prompt), strict=True)
        if token == UNKNOWN
    ]
    outputs = []
    for index in range(count):
        pieces = list(_pieces(model, request, index, _SLICE))
        text = "".join(piece for piece, _ in pieces)
        outputs.append(Output(text, pieces[-1][1], len(text)))
    settings = {name: getattr(request, name) for name in Request.__dataclass_fields__}
    return Generation(tuple(outputs), {**settings, "num_return_sequences": count, "unknown": unknown})


def stream(model: LanguageModel[Any], request: Request) -> Iterator[str]:
    """The first continuation that `generate` gives, piece by piece as it is drawn."""
    for piece, _ in _pieces(model, request, 0, 1):
        if piece:
            yield piece


def _pieces(
    model: LanguageModel[Any], request: Request, index: int, slice_size: int
) -> Iterator[tuple[str, str]]:
    """Pieces of continuation `index`, the last one with what ended it.

    Characters that may be the beginning of a stop sequence are held back until that is known.
    """
    state, sampling = model.start(), request.sampling(index)
    last, held, left = BEGIN, "", request.max_new_tokens
    for token in token_ids(model, request.prompt):
        model.step(state, last)
        last = token
    while left > 0:
        ids = model.generate(state, last, sampling, min(slice_size, left))
        left, last = left - len(ids), int(ids[-1])
        held += "".join(model.tokens[token] for token in ids.tolist() if token != END)
        ends = [place for stop in request.stop_sequences if (place := held.find(stop)) >= 0]
        if ends:
            yield held[: min(ends)], "stop"
            return
        if last == END:
            yield held, "eos"
            return
        ready = len(held) - _begun(held, request.stop_sequences)
        piece, held = held[:ready], held[ready:]
        yield piece, ""
    yield held, "length"


def _begun(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a stop sequence."""
    longest = max(map(len, stops), default=0)
    for size in range(min(longest - 1, len(text)), 0, -1):
        if any(stop.startswith(text[-size:]) for stop in stops):
            return size
    return 0


def _checked_text(name: str, text: str) -> str:
    if not isinstance(text, str):
        _refuse(name, "a str", text)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", whole)


def _checked_stops(stops: Sequence[str]) -> tuple[str, ...]:
    if isinstance(stops, str) or not isinstance(stops, Sequence):
        _refuse("stop_sequences", "a list of str", stops)
    for index, stop in enumerate(stops):
        if not isinstance(stop, str) or not stop:
            _refuse(f"stop_sequences[{index}]", "a str of at least one character", stop)
    return tuple(unicodedata.normalize("NFC", stop) for stop in stops)


def _whole(name: str, value: int, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        _refuse(name, f"a whole number from {lowest} to {highest}", value)
    return value


def _refuse(name: str, expected: str, value: object) -> NoReturn:
    raise InputError(f"{name} must be {expected}, not {value!r}")
