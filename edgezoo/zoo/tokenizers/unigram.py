"""Unigram for every language: NFKC, lower case, words cut at white space and punctuation, bytes for the rest.

A piece is the same token at the beginning of a word, inside it and at its end, so that compounds, hashtags
and languages without blanks share their words' rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import NFKC, Lowercase, Replace
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence
from tokenizers.pre_tokenizers import Split

from edgezoo.errors import DataError
from edgezoo.zoo.tokenizers.delimiters import DELIMITERS
from edgezoo.zoo.tokenizers.marks import MARKS
from edgezoo.zoo.tokenizers.wordpiece import SPECIAL_TOKENS

UNKNOWN_ID = SPECIAL_TOKENS.index("[UNK]")
BYTE_TOKENS = tuple(f"<0x{byte:02X}>" for byte in range(256))
FIXED_TOKENS = (*SPECIAL_TOKENS, *BYTE_TOKENS)

# A token's score is -cost / COSTS_A_NAT, so that sums of scores are exact in any arithmetic.
COSTS_A_NAT = 16
MAX_COST = 255

MAX_WORD_CHARACTERS = 64  # longer ones are cut, so that no text needs more memory than another
MAX_MARKS = 16  # combining marks in a row; further ones are dropped, as in Unicode's stream-safe format

# Inclusive ranges. NFKC makes blanks of most other white space; these are left, or are invisible.
WHITE_SPACE = (
    (0x0009, 0x000D), (0x0020, 0x0020), (0x0085, 0x0085), (0x1680, 0x1680), (0x200B, 0x200B),
    (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x2060), (0x2066, 0x2069), (0xFEFF, 0xFEFF),
)  # fmt: skip
IDEOGRAPHS = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)  # fmt: skip
PUNCTUATION = tuple(extent for extent in DELIMITERS if extent not in IDEOGRAPHS)

Ranges = Iterable[tuple[int, int]]


def character_class(ranges: Ranges) -> str:
    """Oniguruma's character class of code points, every range spelt out."""
    return "[" + "".join(rf"\x{{{low:X}}}-\x{{{high:X}}}" for low, high in ranges) + "]"


def normalizer() -> NormalizerSequence:
    """At most MAX_MARKS combining marks in a row; NFKC; then every character's lower case."""
    mark = character_class(MARKS)
    return NormalizerSequence([Replace(Regex(f"(?<={mark}{{{MAX_MARKS}}}){mark}+"), ""), NFKC(), Lowercase()])


def pre_tokenizer() -> PreTokenizerSequence:
    """White space separates, each punctuation mark stands alone, and what is left is cut to 64 characters."""
    return PreTokenizerSequence(
        [
            Split(Regex(character_class(WHITE_SPACE) + "+"), "removed"),
            Split(Regex(character_class(PUNCTUATION)), "isolated"),
            Split(Regex(rf"[^\x{{A}}]{{1,{MAX_WORD_CHARACTERS}}}"), "isolated"),
        ]
    )


def build_tokenizer(vocabulary: Sequence[str], costs: Sequence[int]) -> Tokenizer:
    """Tokenizer whose ids are the positions in `vocabulary`; a word is split where its costs add up to least.

    The vocabulary begins with FIXED_TOKENS; costs are 0 to 255. No added tokens, no post-processor. Raises
    ValueError where that does not hold or a token repeats.
    """
    if tuple(vocabulary[: len(FIXED_TOKENS)]) != FIXED_TOKENS:
        raise ValueError("a vocabulary must begin with the special tokens and one for each byte")
    if len(vocabulary) != len(costs) or not all(0 <= cost <= MAX_COST for cost in costs):
        raise ValueError(f"every token needs a cost from 0 to {MAX_COST}")
    if len(set(vocabulary)) != len(vocabulary) or "" in vocabulary:
        raise ValueError("a token is empty or in the vocabulary twice")
    scored = [(token, -cost / COSTS_A_NAT) for token, cost in zip(vocabulary, costs, strict=True)]
    tokenizer = Tokenizer(Unigram(scored, unk_id=UNKNOWN_ID, byte_fallback=True))
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizer()
    return tokenizer


def settle_costs(vocabulary: Sequence[str], costs: Sequence[int]) -> list[int]:
    """Costs with which every token is the cheapest way to write itself.

    So a word that is a token is found at once. Lowers those that other tokens undercut, until none does.
    """
    settled = list(costs)
    place = {token: position for position, token in enumerate(vocabulary)}
    open_tokens = [token for token in vocabulary[len(FIXED_TOKENS) :] if len(token) > 1]
    while open_tokens:
        model = build_tokenizer(vocabulary, settled).model
        lowered = []
        for token in open_tokens:
            pieces = [piece.id for piece in model.tokenize(token)]
            if pieces != [place[token]]:
                settled[place[token]] = sum(settled[piece] for piece in pieces)
                lowered.append(token)
        # A token that became cheaper may undercut others that hold it.
        open_tokens = open_tokens if lowered else []
    return settled


def costs_of(vocabulary: Sequence[str], scores: Sequence[float]) -> list[int]:
    """The costs that a tokenizer.json's scores stand for; raises DataError for scores that stand for none."""
    costs = [round(-score * COSTS_A_NAT) for score in scores]
    if any(-cost / COSTS_A_NAT != score for cost, score in zip(costs, scores, strict=True)):
        raise DataError(f"the scores of {len(vocabulary)} tokens are not multiples of 1/{COSTS_A_NAT}")
    return costs


def check_definition(path: Path, vocabulary: Sequence[str], costs: Sequence[int]) -> None:
    """Raise DataError unless `path`, a tokenizer.json, is what `build_tokenizer` makes of the vocabulary."""
    own = json.loads(build_tokenizer(vocabulary, costs).to_str())
    found = json.loads(path.read_text(encoding="utf-8"))
    for part in ("normalizer", "pre_tokenizer", "model"):
        if found[part] != own[part]:
            raise DataError(f"{path}: its {part} is not edgezoo's; the engine would give other ids")
