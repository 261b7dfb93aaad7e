"""Orthographic text becomes IPA: NFC, without punctuation, digits and letters that nobody reads aloud."""

from __future__ import annotations

import unicodedata
from itertools import islice, permutations
from pathlib import Path

import pytest

from edgezoo.zoo.datasets import turkic

LINES = {  # Article 1 of the Universal Declaration of Human Rights, its beginning
    "kk": "Барлық адамдар тумысынан азат",
    "ky": "Бардык адамдар өз беделинде эркин",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar",
    "az": "Bütün insanlar ləyaqət və hüquqlarına görə azad",
    "ug": "ھەممە ئادەم تۇغۇلۇشىدىنلا ئەركىن",
    "uz": "Barcha odamlar erkin, qadr-qimmat va huquqlarda teng",
}


@pytest.mark.parametrize("code", LINES)
def test_every_language_becomes_ipa(code: str) -> None:
    ipa = turkic.transliterator(code)(LINES[code])
    assert len(ipa.split()) >= len(LINES[code].split())
    assert ipa == unicodedata.normalize("NFC", ipa)
    for character in ipa.replace(" ", ""):
        name = unicodedata.name(character)
        assert name.startswith(("LATIN", "GREEK", "MODIFIER", "COMBINING")), (character, name)


def test_turkish_has_two_letters_i() -> None:
    read_aloud = turkic.transliterator("tr")
    assert read_aloud("İyi Ilık") == "iji ɯlɯk"
    assert read_aloud("ISPARTA") == read_aloud("ısparta")


def test_marks_stay_and_punctuation_goes() -> None:
    assert turkic.spoken(" ˈkɑː,ɫɑ — t͡ʃɑj! ъ ") == "ˈkɑː ɫɑ t͡ʃɑj"


def test_only_lines_that_can_be_read_aloud_are_pure() -> None:
    assert turkic.is_pure("Salom, dunyo! oʻzbek", "LATIN")
    assert not turkic.is_pure("1991 yil", "LATIN")
    assert not turkic.is_pure("WhatsApp қосымшасы", "CYRILLIC")


def test_corpus_is_balanced_and_kept(tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    data.mkdir()
    for number, (code, line) in enumerate(LINES.items()):
        lines = [" ".join(words) for words in islice(permutations(line.split(), 3), 12 + number)]
        (data / f"{code}.txt").write_text("\n".join(lines), encoding="utf-8")
    found = turkic.corpus(data, work, 0.4, 1)
    sizes = {code: sum(len(t) for t in (*s.train, *s.dev, *s.test)) for code, s in found.items()}
    assert len(set(sizes.values())) == 1
    for path in data.iterdir():
        path.unlink()
    assert turkic.corpus(data, work, 0.4, 1) == found
