"""Exports that are kept: what `sdk.load(name, runtime=…)` makes at the first use and finds at the next."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from edgezoo.errors import ModelNotFoundError
from edgezoo.exporters import FORMATS, export, find

_SOURCES = ("checkpoint.safetensors", "tokenizer.json", "card.json", "eval.json")


def cached(directory: str | os.PathLike[str], to: str, precision: str | None) -> Path:
    """The first file of an export of a checkpoint directory, made if it is not there yet.

    It lies in EDGEZOO_CACHE, or where the system keeps caches, under a name that changes with the checkpoint
    and with the exporters. Raises ModelNotFoundError where `directory` holds no checkpoint, as in an
    installed wheel, and otherwise as `edgezoo.exporters.export` does.
    """
    source = Path(directory)
    if not (source / "checkpoint.safetensors").is_file():
        raise ModelNotFoundError(
            f"{source} holds no checkpoint to export to {to} from (wheels come without one); in a checkout "
            f"run: edgezoo export {source.name} --format {to}, then load the file by its path"
        )
    find(to)
    chosen = precision or FORMATS[to].precision or "own"
    folder = root() / f"{source.name}-{to}-{chosen}-{_digest(source)}"
    if not folder.is_dir() or not any(_files(folder)):
        export(source, to, precision, folder, force=True)
    return _files(folder)[0]


def _files(folder: Path) -> list[Path]:
    # The name of a variant is longer than that of the file it is a variant of.
    return sorted((path for path in folder.iterdir() if path.suffix), key=lambda path: len(path.name))


def root() -> Path:
    """Where exports are kept: EDGEZOO_CACHE, or where the system keeps caches."""
    named = os.environ.get("EDGEZOO_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("edgezoo", appauthor=False))


def _digest(source: Path) -> str:
    """Of the checkpoint and of the code that exports it."""
    code = Path(__file__).parents[1]
    files = [source / name for name in _SOURCES]
    files += [path for package in ("exporters", "bundle") for path in sorted((code / package).glob("*.py"))]
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():
            digest.update(f"{path.name} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
