"""Choice of a Unigram vocabulary for many languages, from a sample in which each has its share."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer

from edgezoo.bundle.layout import MAX_UNIGRAM_TOKEN_SIZE
from edgezoo.zoo.datasets import multilingual
from edgezoo.zoo.tokenizers.unigram import (
    COSTS_A_NAT,
    FIXED_TOKENS,
    MAX_COST,
    build_tokenizer,
    normalizer,
    pre_tokenizer,
    settle_costs,
)

# Characters of the sample by language; the others have what is left, by the root of what there is of them.
MAIN_SHARES = {
    "en": 0.23,
    "de": 0.08,
    "fr": 0.075,
    "es": 0.075,
    "it": 0.055,
    "pt": 0.055,
    "nl": 0.05,
    "pl": 0.05,
    "ru": 0.065,
    "zh": 0.045,
    "ja": 0.05,
}
DENSE = frozenset(("zh", "ja", "ko"))  # whose characters say twice as much
SENTENCES, WORDS, OTHER = range(3)
# How much of a language's part comes from translations, from words, and from other text of it.
PARTS = (0.72, 0.18, 0.1)
PARTS_OF_FEW = (0.2, 0.18, 0.3)  # where there are few translations
FEW = 50_000  # characters
EMOJI_REPEATS, TERM_REPEATS = 3, 5


@dataclass(frozen=True)
class UnigramConfig:
    """How large a vocabulary is and how much text it is chosen from."""

    size: int = 100_000
    characters: float = 70e6
    most_repeats: int = 12  # of a text of a language that there is little of
    rarest: int = 5  # occurrences below which a character is left to its bytes
    longest: int = 16  # characters of a token
    seed: int = 1


Texts = tuple[list[str], list[str], list[str]]


def gather(data: Path, english: Iterable[str]) -> dict[str, Texts]:
    """Sentences, words and other text of each language."""
    found: dict[str, Texts] = {}

    def of(language: str, part: int) -> list[str]:
        return found.setdefault(language, ([], [], []))[part]

    for pair in multilingual.parallel(data):
        of(pair.language, SENTENCES).append(pair.other)
    for pair in (*multilingual.lexicon(data), *multilingual.emoji(data)):
        if pair.language != "emoji":
            of(pair.language, WORDS).append(pair.other)
    for language, text in multilingual.monolingual(data):
        of(language, OTHER).append(text)
    texts = {
        language: (list(dict.fromkeys(sides)), list(dict.fromkeys(words)), other)
        for language, (sides, words, other) in found.items()
    }
    return {**texts, "en": (list(english), [], [])}


def shares(texts: Mapping[str, Texts]) -> dict[str, float]:
    """The share of the sample that each language has."""
    raw = {
        language: (_size(parts[SENTENCES]) + 0.3 * _size(parts[WORDS]) + 0.3 * _size(parts[OTHER])) ** 0.5
        for language, parts in texts.items()
        if language not in MAIN_SHARES and (parts[SENTENCES] or parts[OTHER])
    }
    left, total = 1 - sum(MAIN_SHARES.values()), sum(raw.values())
    return {**MAIN_SHARES, **{language: left * size / total for language, size in raw.items()}}


def sample(texts: Mapping[str, Texts], config: UnigramConfig) -> Iterator[str]:
    """The texts that the vocabulary is chosen from, repeated or drawn so that languages have their shares."""
    draw = random.Random(config.seed)
    for language, share in sorted(shares(texts).items(), key=lambda item: (-item[1], item[0])):
        parts = texts.get(language, ([], [], []))
        total = config.characters * share * (0.5 if language in DENSE else 1.0)
        portions = PARTS if _size(parts[SENTENCES]) > FEW else PARTS_OF_FEW
        for part, portion in zip(parts, (1.0,) if language == "en" else portions, strict=False):
            yield from _repeated(part, total * portion, config.most_repeats, draw)


def _repeated(texts: Sequence[str], characters: float, most: int, draw: random.Random) -> Iterator[str]:
    times = min(characters / max(_size(texts), 1), float(most))
    whole = int(times)
    for text in texts:
        for _ in range(whole + (draw.random() < times - whole)):
            yield text


def _size(texts: Iterable[str]) -> int:
    return sum(map(len, texts))


def choose(
    texts: Iterable[str], emoji: Iterable[str], terms: Iterable[str], config: UnigramConfig
) -> Tokenizer:
    """Train a Unigram on `texts` and make the tokenizer of it.

    Tokens are in descending likelihood after the fixed ones: hot rows lie together in memory. Every character
    of `emoji` is one, and so is every emoji and every word of `terms`. The vocabulary may be smaller than
    `config.size` where texts have fewer pieces.
    """
    symbols = list(emoji)
    listed = list(terms)
    lines = [*texts, *symbols * EMOJI_REPEATS, *listed * TERM_REPEATS]
    kept = set("".join(symbols)) | {"\u200d", "\ufe0f"}
    counts = Counter(character for line in lines for character in line)
    rare = {ord(mark): " " for mark, count in counts.items() if count < config.rarest and mark not in kept}
    normal = normalizer()
    alphabet = {mark for symbol in kept for mark in normal.normalize_str(symbol) if mark.strip()}
    raw = Tokenizer(Unigram())
    raw.normalizer, raw.pre_tokenizer = normal, pre_tokenizer()
    trainer = UnigramTrainer(
        vocab_size=config.size - len(FIXED_TOKENS) + 1,
        show_progress=False,
        max_piece_length=config.longest,
        unk_token="<unk>",
        special_tokens=["<unk>"],
        initial_alphabet=sorted(alphabet),
        n_sub_iterations=2,
        shrinking_factor=0.7,
    )
    raw.train_from_iterator((line.translate(rare) for line in lines), trainer)
    wanted = [word for text in (*symbols, *listed) for word in words(text)]
    return _settled(with_words(_scores(raw), wanted))


def words(text: str) -> list[str]:
    """What a text is cut into: of a short one, the pieces that could each be a token."""
    return [word for word, _ in pre_tokenizer().pre_tokenize_str(normalizer().normalize_str(text))]


def with_words(scores: Mapping[str, float], wanted: Iterable[str]) -> dict[str, float]:
    """Scores with the missing ones of `wanted`, as unlikely as any, instead of the least likely others."""
    missing = [
        word
        for word in dict.fromkeys(wanted)
        if word not in scores and word not in FIXED_TOKENS and len(word.encode()) <= MAX_UNIGRAM_TOKEN_SIZE
    ]
    kept = sorted(scores, key=lambda token: (len(token) > 1 and token not in missing, -scores[token], token))
    kept = kept[: len(kept) - len(missing)] if missing else kept
    least = min(scores.values(), default=0.0)
    return {**{token: scores[token] for token in kept}, **dict.fromkeys(missing, least)}


def _scores(raw: Tokenizer) -> dict[str, float]:
    stored = json.loads(raw.to_str())["model"]["vocab"]
    return {token: score for token, score in stored if token != "<unk>" and token not in FIXED_TOKENS}


def _settled(scores: Mapping[str, float]) -> Tokenizer:
    """The tokenizer of pieces and their log-likelihoods."""
    ranked = sorted(scores, key=lambda token: (-scores[token], token))
    vocabulary = [*FIXED_TOKENS, *ranked]
    own = [min(MAX_COST, max(0, round(-scores[token] * COSTS_A_NAT))) for token in ranked]
    return build_tokenizer(vocabulary, settle_costs(vocabulary, [MAX_COST] * len(FIXED_TOKENS) + own))
