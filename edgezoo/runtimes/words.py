"""Token ids by `tokenizers`, but words are found by Python where it finds the same ones in half the time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tokenizers import Tokenizer

# What edgezoo's tokenizers are made of: characters of one class separate words, those of another are words by
# themselves, and words may have a longest length.
_SEPARATOR = re.compile(r"(\[(?:\\x\{[0-9A-F]+\}|-)+\])\+")
_MARK = re.compile(r"\[(?:\\x\{[0-9A-F]+\}|-)+\]")
_LONGEST = re.compile(r"\[\^\\x\{A\}\](\{1,[0-9]+\})")

_ASCII = "".join(map(chr, range(128))) * 2


class Words:
    """A tokenizer.json; raises what `tokenizers` raises, an Exception, for one that it cannot read."""

    def __init__(self, definition: str) -> None:
        self.tokenizer = Tokenizer.from_str(definition)
        spec = json.loads(definition)
        self._model, self._normalise = self.tokenizer.model, _normaliser(self.tokenizer, spec)
        self._split = None if spec.get("added_tokens") else _splitter(spec.get("pre_tokenizer"))

    def ids(self, text: str) -> list[int]:
        """The ids of a text's tokens, without special ones."""
        if self._split is None:
            found: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
            return found
        tokenize = self._model.tokenize
        return [token.id for word in self._split(self._normalise(text)) for token in tokenize(word)]


def _normaliser(tokenizer: Tokenizer, spec: dict[str, Any]) -> Callable[[str], str]:
    normalizer = tokenizer.normalizer
    if normalizer is None:
        return str
    steps = (spec["normalizer"] or {}).get("normalizers", [])
    known = all(map(_is_plain, steps)) and normalizer.normalize_str(_ASCII) == _ASCII.lower()
    if not known:
        whole: Callable[[str], str] = normalizer.normalize_str
        return whole
    return lambda text: text.lower() if text.isascii() else normalizer.normalize_str(text)


def _is_plain(step: dict[str, Any]) -> bool:
    """Whether a step of a normalizer does to each of the first 128 characters what it does to it alone."""
    if step["type"] != "Replace":
        return step["type"] in ("NFKC", "Lowercase")
    if "String" in step["pattern"]:
        return len(step["pattern"]["String"]) == 1
    codes = re.findall(r"\\x\{([0-9A-F]+)\}", step["pattern"]["Regex"])
    rest = re.sub(r"\\x\{[0-9A-F]+\}", "", step["pattern"]["Regex"])
    signs = re.fullmatch(r"(?:[][()?<=+-]|\{[0-9]+\})*", rest)
    return signs is not None and all(int(code, 16) > 127 for code in codes)


def _splitter(spec: Any) -> Callable[[str], list[str]] | None:
    """What finds the words of a normalised text; None where the pre-tokenizer is not of the known kind."""
    steps = (spec or {}).get("pretokenizers", [])
    patterns = [step.get("pattern", {}).get("Regex", "") for step in steps]
    ways = [(step["type"], step.get("behavior"), step.get("invert")) for step in steps]
    if ways not in [[("Split", "Removed", False), *[("Split", "Isolated", False)] * n] for n in (1, 2)]:
        return None
    separator, mark = _SEPARATOR.fullmatch(patterns[0]), _MARK.fullmatch(patterns[1])
    longest = _LONGEST.fullmatch(patterns[2]) if len(patterns) == 3 else None
    if separator is None or mark is None or (len(patterns) == 3 and longest is None):
        return None
    blanks, marks = _python(separator[1]), _python(mark[0])
    times = longest[1] if longest else "+"
    every = re.compile(f"{marks}|[^{blanks[1:-1]}{marks[1:-1]}]{times}").findall
    # The same of the first 128 characters only, whose classes are quicker to look up.
    lone = re.escape("".join(re.findall(marks, _ASCII)))
    inner = re.escape("".join(re.findall(f"[^{blanks[1:-1]}{marks[1:-1]}]", _ASCII)))
    if not lone or not inner:
        return every
    ascii_only = re.compile(f"[{lone}]|[{inner}]{times}").findall
    return lambda text: ascii_only(text) if text.isascii() else every(text)


def _python(pattern: str) -> str:
    """A character class as Python writes it."""
    return re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: rf"\U{int(found[1], 16):08x}", pattern)
