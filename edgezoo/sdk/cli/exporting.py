"""`edgezoo export`."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgezoo import sdk
from edgezoo.errors import InputError
from edgezoo.exporters import FORMATS, export, find
from edgezoo.sdk.cli.output import print_note, size_text
from edgezoo.zoo import registry

_USUAL: list[str | None] = [None]
_PRECISIONS = ("fp32", "int8", "int4", "mixed")

ModelsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="MODEL", help="Names of models, or folders that `edgezoo train` wrote."),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option("--format", "-f", help=f"One or more of: {', '.join(FORMATS)}.", metavar="FORMAT"),
]
PrecisionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--precision",
        "-p",
        metavar="PRECISION",
        help=f"One or more of: {', '.join(_PRECISIONS)}. [onnx, tflite: int8; the others: the model's own]",
    ),
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="TARGET", help="Of clib: machines such as aarch64-android, aarch64-ios."
    ),
]


def export_models(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the files go.")],
    models: ModelsArgument = None,
    formats: FormatOption = None,
    precisions: PrecisionOption = None,
    targets: TargetOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="All models, formats and precisions, as far as none is named.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a model in the formats that other runtimes read.

    Prints the path of every file or folder that it wrote, one a line.

    \b
    edgezoo export tinylstm-sts --format tflite --out build
    edgezoo export tinylstm-sts --format onnx --precision int8 --precision int4 --out build
    edgezoo export static-en --format clib --target aarch64-android --out build
    edgezoo export --all --out build
    """
    chosen = models or ([entry.name for entry in sdk.models()] if every else [])
    wanted = formats or (list(FORMATS) if every else [])
    if not chosen or not wanted:
        raise InputError("name a model and a --format, or give --all")
    if targets and "clib" not in wanted:
        raise InputError("a --target is for --format clib only; the other formats run on every machine")
    for to in wanted:
        find(to)  # an unknown name, or a missing package, is told before hours of work
    directories = [_directory(model) for model in chosen]
    for directory in directories:
        for to in wanted:
            for precision in precisions or (_precisions(directory, to) if every else _USUAL):
                for target in targets if targets and to == "clib" else _USUAL:
                    _export(directory, to, precision, out, target, force)


def _export(
    directory: Path, to: str, precision: str | None, out: Path, target: str | None, force: bool
) -> None:
    start = time.monotonic()
    title = " ".join(filter(None, (directory.name, to, precision, target)))
    with Console(stderr=True).status(f"exporting {title} …"):
        written = export(directory, to, precision, out, target=target, force=force)
    for path in written:
        typer.echo(path)
    sizes = ", ".join(size_text(_size(path)) for path in written)
    print_note(f"{title}: {sizes} in {time.monotonic() - start:.1f} s")


def _directory(model: str) -> Path:
    """The checkpoint directory that is meant; a folder wins over a name only if it is written as a path."""
    if os.path.basename(model) == model and model in registry.names():
        return Path(registry.find(model)).parent
    if os.path.isdir(model):
        return Path(model)
    return Path(registry.find(model)).parent


def _precisions(directory: Path, to: str) -> Iterator[str | None]:
    known = find(to).PRECISIONS
    own = registry.precision(directory.name) if directory.name in registry.names() else None
    yield from (name for name in ("fp32", "int8", "int4") if name in known)
    if own == "mixed" and own in known:
        yield own


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(file.stat().st_size for file in files)
