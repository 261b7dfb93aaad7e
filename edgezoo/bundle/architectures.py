"""What each architecture demands of settings and tensors, checked alike when writing and when reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from edgezoo.bundle import layout
from edgezoo.bundle.layout import Architecture, Char, CharLstm, TinyLstm, Tokenizer, Unigram
from edgezoo.errors import BundleError, InputError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Content:
    """Dtype and shape of each tensor by name; whatever does not fit raises `error`."""

    tokens: int
    tensors: Mapping[str, tuple[str, Shape]]
    error: type[BundleError] | type[InputError]

    def refuse(self, reason: str) -> NoReturn:
        raise self.error(reason)

    def matrix(self, name: str) -> tuple[int, int]:
        """The shape of the quantised matrix `name`."""
        dtype, shape = self.tensors.get(name, ("", ()))
        if dtype not in ("int8", "int4") or len(shape) != 2:
            self.refuse(f"the tensor {name} must be a matrix, quantised to int8 or int4")
        return shape[0], shape[1]

    def demand_matrix(self, name: str, rows: int, columns: int) -> None:
        found = self.matrix(name)
        if found != (rows, columns):
            self.refuse(f"{name} has the shape {list(found)}, expected is [{rows}, {columns}]")
        groups = columns // layout.INT4_GROUP if self.tensors[name][0] == "int4" else 1
        self.demand(f"{name}.scale", "float16", (rows, groups))

    def demand(self, name: str, dtype: str, shape: Shape) -> None:
        if self.tensors.get(name) != (dtype, shape):
            self.refuse(f"{name} must be {dtype} {list(shape)}")

    def demand_range(self, what: str, value: int, lowest: int, highest: int) -> None:
        if not lowest <= value <= highest:
            self.refuse(f"{what} is {value}; allowed are {lowest} to {highest}")

    def demand_dimension(self, what: str, value: int, highest: int) -> None:
        if value % layout.INT4_GROUP or not 0 < value <= highest:
            self.refuse(f"{what} {value} is not a multiple of 32 up to {highest}")


def check_model(content: Content, tokenizer: Tokenizer, architecture: Architecture) -> None:
    """Raise the content's error for the first rule of SPECIFICATION.md that the model breaks."""
    tokens = content.tokens
    if not 0 <= tokenizer.unknown_id < tokens:
        content.refuse(f"unknown_id {tokenizer.unknown_id} lies outside the vocabulary of {tokens}")
    if isinstance(tokenizer, Char) != isinstance(architecture, CharLstm):
        content.refuse("the tokenizer Char and the architecture CharLstm go together; one of them is missing")
    if isinstance(tokenizer, Unigram):
        _check_unigram(content, tokenizer)
    elif isinstance(tokenizer, Char):
        special = len(layout.CHAR_SPECIAL_TOKENS)
        content.demand_range("the number of tokens", tokens, special + 1, layout.MAX_CHARACTERS)
    else:
        content.demand_range(
            "max_word_characters", tokenizer.max_word_characters, 1, layout.MAX_WORD_CHARACTERS
        )
    rows, columns = content.matrix("embedding")
    if rows != tokens:
        content.refuse(f"embedding has {rows} rows for {tokens} tokens")
    content.demand_dimension("the dimension", columns, layout.MAX_DIMENSION)
    content.demand_matrix("embedding", tokens, columns)
    if isinstance(architecture, TinyLstm):
        _check_tiny_lstm(content, architecture, columns)
    elif isinstance(architecture, CharLstm):
        _check_char_lstm(content, columns)
    else:
        _check_static_table(content)


def check_characters(vocabulary: Sequence[str], error: type[BundleError] | type[InputError]) -> None:
    """Raise `error` unless the vocabulary is one of Char: special tokens, then characters by code point."""
    special = len(layout.CHAR_SPECIAL_TOKENS)
    if tuple(vocabulary[:special]) != layout.CHAR_SPECIAL_TOKENS:
        raise error(f"a vocabulary of characters begins with {', '.join(layout.CHAR_SPECIAL_TOKENS)}")
    characters = list(vocabulary[special:])
    if any(len(character) != 1 for character in characters) or characters != sorted(set(characters)):
        raise error("the tokens after the special ones must be single characters, by code point")


def _check_unigram(content: Content, tokenizer: Unigram) -> None:
    content.demand_range(
        "max_word_characters", tokenizer.max_word_characters, 1, layout.MAX_UNIGRAM_WORD_CHARACTERS
    )
    content.demand_range("byte_id", tokenizer.byte_id, 0, content.tokens - layout.BYTES)
    content.demand_range("max_marks", tokenizer.max_marks, 0, layout.MAX_MARKS)
    content.demand_range("unknown_penalty", tokenizer.unknown_penalty, 0, layout.MAX_PENALTY)
    content.demand("vocabulary.costs", "uint8", (content.tokens,))
    for name, width in layout.UNICODE_TABLES.items():
        dtype, shape = content.tensors.get(name, ("", ()))
        if dtype != "uint8" or len(shape) != 2 or shape[1] != width:
            content.refuse(f"{name} must be uint8 [rows, {width}]")
    content.demand("unicode.pages", "uint8", (layout.CODE_POINTS // layout.PAGE, 1))


def _check_static_table(content: Content) -> None:
    if "weight" in content.tensors:
        content.demand("weight", "float16", (content.tokens,))


def _check_char_lstm(content: Content, embedding: int) -> None:
    if "lstm.0.backward.input" in content.tensors:
        content.refuse("a language model reads forward only; leave out lstm.0.backward")
    hidden = _check_layers(content, embedding)
    if "output_norm.weight" in content.tensors or "output_norm.bias" in content.tensors:
        content.demand("output_norm.weight", "float32", (hidden,))
        content.demand("output_norm.bias", "float32", (hidden,))
    content.demand_matrix("projection", embedding, hidden)
    content.demand("projection.bias", "float32", (embedding,))
    content.demand("head.bias", "float32", (content.tokens,))


def _check_tiny_lstm(content: Content, settings: TinyLstm, embedding: int) -> None:
    tensors = content.tensors
    if settings.pooling not in layout.POOLINGS:
        content.refuse(f"pooling {settings.pooling!r} is unknown; choose one of {', '.join(layout.POOLINGS)}")
    if settings.pooling == "cls" and content.tokens <= layout.CLS_ID:
        content.refuse(f"cls pooling needs the token {layout.CLS_ID}; there are {content.tokens} tokens")
    content.demand_range("max_tokens", settings.max_tokens, 1, layout.MAX_SEQUENCE)
    states = _check_layers(content, embedding)
    for name, size in (("input_norm", embedding), ("output_norm", states)):
        if f"{name}.weight" in tensors or f"{name}.bias" in tensors:
            content.demand(f"{name}.weight", "float32", (size,))
            content.demand(f"{name}.bias", "float32", (size,))
    if "salience" in tensors:
        content.demand("salience", "float32", (1, states))
        content.demand("salience.bias", "float32", (1,))
    if "projection" in tensors:
        dimension = content.matrix("projection")[0]
        content.demand_dimension("the dimension", dimension, layout.MAX_DIMENSION)
        content.demand_matrix("projection", embedding if settings.skip else dimension, states)
        content.demand("projection.bias", "float32", (dimension,))
    elif "classifier" not in tensors:
        content.refuse("the model has neither the tensor projection nor classifier")
    _check_labels(content, settings.labels)
    if "classifier" in tensors:
        content.demand("classifier", "float32", (len(settings.labels), states + embedding))
        content.demand("classifier.bias", "float32", (len(settings.labels),))


def _check_layers(content: Content, embedding: int) -> int:
    """The columns of the last layer's states, all directions together."""
    hidden = content.matrix("lstm.0.forward.recurrent")[1]
    content.demand_dimension("the hidden size", hidden, layout.MAX_HIDDEN)
    directions = ["forward", "backward"] if "lstm.0.backward.input" in content.tensors else ["forward"]
    layers = 2 if "lstm.1.forward.input" in content.tensors else 1
    width = embedding
    for layer in range(layers):
        for direction in directions:
            name = f"lstm.{layer}.{direction}"
            content.demand_matrix(f"{name}.input", 4 * hidden, width)
            content.demand_matrix(f"{name}.recurrent", 4 * hidden, hidden)
            content.demand(f"{name}.bias", "float32", (4 * hidden,))
        width = len(directions) * hidden
    return width


def _check_labels(content: Content, labels: tuple[str, ...]) -> None:
    if ("classifier" in content.tensors) != bool(labels):
        content.refuse("labels and the tensor classifier go together; one of them is missing")
    if not labels:
        return
    content.demand_range("the number of labels", len(labels), layout.MIN_LABELS, layout.MAX_LABELS)
    for label in labels:
        content.demand_range(f"the size of label {label!r}", len(label.encode()), 1, layout.MAX_LABEL_SIZE)
    if len(set(labels)) != len(labels):
        content.refuse("a label is listed twice")
