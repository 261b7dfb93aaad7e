"""The dashboard's page: tables that need no script, and the data that its plots are drawn from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from html import escape
from importlib import resources

from edgezoo.benchmarks.dashboard.rows import Row

# A column's key, its title, and how its figures are written.
COLUMNS = (
    ("stsb", "STS-B test", "{:.2f}"),
    ("sts", "STS12–16", "{:.2f}"),
    ("sst2", "SST-2", "{:.2f}"),
    ("size_mb", "size, MB", "{:.2f}"),
    ("memory_mb", "memory, MB", "{:.1f}"),
    ("init_ms", "load, ms", "{:.3g}"),
    ("first_ms", "first, ms", "{:.3g}"),
    ("p50_ms", "p50, ms", "{:.3g}"),
    ("p95_ms", "p95, ms", "{:.3g}"),
    ("p99_ms", "p99, ms", "{:.3g}"),
    ("full_ms", "128 tokens, ms", "{:.3g}"),
    ("ratio", "× reference", "{:.3g}"),
    ("per_second", "texts/s", "{:,.0f}"),
)
# Where in a report's entry the figure of a column is.
POINTERS = {
    "stsb": "quality/scores",
    "sts": "quality/scores",
    "sst2": "quality/scores",
    "size_mb": "misc_metrics/model_size_mb",
    "memory_mb": "memory_metrics",
    "init_ms": "latency_metrics/init_ms",
    "first_ms": "latency_metrics/first_inference_ms",
    "p50_ms": "latency_metrics/short/total/median_ms",
    "p95_ms": "latency_metrics/short/total/p95_ms",
    "p99_ms": "latency_metrics/short/total/p99_ms",
    "full_ms": "latency_metrics/full/total/median_ms",
    "ratio": "latency_metrics/short/total/ratio",
    "per_second": "throughput",
}


def render(rows: Sequence[Row]) -> str:
    """The whole page."""
    latest = newest(rows)
    devices = list(dict.fromkeys(row.device for row in latest))
    values = {
        "STYLE": _file("page.css"),
        "SCRIPT": _file("page.js"),
        "DATA": _data(latest),
        "DEVICES": "\n".join(
            _device(device, [row for row in latest if row.device == device]) for device in devices
        ),
        "HISTORY": _history(rows),
        "DEVICE_OPTIONS": _options(devices),
        "RUNTIME_OPTIONS": _options(dict.fromkeys(row.runtime for row in latest)),
        "PRECISION_OPTIONS": _options(dict.fromkeys(row.precision for row in latest)),
        "COUNT": f"{_counted({row.report for row in rows}, 'report')} of {_counted(devices, 'device')}",
    }
    text = _file("page.html")
    for name, value in values.items():
        text = text.replace(f"<!--{name}-->", value)
    return text


def newest(rows: Iterable[Row]) -> list[Row]:
    """Of each system on each device the row that was measured last, the best of quality first."""
    found: dict[tuple[str, str, str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row.created):
        found[row.key] = row
    return sorted(
        found.values(),
        key=lambda row: (
            row.device,
            -(row.figures["stsb"] or row.figures["sst2"] or 0),
            row.figures["p50_ms"] or 0,
        ),
    )


def _counted(things: Collection[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _file(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def _data(rows: Iterable[Row]) -> str:
    """The rows as JSON that may stand in a page."""
    found = [
        {
            "href": _href(row, ""),
            "device": row.device,
            "model": row.model,
            "runtime": row.runtime,
            "precision": row.precision,
            **row.figures,
        }
        for row in rows
    ]
    return json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")


def _options(names: Iterable[str]) -> str:
    return "".join(f"<option>{escape(name)}</option>" for name in names)


def _href(row: Row, pointer: str) -> str:
    """The report, and as a JSON pointer where in it the figure is."""
    return f"reports/{escape(row.report)}#/results/{row.place}{pointer and '/' + pointer}"


def _attributes(row: Row) -> str:
    named = {"device": row.device, "model": row.model, "runtime": row.runtime, "precision": row.precision}
    return " ".join(f'data-{name}="{escape(value)}"' for name, value in named.items())


def _figure(row: Row, key: str, form: str) -> str:
    value = row.figures[key]
    if value is None:
        return '<td class="none">–</td>'
    return f'<td data-value="{value!r}"><a href="{_href(row, POINTERS[key])}">{form.format(value)}</a></td>'


def _table(caption: str, head: Sequence[str], lines: Iterable[str]) -> str:
    titles = "".join(f'<th scope="col"><button type="button">{escape(title)}</button></th>' for title in head)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{titles}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _device(device: str, rows: Sequence[Row]) -> str:
    lines = (
        f'<tr {_attributes(row)}><th scope="row">{escape(row.model)}</th>'
        f'<td><span class="mark {escape(row.runtime)}"></span>{escape(row.runtime)}</td>'
        f"<td>{escape(row.precision)}</td>"
        + "".join(_figure(row, key, form) for key, _, form in COLUMNS)
        + "</tr>"
        for row in rows
    )
    return _table(device, ["model", "runtime", "precision", *(title for _, title, _ in COLUMNS)], lines)


def _history(rows: Sequence[Row]) -> str:
    """What was measured more than once: each time, with the change since the time before."""
    times: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.created):
        times.setdefault(row.key, []).append(row)
    lines = [
        _moment(row, before)
        for found in times.values()
        if len(found) > 1
        for row, before in zip(found, [None, *found[:-1]], strict=True)
    ]
    if not lines:
        return "<p>Nothing was measured twice on the same device yet.</p>"
    head = [
        "model",
        "runtime",
        "precision",
        "device",
        "commit",
        "measured",
        "p50, ms",
        "× reference",
        "change",
    ]
    return _table("Every measurement of what was measured more than once", head, lines)


def _moment(row: Row, before: Row | None) -> str:
    ratio, earlier = row.figures["ratio"], before and before.figures["ratio"]
    change = '<td class="none">–</td>'
    if ratio and earlier:
        percent = 100 * (ratio / earlier - 1)
        change = f'<td data-value="{percent!r}">{percent:+.1f} %</td>'
    return (
        f'<tr {_attributes(row)}><th scope="row">{escape(row.model)}</th>'
        f'<td><span class="mark {escape(row.runtime)}"></span>{escape(row.runtime)}</td>'
        f"<td>{escape(row.precision)}</td><td>{escape(row.device)}</td>"
        f'<td><a href="{_href(row, "")}">{escape(row.commit) or "–"}</a></td><td>{escape(row.created)}</td>'
        + _figure(row, "p50_ms", "{:.3g}")
        + _figure(row, "ratio", "{:.3g}")
        + f"{change}</tr>"
    )
