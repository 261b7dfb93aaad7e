"""WordPiece under the rules that the mobile runtimes share: ASCII-only lower-casing, accents stay."""

from __future__ import annotations

import string
from collections.abc import Sequence

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Replace
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence
from tokenizers.pre_tokenizers import Split

from edgezoo.zoo.tokenizers.delimiters import DELIMITERS

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
UNKNOWN_TOKEN = "[UNK]"
CONTINUATION = "##"
MAX_WORD_CHARACTERS = 100
MAX_TOKEN_BYTES = 255

WHITE_SPACE = "\t\n\f\r "
LOWER_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def delimiter_class() -> str:
    """Regular expression character class that matches one delimiter, every range spelt out.

    Oniguruma's syntax (that of `tokenizers`). For Python's `re` see `python_delimiter_class`.
    """
    return "[" + "".join(rf"\x{{{low:X}}}-\x{{{high:X}}}" for low, high in DELIMITERS) + "]"


def python_delimiter_class() -> str:
    """The same character class in the syntax of Python's `re`."""
    return "[" + "".join(rf"\U{low:08X}-\U{high:08X}" for low, high in DELIMITERS) + "]"


def check_vocabulary(vocabulary: Sequence[str]) -> None:
    """Raise ValueError unless the tokens can be stored in a bundle.

    The special tokens come first, no token repeats, each has 1 to 255 bytes of UTF-8.
    """
    if tuple(vocabulary[: len(SPECIAL_TOKENS)]) != SPECIAL_TOKENS:
        raise ValueError(f"a vocabulary must begin with {', '.join(SPECIAL_TOKENS)}; got {vocabulary[:4]}")
    seen: set[str] = set()
    for position, token in enumerate(vocabulary):
        size = len(token.encode())
        if not 0 < size <= MAX_TOKEN_BYTES:
            raise ValueError(
                f"token {position} has {size} bytes of UTF-8; allowed are 1 to {MAX_TOKEN_BYTES}"
            )
        if token in seen:
            raise ValueError(f"token {position}, {token!r}, is in the vocabulary twice; remove one")
        seen.add(token)


def build_tokenizer(vocabulary: Sequence[str]) -> Tokenizer:
    """Tokenizer whose ids are the positions in `vocabulary`.

    No added tokens, no post-processor, no truncation and no padding: a text gives exactly its word
    pieces, and "[CLS]" inside a text is punctuation and letters like any other. Raises ValueError
    where `check_vocabulary` does.
    """
    check_vocabulary(vocabulary)
    tokenizer = Tokenizer(
        WordPiece(
            {token: position for position, token in enumerate(vocabulary)},
            unk_token=UNKNOWN_TOKEN,
            max_input_chars_per_word=MAX_WORD_CHARACTERS,
            continuing_subword_prefix=CONTINUATION,
        )
    )
    # `Lowercase` would fold all of Unicode; the mobile runtimes fold A-Z only.
    tokenizer.normalizer = NormalizerSequence(
        [
            Replace(upper, lower)
            for upper, lower in zip(string.ascii_uppercase, string.ascii_lowercase, strict=True)
        ]
    )
    tokenizer.pre_tokenizer = PreTokenizerSequence(
        [
            Split(Regex(r"[\x{9}\x{A}\x{C}\x{D}\x{20}]+"), "removed"),
            Split(Regex(delimiter_class()), "isolated"),
        ]
    )
    return tokenizer
