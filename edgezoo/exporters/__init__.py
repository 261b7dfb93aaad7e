"""Checkpoint in, files of a format out: one module for each format.

A module has PRECISIONS and export(checkpoint, precision, out), which writes into the folder `out` and returns
what it wrote. This one finds the module, keeps what exists, and lets nothing half-written be seen.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgezoo.errors import InputError, needs

if TYPE_CHECKING:
    from edgezoo.zoo.checkpoint import Checkpoint


@dataclass(frozen=True)
class Format:
    """A format: what it is for, the extra with its packages, and the precision taken where none is named.

    `precision` "" stands for the card's own.
    """

    purpose: str
    extra: str
    precision: str = ""


FORMATS = {
    "flatbuffer": Format("the engine's bundle, .ezb", "export"),
    "onnx": Format("ONNX Runtime, strings in", "onnx", "int8"),
    "tflite": Format("LiteRT and MediaPipe, .tflite", "tflite", "int8"),
    "wasm": Format("a folder for browsers and Node", "export"),
    "model2vec": Format("a folder for model2vec and sentence-transformers", "export", "fp32"),
    "clib": Format("a static library with its header and bundle", "export"),
}


class Exporter(Protocol):
    """What a format's module offers; `target` is asked for by formats of one machine only."""

    PRECISIONS: tuple[str, ...]

    def export(self, checkpoint: Checkpoint, precision: str, out: Path) -> list[Path]:
        """Write into the folder `out` and return the files, or the folder that they are in."""


def export(
    directory: Path,
    to: str,
    precision: str | None,
    out: Path,
    *,
    target: str | None = None,
    force: bool = False,
) -> list[Path]:
    """Export a checkpoint directory to files under `out`, which is made if need be, and return their paths.

    to: one of FORMATS. precision: one of the format's, by default its usual one. target: of the format
    "clib", the machine to build for, by default this one. With `force` existing files are replaced; all new
    ones appear at the end, whole. Raises InputError for an unknown format, precision or target, or for a file
    that exists; MissingExtraError; DataError if `directory` is no checkpoint; OSError if `out` cannot be
    written.
    """
    exporter = find(to)
    if target is not None and to != "clib":
        raise InputError(f"a target is for the format clib only; {to} files run on every machine")
    if precision is not None and precision not in exporter.PRECISIONS:
        raise InputError(
            f"{to} has no precision {precision!r}; choose one of: {', '.join(exporter.PRECISIONS)}"
        )
    from edgezoo.zoo.checkpoint import read_checkpoint

    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out) as folder:
        checkpoint = read_checkpoint(directory)
        chosen = precision or FORMATS[to].precision or checkpoint.card["precision"]
        options = {} if target is None else {"target": target}
        with needs(f"exporting to {to}", FORMATS[to].extra):
            written = exporter.export(checkpoint, chosen, Path(folder), **options)
        return _publish(written, out, force)


def find(name: str) -> Exporter:
    """The module of a format; raises InputError where there is none, MissingExtraError without its
    packages."""
    if name not in FORMATS:
        raise InputError(f"there is no format {name!r}; choose one of: {', '.join(FORMATS)}")
    with needs(f"exporting to {name}", FORMATS[name].extra):
        module: Exporter = importlib.import_module(f"{__name__}.{name}")
    return module


def _publish(written: list[Path], out: Path, force: bool) -> list[Path]:
    """Rename files and folders into `out`."""
    targets = [out / path.name for path in written]
    existing = [str(path) for path in targets if path.exists()]
    if existing and not force:
        raise InputError(f"{', '.join(existing)} exists; replace it with --force, or choose another --out")
    for path, target in zip(written, targets, strict=True):
        if target.is_dir():
            # A folder can't be replaced by renaming: it goes into the temporary one, which is deleted.
            os.replace(target, path.with_name(f"{path.name}.replaced"))
        os.replace(path, target)
    return targets
