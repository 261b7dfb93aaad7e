"""Budgets as data, and what of a report breaks them."""

from __future__ import annotations

import gzip
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgezoo.errors import DataError, needs

FILE = Path(__file__).with_name("budgets.toml")
WASM = Path(__file__).parents[1] / "runtimes" / "engine"


@dataclass(frozen=True)
class Breach:
    """One figure that breaks its budget; `unit` is that of both."""

    where: str
    what: str
    found: float
    budget: float
    unit: str


def read(path: Path = FILE) -> dict[str, Any]:
    """The budgets in a TOML file; raises DataError for one that is not."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        with needs("reading budgets", "bench"):
            import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: no budgets can be read: {error}") from error
    return content


def check(report: Mapping[str, Any], budgets: Mapping[str, Any], engine: Path = WASM) -> list[Breach]:
    """Everything in a report, and of the WebAssembly modules in the folder `engine`, that breaks a budget.

    A measurement that failed breaks them too; a runtime that is not installed was not measured, and does not.
    """
    breaches = list(_modules(budgets, engine))
    for entry in report["results"]:
        if entry["kind"] != "model":
            continue
        where = " ".join(
            filter(None, (entry["model"], entry["runtime"], entry["precision"], entry.get("isa")))
        )
        if entry["status"] == "failed":
            breaches.append(Breach(where, f"failed: {entry['message']}", 1, 0, ""))
        elif entry["status"] == "measured":
            breaches += [Breach(where, *each) for each in _of_entry(entry, budgets)]
    return breaches


def _modules(budgets: Mapping[str, Any], folder: Path) -> Iterator[Breach]:
    limit = budgets["size"]["engine_wasm_gzip"]
    for module in sorted(folder.glob("*.wasm")):
        size = len(gzip.compress(module.read_bytes(), 9, mtime=0))
        if size > limit:
            yield Breach(module.name, "size, gzip", size, limit, "bytes")


Found = Iterator[tuple[str, float, float, str]]


def _of_entry(entry: Mapping[str, Any], budgets: Mapping[str, Any]) -> Found:
    yield from _size(entry, budgets)
    yield from _memory(entry, budgets)
    yield from _latency(entry, budgets)
    yield from _quality(entry, budgets)


def _size(entry: Mapping[str, Any], budgets: Mapping[str, Any]) -> Found:
    size, limit = round(1e6 * entry["misc_metrics"]["model_size_mb"]), budgets["size"]["model"]
    if entry["precision"] != "fp32" and size > limit:
        yield "size", size, limit, "bytes"


def _memory(entry: Mapping[str, Any], budgets: Mapping[str, Any]) -> Found:
    names = {"engine": "init_footprint_kb", "wasm": "linear_memory_kb"}
    limit = budgets["memory"].get(entry["runtime"])
    found = entry["memory_metrics"].get(names.get(entry["runtime"], ""))
    if entry.get("shipped") and limit is not None and found is not None and found > limit:
        yield "memory", found, limit, "kB"


def _latency(entry: Mapping[str, Any], budgets: Mapping[str, Any]) -> Found:
    limit = budgets["latency"].get(entry.get("family", ""), {}).get(entry["runtime"])
    short = entry["latency_metrics"]["short"]
    found = short.get("quickest_ratio", short["total"]["ratio"])
    if limit is not None and entry["precision"] != "fp32" and found > limit:
        yield "latency of a tweet", found, limit, "× the reference loop"
    limits = budgets.get("characters", {}).get(entry.get("family", ""), {}).get(entry["runtime"], {})
    for name, most in limits.items():
        part = entry["latency_metrics"].get(name)
        if part is not None and entry["precision"] != "fp32" and part["each"]["ratio"] > most:
            yield f"latency of a character: {name}", part["each"]["ratio"], most, "× the reference loop"


def _quality(entry: Mapping[str, Any], budgets: Mapping[str, Any]) -> Found:
    for name, share in entry.get("probes", {}).items():
        if share < budgets["probes"][name]:
            yield f"probes: {name}", share, budgets["probes"][name], "right"
    quality = entry.get("quality")
    if quality is None:
        return
    if not quality.get("current", True):
        yield "eval.json is of another bundle", 0, 1, ""
    for task, floor in budgets.get("quality", {}).get(entry["model"], {}).items():
        found = max(quality["scores"].get(task, {}).values(), default=0.0)
        if found < floor:
            yield task, found, floor, ""
    for task, most in budgets.get("bits", {}).get(entry["model"], {}).items():
        bits = quality["scores"].get(task, {}).get("bits", math.inf)
        if bits > most:
            yield task, bits, most, "bits a character"
