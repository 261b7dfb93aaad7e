"""`edgezoo verify`."""

import json as jsonlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from edgezoo import sdk
from edgezoo.atomic import write_bytes
from edgezoo.errors import InputError, needs
from edgezoo.sdk.cli.exporting import ModelsArgument
from edgezoo.sdk.cli.output import print_json, print_note, print_table, size_text

if TYPE_CHECKING:
    from edgezoo.benchmarks.parity import Row

_COLUMNS = (
    *("", "model", "runtime", "precision", "size", "texts", "ids equal"),
    *("cosine min", "mean", "labels equal", "same bits", "STS-B dev"),
    *("bits/char", "change", "likeliest alike", "written equal"),
)
_ALWAYS = 7  # columns that are shown even where they say nothing


def verify(
    models: ModelsArgument = None,
    every: Annotated[bool, typer.Option("--all", help="Every model of the zoo.")] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            envvar="EDGEZOO_DATA",
            exists=True,
            file_okay=False,
            help="Data directory: real sentences and STS-B dev, held-out texts. [made-up ones]",
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            "--work", metavar="DIR", help="Where `edgezoo train` kept transliterated texts. [made anew]"
        ),
    ] = None,
    runtimes: Annotated[
        list[str] | None,
        typer.Option("--runtime", metavar="RUNTIME", help="Of: engine, wasm, onnx, litert. [all]"),
    ] = None,
    precisions: Annotated[
        list[str] | None,
        typer.Option("--precision", metavar="PRECISION", help="Of: fp32, int8, int4, mixed. [all]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the results to FILE.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prove that all runtimes give the same answers: each one beside torch in float32.

    A thousand sentences and hostile Unicode go through every runtime and precision; language models score and
    write texts of their language. Status 1 if one fails.

    \b
    edgezoo verify tinylstm-sts --data path/to/data
    edgezoo verify static-en --runtime engine --runtime wasm
    edgezoo verify --all --json
    """
    chosen = models or ([entry.name for entry in sdk.models()] if every else [])
    if not chosen:
        raise InputError("name a model, or give --all")
    with needs("verification", "train"):
        results = {
            model: list(_rows(model, data, work, runtimes or [], precisions or [])) for model in chosen
        }
    report = {Path(model).name: [asdict(row) for row in rows] for model, rows in results.items()}
    if out is not None:
        write_bytes(out, (jsonlib.dumps(report, indent=1) + "\n").encode())
    if json:
        print_json(report)
    else:
        lines = [_line(Path(model).name, row) for model, rows in results.items() for row in rows]
        told = [place for place, cells in enumerate(zip(*lines, strict=True)) if _told(place, cells)]
        columns = [_COLUMNS[place] for place in told]
        print_table(columns, [[line[place] for place in told] for line in lines], numeric=columns[4:])
    found = [row for rows in results.values() for row in rows]
    for message in sorted({row.missing for row in found if row.missing}):
        print_note(message)
    if any(row.failures for row in found):
        raise typer.Exit(1)


def _told(place: int, cells: tuple[str, ...]) -> bool:
    return place < _ALWAYS or any(cell != "–" for cell in cells)


def _rows(
    model: str, data: Path | None, work: Path | None, runtimes: list[str], precisions: list[str]
) -> "Iterator[Row]":
    from edgezoo.benchmarks import parity

    if unknown := sorted({*runtimes} - {*parity.PRECISIONS}) + sorted({*precisions} - {*parity.BARS}):
        known = (*parity.PRECISIONS, *parity.BARS)
        raise InputError(
            f"{unknown[0]!r} is neither a runtime nor a precision; choose of: {', '.join(known)}"
        )
    name = Path(model).name
    with Console(stderr=True).status("") as status:
        yield from parity.compare(
            model, data, runtimes, precisions, lambda title: status.update(f"{name}: {title} …"), work
        )


def _line(model: str, row: "Row") -> tuple[str, ...]:
    if row.missing:
        return ("not installed", model, row.runtime, row.precision, *["–"] * (len(_COLUMNS) - 4))
    return (
        "; ".join(row.failures) or "equal",
        model,
        row.runtime,
        row.precision,
        size_text(row.bytes),
        str(row.compared),
        _percent(row.ids_equal),
        _shown(row.cosine_min, "{:.6f}"),
        _shown(row.cosine_mean, "{:.6f}"),
        _percent(row.labels_equal),
        _shown(row.same_bits, ""),
        _shown(row.dev_change, "{:+.2f}"),
        _shown(row.bits, "{:.4f}"),
        _shown(row.bits_change, "{:+.4f}"),
        _percent(row.likeliest_alike),
        _percent(row.texts_equal),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def _shown(value: Any, form: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else form.format(value)
