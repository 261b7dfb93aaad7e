"""One id a code point: round trips, unknown characters that are told, and a manifest to check by hand."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from edgezoo.zoo.tokenizers import char

TEXTS = ["ˈkɑːɫɑ t͡ʃɑj", "kɑk ˌtɯː", "xyz"]
TOKENS = char.vocabulary([*TEXTS[:2], *TEXTS[:2]], 2)
SPECIAL = 4


def test_special_tokens_come_first_and_characters_by_code_point() -> None:
    assert TOKENS[:SPECIAL] == ["[PAD]", "[UNK]", "[BOS]", "[EOS]"]
    assert TOKENS[SPECIAL:] == sorted(set("".join(TEXTS[:2])))


def test_ipa_with_stress_and_length_marks_survives_a_round_trip() -> None:
    tokenizer = char.build(TOKENS)
    for text in TEXTS[:2]:
        ids = tokenizer.encode(text).ids
        assert len(ids) == len(text)
        assert tokenizer.decode(ids) == text


def test_unknown_characters_become_unk_each() -> None:
    assert char.build(TOKENS).encode("kxyk").ids == [
        TOKENS.index("k"),
        char.UNK,
        char.UNK,
        TOKENS.index("k"),
    ]


def test_text_is_brought_to_nfc() -> None:
    tokens = char.vocabulary(["ç\u0063\u0327"], 2)  # a letter with a cedilla, in both spellings
    assert tokens[SPECIAL:] == ["ç"]
    assert char.build(tokens).encode("c\u0327").ids == [SPECIAL]


@given(st.text(alphabet=st.one_of(st.sampled_from("kɑːˈt͡ʃ \n["), st.characters(exclude_categories=["Cs"]))))
def test_encode_agrees_with_the_tokenizer(text: str) -> None:
    assert char.encode(TOKENS, [text])[0].tolist() == char.build(TOKENS).encode(text).ids


def test_special_tokens_cannot_be_written() -> None:
    assert char.BOS not in char.encode(TOKENS, ["[BOS]"])[0]


def test_manifest_counts_what_is_covered(tmp_path: Path) -> None:
    found = char.manifest(["[PAD]", "[UNK]", "[BOS]", "[EOS]", "a"], ["aaab"], ["ab"], 2, 0.1, 7)
    assert (found.token_count, found.characters, found.coverage, found.oov_rate) == (5, 4, 0.75, 0.5)
    assert found.unknown == {"b": 1}
    char.write_manifest(tmp_path / "manifest.json", found)
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["seed"] == 7


def test_vocabulary_is_the_same_whatever_the_order() -> None:
    decomposed = [unicodedata.normalize("NFD", text) for text in reversed(TEXTS)]
    assert char.vocabulary(decomposed, 1) == char.vocabulary(TEXTS, 1)
