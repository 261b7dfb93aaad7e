"""The char tokenizer: text in NFC, one id for each code point, with a manifest of what it covers."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.normalizers import NFC
from tokenizers.pre_tokenizers import Split

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[BOS]", "[EOS]")
PAD, UNK, BOS, EOS = range(4)


@dataclass(frozen=True)
class Manifest:
    """What a vocabulary was made from and how much of it, and of the texts held out, it covers."""

    token_count: int
    min_frequency: int
    characters: int  # of the training texts
    coverage: float  # the share of the training texts' characters that have an id of their own
    oov_rate: float  # the share of the held-out texts' characters that are [UNK]
    unknown: dict[str, int]  # the characters left out, with how often they are in the training texts
    holdout: float
    seed: int


def vocabulary(texts: Iterable[str], min_frequency: int) -> list[str]:
    """The special tokens, then every character of the texts' NFC seen often enough, by code point."""
    counts = _counts(texts)
    return [*SPECIAL_TOKENS, *sorted(c for c, count in counts.items() if count >= min_frequency)]


def build(tokens: Sequence[str]) -> Tokenizer:
    """Tokenizer whose ids are the positions in `tokens`; all else is [UNK]. It adds no ids at the ends."""
    tokenizer = Tokenizer(WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = NFC()
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = Fuse()
    return tokenizer


def manifest(
    tokens: Sequence[str],
    train: Iterable[str],
    held_out: Iterable[str],
    min_frequency: int,
    holdout: float,
    seed: int,
) -> Manifest:
    """The manifest of a vocabulary over the texts that it was made from and those held out."""
    known = set(tokens[len(SPECIAL_TOKENS) :])
    counts, others = _counts(train), _counts(held_out)
    missing = {c: count for c, count in counts.most_common() if c not in known}
    lost = sum(count for c, count in others.items() if c not in known)
    return Manifest(
        token_count=len(tokens),
        min_frequency=min_frequency,
        characters=counts.total(),
        coverage=round(1 - sum(missing.values()) / max(counts.total(), 1), 8),
        oov_rate=round(lost / max(others.total(), 1), 8),
        unknown=missing,
        holdout=holdout,
        seed=seed,
    )


def write_manifest(path: Path, found: Manifest) -> None:
    """Write manifest.json."""
    path.write_text(json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _counts(texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(unicodedata.normalize("NFC", text))
    return counts


def encode(tokens: Sequence[str], texts: Iterable[str]) -> list[NDArray[np.uint16]]:
    """Ids of each text, just as the tokenizer of `build` gives them, without its cost."""
    ids = {token: i for i, token in enumerate(tokens) if i >= len(SPECIAL_TOKENS)}
    return [
        np.array([ids.get(c, UNK) for c in unicodedata.normalize("NFC", text)], np.uint16) for text in texts
    ]
