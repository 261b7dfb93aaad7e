"""What `web/benchmark` measured, as Markdown for the README."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgezoo.zoo.markdown import table

REPORT = Path(__file__).parents[2] / "web" / "benchmark" / "report.json"

_PLACES = {"node": "Node", "chromium": "Chromium"}
_SIZES = {
    "engine": "`engine.wasm`",
    "engine-scalar": "`engine-scalar.wasm`, for browsers without vector instructions",
    "loader": "`edgezoo.js`, the loader",
    "package": "the npm package, installed",
    "onnxruntime-web": "onnxruntime-web's smallest `.wasm`",
}


def readme_tables(path: Path = REPORT) -> str:
    """Sizes, and microseconds a text or a character beside onnxruntime-web; nothing without the report."""
    if not path.is_file():
        return ""
    report = json.loads(path.read_text(encoding="utf-8"))
    parts = [_sizes(report["sizes"]), _speed("µs a text", report["models"], "{}")]
    if languages := report.get("language_models"):
        parts.append(_speed("µs a character, scored", languages, "{}_score"))
        parts.append(_speed("µs a character, written", languages, "{}_write"))
    return "\n\n".join([*parts, _circumstances(report)])


def _sizes(sizes: Mapping[str, Mapping[str, int]]) -> str:
    kinds = ("raw", "gzip", "brotli")
    rows = [[text, *(_kilobytes(sizes[name].get(kind)) for kind in kinds)] for name, text in _SIZES.items()]
    return table(["kB", *kinds], rows)


def _kilobytes(size: int | None) -> str:
    return "–" if size is None else f"{size / 1000:,.1f}"


def _speed(title: str, models: Mapping[str, Mapping[str, Any]], system: str) -> str:
    """`system` makes a figure's name of a system's."""
    columns = [title, "model, MB", "memory, MB"]
    for place in _PLACES.values():
        columns += [f"{place}: edgezoo", "onnxruntime-web int8", "fp32"]
    rows = []
    for name, model in models.items():
        row = [f"`{name}`", f"{model['bytes'] / 1e6:.2f}", f"{model['node']['memory'] / 1e6:.2f}"]
        for place in _PLACES:
            ours = model[place][f"{system.format('edgezoo')}_us"]
            row.append(f"{ours:,.1f}")
            for precision in ("int8", "fp32"):
                theirs = model[place][f"{system.format(f'onnxruntime_web_{precision}')}_us"]
                row.append(f"{theirs:,.0f} ({_times(theirs / ours)} ×)")
        rows.append(row)
    return table(columns, rows)


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _circumstances(report: Mapping[str, Any]) -> str:
    device, versions = report["device"], report["versions"]
    stepping = (
        "; through language models it steps, and writes what is likeliest, which takes less than to draw"
        if report.get("language_models")
        else ""
    )
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        "Text in, answer out, one text at a time on one thread, systems in turns in the same process: of "
        "static tables tweets, of the others texts of 16 tokens. onnxruntime-web runs this project's ONNX "
        f"exports, fed by `@huggingface/tokenizers`{stepping}. "
        f"{device['processor']}, {device['cores']} cores, {device['system']}; {named}."
    )
