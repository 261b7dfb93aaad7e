"""Texts from arguments, standard input or a file, one a line."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from edgezoo.errors import InputError

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file", "-f", metavar="FILE", help="Read texts from FILE, one a line.", dir_okay=False, exists=True
    ),
]

_BATCH = 4096


def gather(arguments: list[str], file: Path | None) -> Iterator[str]:
    """The texts of the arguments, in order, "-" standing for standard input's lines; then those of `file`.

    Lines end with a line feed, a carriage return before it is dropped; empty lines count.
    Raises InputError if no text was named at all, or for a line that is not UTF-8.
    """
    if not arguments and file is None:
        raise InputError('no text was given; write it as an argument, "-" for standard input, or --file FILE')
    return _gather(arguments, file)


def _gather(arguments: list[str], file: Path | None) -> Iterator[str]:
    for argument in arguments:
        if argument == "-":
            yield from _lines(sys.stdin.buffer, "standard input")
        else:
            yield argument
    if file is not None:
        with file.open("rb") as stream:
            yield from _lines(stream, str(file))


def _lines(stream: BinaryIO, name: str) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        try:
            yield line.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise InputError(f"{name}, line {number}: not UTF-8; convert it first, e.g. with iconv") from None


def in_batches(texts: Iterator[str]) -> Iterator[list[str]]:
    """The texts in lists of thousands."""
    while batch := list(islice(texts, _BATCH)):
        yield batch


def printable(text: str) -> str:
    """The text with lone surrogates as U+FFFD, as the engine sees it: terminals and JSON refuse them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
