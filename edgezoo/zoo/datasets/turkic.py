"""Six Turkic languages in IPA: orthographic text transliterated by epitran, NFC, balanced."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from edgezoo.atomic import write_bytes
from edgezoo.zoo.datasets import corpora

SHORTEST = 8  # characters of a line worth learning from


@dataclass(frozen=True)
class Language:
    """Its name, epitran's code for it, and how Unicode names of the letters of its script begin."""

    name: str
    epitran: str
    script: str
    spelling: Mapping[str, str] = field(default_factory=dict)  # what epitran would misread


DOTTED = {"İ": "i", "I": "ı"}  # lower case as the language has it, not as Unicode does
LANGUAGES = {
    "kk": Language("Kazakh", "kaz-Cyrl", "CYRILLIC"),
    "ky": Language("Kyrgyz", "kir-Cyrl", "CYRILLIC", {"ѳ": "ө", "Ѳ": "ө", "ӊ": "ң", "Ӊ": "ң"}),
    "tr": Language("Turkish", "tur-Latn", "LATIN", DOTTED | {"â": "a", "î": "i", "û": "u"}),
    "az": Language("Azerbaijani", "aze-Latn", "LATIN", DOTTED),
    "ug": Language("Uyghur", "uig-Arab", "ARABIC"),
    "uz": Language("Uzbek", "uzb-Latn", "LATIN"),
}
SILENT = ("CYRILLIC", "ARABIC")  # letters that epitran leaves as they are: hard and soft signs


def spoken(ipa: str) -> str:
    """NFC of IPA without punctuation: letters, their marks (stress and length too) and single blanks."""
    heard = (c for c in unicodedata.normalize("NFC", ipa) if not _name(c).startswith(SILENT))
    kept = (c if unicodedata.category(c)[0] in "LM" else " " for c in heard)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def is_pure(text: str, script: str) -> bool:
    """Whether the text can be read aloud by its script's rules: no digits, no letters of another script."""
    return not any(
        c.isnumeric() or (c.isalpha() and unicodedata.category(c) != "Lm" and not _name(c).startswith(script))
        for c in text
    )


def _name(character: str) -> str:
    return unicodedata.name(character, "")


@cache
def transliterator(code: str) -> Callable[[str], str]:
    """What turns orthographic text of the language `code` of LANGUAGES into spoken IPA."""
    import epitran

    transliterate = epitran.Epitran(LANGUAGES[code].epitran).transliterate
    spelling = str.maketrans(dict(LANGUAGES[code].spelling))
    return lambda text: spoken(transliterate(text.translate(spelling)))


def ipa(data: Path, work: Path, code: str) -> list[str]:
    """All different lines of a language in IPA; `work`/`code`.txt keeps them for the next time.

    Raises DataError where `data` has no texts of the language.
    """
    path = work / f"{code}.txt"
    if not path.exists():
        read_aloud, script = transliterator(code), LANGUAGES[code].script
        texts = (
            unicodedata.normalize("NFC", text) for text in corpora.read(data, code) if is_pure(text, script)
        )
        lines = dict.fromkeys(line for line in map(read_aloud, texts) if len(line) >= SHORTEST)
        work.mkdir(parents=True, exist_ok=True)
        write_bytes(path, ("\n".join(lines) + "\n").encode())
    return path.read_text(encoding="utf-8").splitlines()


def corpus(data: Path, work: Path, holdout: float, seed: int) -> dict[str, corpora.Split]:
    """Each language's split, of as many characters as the smallest one has."""
    lines = {code: ipa(data, work, code) for code in LANGUAGES}
    least = min(sum(map(len, texts)) for texts in lines.values())
    return {
        code: corpora.split(corpora.balanced(texts, least, seed), holdout, seed)
        for code, texts in lines.items()
    }
