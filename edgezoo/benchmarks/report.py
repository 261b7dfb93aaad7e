"""A report of a device: what was measured, on what, with what; JSON by the schema beside this file."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from edgezoo import __version__
from edgezoo.atomic import write_bytes
from edgezoo.benchmarks import machine, reference
from edgezoo.errors import DataError, needs

FORMAT = "edgezoo-bench/1"
SCHEMA = "report.schema.json"


def build(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The report over the entries that `bench.measure` and `peers.measure` gave."""
    samples = [sample for entry in entries for sample in entry.get("reference_us", ())]
    isa = next(
        (entry["chosen_isa"] for entry in entries if entry.get("chosen_isa") and "isa" not in entry), ""
    )
    return {
        "format": FORMAT,
        "producer": "python",
        "created": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit(),
        "device": {**machine.device(), **machine.details(), **({"isa": isa} if isa else {})},
        "versions": {"edgezoo": __version__, "numpy": metadata.version("numpy"), **_versions(entries)},
        "reference": {
            "loop": reference.LOOP,
            **({"median_us": round(statistics.median(samples), 2)} if samples else {}),
        },
        "results": [_without(entry, "versions", "chosen_isa") for entry in entries],
    }


def _versions(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in entries:
        found |= entry.get("versions", {})
    return dict(sorted(found.items()))


def _without(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


def commit() -> dict[str, Any]:
    """The commit of the checkout that this code is from, and whether files in it differ; {} of a wheel."""
    folder = Path(__file__).parent
    try:
        head = _git(folder, "rev-parse", "HEAD")
        when = _git(folder, "log", "-1", "--format=%cI")
        changed = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"id": head, "date": when, "changed": changed}


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def schema() -> dict[str, Any]:
    """The JSON Schema of reports."""
    content: dict[str, Any] = json.loads((resources.files(__package__) / SCHEMA).read_text(encoding="utf-8"))
    return content


def validate(report: Any, name: str = "the report") -> None:
    """Raises DataError, naming the place, for what is no report; MissingExtraError without jsonschema."""
    with needs("checking a report", "bench"):
        import jsonschema
    validator = jsonschema.Draft202012Validator(schema())
    if error := jsonschema.exceptions.best_match(validator.iter_errors(report)):
        raise DataError(f"{name}: {error.json_path}: {error.message[:200]}")


def write(report: dict[str, Any], path: Path) -> None:
    """Write a valid report whole; each list of numbers on a line."""
    validate(report, str(path))
    write_bytes(path, (_text(report) + "\n").encode())


def read(path: Path) -> dict[str, Any]:
    """The report in a file; raises DataError unless it is one."""
    try:
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from error
    validate(report, str(path))
    return report


def _text(value: Any, indent: str = "\n") -> str:
    inner = indent + " "
    if isinstance(value, dict) and value:
        items = (f"{json.dumps(key)}: {_text(item, inner)}" for key, item in value.items())
        return "{" + inner + f",{inner}".join(items) + indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[" + inner + f",{inner}".join(_text(item, inner) for item in value) + indent + "]"
    return json.dumps(value, ensure_ascii=False)
