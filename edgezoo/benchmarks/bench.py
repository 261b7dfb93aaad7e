"""`edgezoo bench`: every model on every runtime at every precision, each measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgezoo import sdk
from edgezoo.benchmarks.measurement import Effort
from edgezoo.bundle.reader import read_bundle
from edgezoo.errors import EdgezooError, InputError, MissingExtraError
from edgezoo.runtimes import RUNTIMES
from edgezoo.sdk.location import locate, own_precision
from edgezoo.zoo import registry

# What each runtime is asked to run, besides what a model's card names.
PRECISIONS = {
    "engine": ("int8", "int4"),
    "wasm": ("int8", "int4"),
    "onnx": ("fp32", "int8", "int4"),
    "litert": ("fp32", "int8", "int4"),
    "torch": ("fp32",),
}
TIMEOUT = 300.0  # seconds that a measurement may take
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Cell:
    """One line of a report: a model on a runtime at a precision."""

    model: str
    runtime: str
    precision: str  # "": as the file named by `model` has it
    isa: str = ""  # of the engine; "": the best
    shipped: bool = False  # whether the zoo's own bundle is what runs

    def __str__(self) -> str:
        precision = f" in {self.precision}" if self.precision else ""
        return f"{Path(self.model).name} on {self.runtime}{precision}{self.isa and f' ({self.isa})'}"


def cells(
    models: Sequence[str] = (),
    runtimes: Sequence[str] = (),
    precisions: Sequence[str] = (),
    isa: str = "",
) -> Iterator[Cell]:
    """What there is to measure: all that is not narrowed down by naming some.

    models: names of the zoo, checkpoint directories, or files, which have one precision each. isa: for the
    engine. Raises InputError for an unknown runtime or precision, ModelNotFoundError for an unknown model.
    """
    known = {"mixed", *(precision for found in PRECISIONS.values() for precision in found)}
    for wanted, names in ((runtimes, PRECISIONS), (precisions, sorted(known))):
        if unknown := sorted({*wanted} - {*names}):
            raise InputError(f"{unknown[0]!r} is none of: {', '.join(names)}")
    for model in models or [entry.name for entry in sdk.models()]:
        if Path(model).is_file():
            suffix = Path(model).suffix
            readers = [name for name, found in RUNTIMES.items() if suffix and found.suffix == suffix]
            yield from (
                Cell(model, each, "", isa if each == "engine" else "", shipped=each in ("engine", "wasm"))
                for each in readers
                if each in (runtimes or readers)
            )
            continue
        own = own_precision(model)
        for runtime in runtimes or PRECISIONS:
            offered = PRECISIONS[runtime]
            if RUNTIMES[runtime].format == "flatbuffer" and own not in offered:
                offered = (own, *offered)
            for each in offered:
                if not precisions or each in precisions:
                    shipped = each == own and RUNTIMES[runtime].format == "flatbuffer"
                    yield Cell(model, runtime, each, isa if runtime == "engine" else "", shipped)


def measure(cell: Cell, effort: Effort = Effort()) -> dict[str, Any]:  # noqa: B008
    """The report's entry for a cell; its "status" says whether it was measured, is missing, or failed.

    What the runtime opens is exported first if need be.
    """
    entry: dict[str, Any] = {
        "kind": "model",
        "model": Path(cell.model).name,
        "runtime": cell.runtime,
        "precision": cell.precision,
        "shipped": cell.shipped,
        **({"isa": cell.isa} if cell.isa else {}),
    }
    try:
        _, path = locate(cell.model, cell.runtime, cell.precision or None)
        figures = run({"runtime": cell.runtime, "path": path, "isa": cell.isa}, effort)
    except (MissingExtraError, InputError) as error:  # not installed; or a model that this runtime cannot run
        return {**entry, "status": "missing", "message": str(error)}
    except EdgezooError as error:
        return {**entry, "status": "failed", "message": str(error)}
    return {**entry, "status": "measured", **figures, **quality(cell)}


def run(job: dict[str, Any], effort: Effort) -> dict[str, Any]:
    """What a fresh process measures; raises MissingExtraError or EdgezooError as it does."""
    command = [sys.executable, "-m", "edgezoo.benchmarks.measurement"]
    text = json.dumps({**job, "effort": asdict(effort)})
    # Figures of one thread are of one thread in every library.
    environment = {**os.environ, **dict.fromkeys(_THREADS, "1"), "TOKENIZERS_PARALLELISM": "false"}
    environment["HF_HUB_OFFLINE"] = "1"
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=TIMEOUT, env=environment
        )
    except subprocess.TimeoutExpired:
        raise EdgezooError(f"the measurement took more than {TIMEOUT:g} s and was stopped") from None
    if done.returncode:
        raise error_of(done.stderr)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def error_of(trace: str) -> EdgezooError:
    """What a process that failed said last."""
    lines = trace.strip().splitlines() or ["the process ended without a word"]
    name, _, message = lines[-1].partition(": ")
    if name.endswith("MissingExtraError"):
        extra = message.partition("edgezoo[")[2].partition("]")[0]
        return MissingExtraError(message.partition(" needs packages")[0], extra)
    return EdgezooError(f"{name.rpartition('.')[2]}: {message}" if message else name)


def quality(cell: Cell) -> dict[str, Any]:
    """{"quality": …} from the eval.json beside the model's bundle, where there is one.

    `precision` is that of the bundle that was evaluated; for others see the drift in the model's card.
    """
    folder = _folder(cell.model)
    if not (folder / "eval.json").is_file():
        return {}
    found = json.loads((folder / "eval.json").read_text(encoding="utf-8"))
    scores = {
        task: {name: result[name] for name in ("spearman", "accuracy", "bits") if name in result}
        for task, result in found["results"].items()
        if isinstance(result, dict)
    }
    quality = {
        "precision": found.get("precision") or own_precision(str(folder)),
        "scores": {task: score for task, score in scores.items() if score},
    }
    bundle = folder / f"{folder.name}.ezb"
    if "bundle_sha256" in found and bundle.is_file():
        quality["current"] = read_bundle(bundle).header.sha256.hex() == found["bundle_sha256"]
    return {"quality": quality}


def _folder(model: str) -> Path:
    """Where the figures of a model are: its checkpoint directory, the zoo's of a name, a file's own."""
    path = Path(model)
    if path.is_dir():
        return path
    return path.parent if path.is_file() else Path(registry.find(model)).parent


def measure_all(
    chosen: Sequence[Cell],
    effort: Effort = Effort(),  # noqa: B008
    started: Callable[[str], None] = lambda title: None,
) -> list[dict[str, Any]]:
    """The entries of many cells, one after the other; `started` is told what comes next."""
    entries = []
    for number, cell in enumerate(chosen, start=1):
        started(f"{cell} ({number} of {len(chosen)})")
        entries.append(measure(cell, effort))
    return entries
