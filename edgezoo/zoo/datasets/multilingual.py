"""Texts in many languages beside their English: sentences, words, and the names of emoji.

A data directory holds `multilingual/parallel.tsv` (source, language, English, other), `lexicon.tsv`
(language, English, other) and `monolingual.tsv` (language, text), plain or xz-compressed, and Unicode CLDR's
`annotations` (also taken from where Debian's package unicode-cldr-core puts them).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from edgezoo.errors import DataError
from edgezoo.zoo.datasets import files

PARALLEL, LEXICON, MONOLINGUAL = (
    f"multilingual/{name}.tsv" for name in ("parallel", "lexicon", "monolingual")
)
ANNOTATIONS = ("cldr/annotations", "/usr/share/unicode/cldr/common/annotations")
SLANG = "slang"  # a list of edgezoo/zoo/vocabularies: language, term, English

# ISO 639-3 and other names of languages, and varieties written alike, by their ISO 639-1 code.
_CODES = dict(
    pair.split("=")
    for pair in [
        "afr=af",
        "als=sq",
        "amh=am",
        "ara=ar",
        "arb=ar",
        "arq=ar",
        "aze=az",
        "bel=be",
        "ben=bn",
        "bre=br",
        "bul=bg",
        "cat=ca",
        "ces=cs",
        "cmn=zh",
        "qcn=zh",
        "zho=zh",
        "yue=zh",
        "cym=cy",
        "dan=da",
        "deu=de",
        "ell=el",
        "epo=eo",
        "est=et",
        "eus=eu",
        "fas=fa",
        "pes=fa",
        "prs=fa",
        "fin=fi",
        "fra=fr",
        "gla=gd",
        "gle=ga",
        "glg=gl",
        "heb=he",
        "hin=hi",
        "hbs=sh",
        "hrv=sh",
        "bos=sh",
        "srp=sh",
        "sr=sh",
        "hr=sh",
        "bs=sh",
        "hun=hu",
        "hye=hy",
        "ind=id",
        "isl=is",
        "ita=it",
        "jpn=ja",
        "ja-tok=ja",
        "kat=ka",
        "kaz=kk",
        "khm=km",
        "kor=ko",
        "lat=la",
        "lav=lv",
        "lit=lt",
        "ltz=lb",
        "mal=ml",
        "mar=mr",
        "mkd=mk",
        "mlt=mt",
        "mon=mn",
        "msa=ms",
        "zsm=ms",
        "mya=my",
        "nld=nl",
        "nno=no",
        "nob=no",
        "nor=no",
        "nb=no",
        "nn=no",
        "oci=oc",
        "pol=pl",
        "por=pt",
        "ron=ro",
        "rus=ru",
        "slk=sk",
        "slv=sl",
        "spa=es",
        "sqi=sq",
        "swa=sw",
        "swe=sv",
        "tam=ta",
        "tat=tt",
        "tel=te",
        "tgl=tl",
        "tha=th",
        "tuk=tk",
        "tur=tr",
        "uig=ug",
        "ukr=uk",
        "urd=ur",
        "uzb=uz",
        "vie=vi",
        "yid=yi",
        "kur=ku",
        "run=rw",
    ]
)
# Invented and ancient languages, whose words would take rows from those that people write.
LEFT_OUT = frozenset(
    [
        "tlh",
        "toki",
        "jbo",
        "lfn",
        "ina",
        "ido",
        "ile",
        "vol",
        "tzl",
        "nov",
        "got",
        "grc",
        "ota",
        "prg",
        "orv",
        "ia",
        "xal",
        "hoc",
        "nst",
        "kha",
    ]
)


@dataclass(frozen=True, slots=True)
class Translation:
    """An English text and the same in another language; `source` names its collection."""

    source: str
    language: str
    english: str
    other: str


def language_code(name: str) -> str:
    """ISO 639-1 code of a language without script and region: "cmn_Hant" -> "zh"; others stay as they are."""
    if name in _CODES:
        return _CODES[name]
    bare = name.replace("-", "_").partition("_")[0]
    return _CODES.get(bare, bare)


def parallel(data: Path) -> Iterator[Translation]:
    """Sentences and their translations. Raises DataError for a row without four columns."""
    for source, language, english, other in _rows(data / PARALLEL, 4):
        if (code := language_code(language)) not in LEFT_OUT:
            yield Translation(source, code, english, other)


def lexicon(data: Path) -> Iterator[Translation]:
    """Words and their translations. Raises DataError for a row without three columns."""
    for language, english, other in _rows(data / LEXICON, 3):
        yield Translation(
            "wordnet", language_code(language), english.replace("_", " "), other.replace("_", " ")
        )


def monolingual(data: Path) -> Iterator[tuple[str, str]]:
    """Language and text. Raises DataError for a row without two columns."""
    for language, text in _rows(data / MONOLINGUAL, 2):
        if (code := language_code(language)) not in LEFT_OUT:
            yield code, text


def _rows(path: Path, columns: int) -> Iterator[list[str]]:
    for number, line in enumerate(files.lines(path), start=1):
        row = [" ".join(cell.split()) for cell in line.split("\t")]
        if len(row) != columns:
            raise DataError(f"{path}, line {number}: expected {columns} columns, got {line[:80]!r}")
        yield row


def annotations_folder(data: Path) -> Path | None:
    """The folder of Unicode CLDR's annotations, in `data` or installed, if there is one."""
    return next((data / place for place in ANNOTATIONS if (data / place).is_dir()), None)


def emoji(data: Path) -> Iterator[Translation]:
    """What each emoji, symbol and flag is called: its name and its key words, in English and other languages.

    The English names come as translations of the emoji ("emoji" is their language), the other names as
    translations of the English ones. Nothing where the annotations are not at hand.
    """
    folder = annotations_folder(data)
    if folder is None:
        return
    names, words = _annotations(folder / "en.xml")
    flags = folder.with_name("annotationsDerived") / "en.xml"
    if flags.exists():
        names |= {flag: name for flag, name in _annotations(flags)[0].items() if name.startswith("flag: ")}
    for character, name in names.items():
        yield Translation("cldr", "emoji", name, character)
        yield Translation("cldr", "emoji", ", ".join(words.get(character, [name])), character)
    for path in sorted(folder.glob("*.xml")):
        code = language_code(path.stem)
        if code in ("en", "root") or path.stem in ("sr_Latn_BA", "ccp"):
            continue
        for character, name in _annotations(path)[0].items():
            if character in names:
                yield Translation("cldr", code, names[character], name)


def _annotations(path: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Names and key words by character, of one language."""
    names: dict[str, str] = {}
    words: dict[str, list[str]] = {}
    for entry in ElementTree.parse(path).iter("annotation"):
        character, text = entry.get("cp", ""), entry.text or ""
        if not character or "↑" in text:  # inherited
            continue
        if entry.get("type") == "tts":
            names[character] = text
        else:
            words[character] = [word.strip() for word in text.split("|")]
    return names, words


def slang() -> Iterator[Translation]:
    """Short forms and interjections of chats, and what they mean in English."""
    listed = resources.files("edgezoo.zoo") / "vocabularies" / f"{SLANG}.tsv"
    for line in listed.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            language, term, english = line.split("\t")
            yield Translation("slang", language, english, term)
