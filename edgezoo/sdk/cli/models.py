"""`edgezoo list`, `edgezoo info` and `edgezoo check`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from edgezoo import sdk
from edgezoo.errors import BundleError, InputError
from edgezoo.sdk.cli.output import print_json, print_table, size_text
from edgezoo.sdk.cli.vectors import ModelArgument

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_models(json: JsonOption = False) -> None:
    """List the models that come with edgezoo."""
    entries = sdk.models()
    if json:
        print_json([asdict(entry) for entry in entries])
        return
    rows = [
        (
            entry.name,
            entry.family,
            str(entry.dim or "–"),
            ", ".join(entry.labels) or "–",
            size_text(entry.size),
            entry.description,
        )
        for entry in entries
    ]
    columns = ["model", "family", "dim", "labels", "size", "description"]
    print_table(columns, rows, numeric=["dim", "size"])


def info(model: ModelArgument, json: JsonOption = False) -> None:
    """Show what a model is: its file, its tensors and what its card says.

    \b
    edgezoo info static-en
    edgezoo info static-en --json | jq .card.limits
    """
    facts, card = _describe(model)
    if json:
        print_json({**facts, "card": card})
        return
    shown = {key: value for key, value in facts.items() if key != "tensors" and value}
    print_table(["", ""], _lines(shown))
    print_table(
        ["tensor", "dtype", "shape", "bytes"],
        [(t["name"], t["dtype"], str(t["shape"]), f"{t['size']:,}") for t in facts["tensors"]],
        numeric=["bytes"],
    )
    print_table(["card", ""], _lines(card))


def check(
    models: Annotated[list[str] | None, typer.Argument(metavar="MODEL", help="Names or .ezb files.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Check every model of the zoo.")] = False,
    json: JsonOption = False,
) -> None:
    """Check model files: structure, checksum, SHA-256, and whether the engine opens them.

    \b
    edgezoo check --all
    edgezoo check downloaded.ezb
    """
    chosen = [*(models or []), *([entry.name for entry in sdk.models()] if every else [])]
    if not chosen:
        raise InputError("name a model or a file, or give --all")
    results = [_verdict(model) for model in chosen]
    if json:
        print_json(results)
    else:
        rows = [("sound" if r["ok"] else "DAMAGED", r["model"], r["sha256"] or r["error"]) for r in results]
        print_table(["", "model", "SHA-256 of the segments"], rows)
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


def _verdict(model: str) -> dict[str, Any]:
    from edgezoo.bundle.reader import read_bundle

    try:
        with sdk.load(model, verify=True) as handle:
            header = read_bundle(handle.path, verify=True).header
    except BundleError as error:
        return {"model": model, "ok": False, "sha256": None, "error": str(error)}
    return {"model": model, "ok": True, "sha256": header.sha256.hex(), "error": None}


def _describe(model: str) -> tuple[dict[str, Any], dict[str, Any]]:
    from edgezoo.bundle.reader import read_bundle

    with sdk.load(model) as handle:
        bundle = read_bundle(handle.path)
    header = bundle.header
    facts = {
        "name": header.name,
        "file": str(bundle.path),
        "bytes": header.file_size,
        "size": size_text(header.file_size),
        "architecture": type(header.architecture).__name__,
        "tokenizer": type(header.tokenizer).__name__,
        "vocabulary": len(bundle.vocabulary),
        "dimension": handle.dim,
        "labels": list(handle.labels),
        "sha256": header.sha256.hex(),
        "tensors": [asdict(entry) for entry in header.tensors],
    }
    return facts, bundle.card


def _lines(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A nested card as rows of dotted key and value."""
    if isinstance(value, Mapping):
        return [
            row
            for key, item in value.items()
            for row in _lines(item, f"{prefix}.{key}" if prefix else str(key))
        ]
    if isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        return [row for index, item in enumerate(value) for row in _lines(item, f"{prefix}[{index}]")]
    return [(prefix, ", ".join(map(str, value)) if isinstance(value, list) else str(value))]
