"""The dashboard's page: tables that need no script, and the data that its plots are drawn from."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from html import escape
from importlib import resources

from edgezoo.benchmarks.dashboard.rows import Row

_HEAD = ("model", "runtime", "precision")
Form = Callable[[float], str]

# A column's key, its title, and how its figures are written.
COLUMNS: tuple[tuple[str, str, Form], ...] = (
    ("stsb", "STS-B test", "{:.2f}".format),
    ("sts", "STS12–16", "{:.2f}".format),
    ("sst2", "SST-2", "{:.2f}".format),
    ("size_mb", "size, MB", "{:.2f}".format),
    ("memory_mb", "memory, MB", "{:.1f}".format),
    ("init_ms", "load, ms", "{:.3g}".format),
    ("first_ms", "first, ms", "{:.3g}".format),
    ("p50_ms", "p50, ms", "{:.3g}".format),
    ("p95_ms", "p95, ms", "{:.3g}".format),
    ("p99_ms", "p99, ms", "{:.3g}".format),
    ("full_ms", "128 tokens, ms", "{:.3g}".format),
    ("ratio", "× reference", "{:.3g}".format),
    ("per_second", "texts/s", "{:,.0f}".format),
)
LANGUAGE_COLUMNS: tuple[tuple[str, str, Form], ...] = (
    ("size_mb", "size, MB", "{:.2f}".format),
    ("memory_mb", "memory, MB", "{:.1f}".format),
    ("init_ms", "load, ms", "{:.3g}".format),
    ("first_ms", "first, ms", "{:.3g}".format),
    ("score_ms", "score, µs a character", lambda value: f"{1000 * value:.3g}"),
    ("generate_ms", "generate, µs a character", lambda value: f"{1000 * value:.3g}"),
    ("generate_per_second", "characters/s", "{:,.0f}".format),
    ("generate_ratio", "× reference", "{:.3g}".format),
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
    "score_ms": "latency_metrics/score/each/median_ms",
    "generate_ms": "latency_metrics/generate/each/median_ms",
    "generate_per_second": "latency_metrics/generate/per_second",
    "generate_ratio": "latency_metrics/generate/each/ratio",
}


def render(rows: Sequence[Row]) -> str:
    """The whole page."""
    latest = newest(rows)
    devices = list(dict.fromkeys(row.device for row in latest))
    values = {
        "STYLE": _file("page.css"),
        "SCRIPT": _file("page.js"),
        "DATA": _data(latest),
        "DEVICES": "\n".join(_tables(latest, devices)),
        "LANGUAGE_MODELS": "\n".join(_language_tables(latest, devices)),
        "LANGUAGES": _options(dict.fromkeys(language for row in latest for language in row.bits)),
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


def _tables(rows: Sequence[Row], devices: Iterable[str]) -> Iterator[str]:
    """A table of each device, of all that embeds or classifies."""
    for device in devices:
        found = [row for row in rows if row.device == device and not row.writes]
        if found:
            lines = (_line(row, [_figure(row, key, form) for key, _, form in COLUMNS]) for row in found)
            yield _table(device, [*_HEAD, *(title for _, title, _ in COLUMNS)], lines)


def _language_tables(rows: Sequence[Row], devices: Iterable[str]) -> Iterator[str]:
    """A table of each device, of its language models: bits a character by language, then the costs."""
    for device in devices:
        found = [row for row in rows if row.device == device and row.writes]
        languages = list(dict.fromkeys(language for row in found for language in row.bits))
        head = [*_HEAD, *(f"bits, {language}" for language in languages)]
        lines = (
            _line(
                row,
                [
                    *(_bits(row, language) for language in languages),
                    *(_figure(row, key, form) for key, _, form in LANGUAGE_COLUMNS),
                ],
            )
            for row in found
        )
        if found:
            yield _table(
                f"Language models: {device}", [*head, *(title for _, title, _ in LANGUAGE_COLUMNS)], lines
            )


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
            **{f"bits:{language}": bits for language, bits in row.bits.items()},
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


def _figure(row: Row, key: str, form: Form) -> str:
    return _linked(row, row.figures[key], POINTERS[key], form)


def _bits(row: Row, language: str) -> str:
    pointer = f"quality/scores/{escape(language)}-test/bits"
    return _linked(row, row.bits.get(language), pointer, "{:.3f}".format)


def _linked(row: Row, value: float | None, pointer: str, form: Form) -> str:
    if value is None:
        return '<td class="none">–</td>'
    return f'<td data-value="{value!r}"><a href="{_href(row, pointer)}">{form(value)}</a></td>'


def _table(caption: str, head: Sequence[str], lines: Iterable[str]) -> str:
    titles = "".join(f'<th scope="col"><button type="button">{escape(title)}</button></th>' for title in head)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{titles}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _line(row: Row, cells: Iterable[str]) -> str:
    return (
        f'<tr {_attributes(row)}><th scope="row">{escape(row.model)}</th>'
        f'<td><span class="mark {escape(row.runtime)}"></span>{escape(row.runtime)}</td>'
        f"<td>{escape(row.precision)}</td>{''.join(cells)}</tr>"
    )


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
    head = [*_HEAD, "device", "commit", "measured", "p50, ms", "× reference", "change"]
    return _table("Every measurement of what was measured more than once", head, lines)


def _moment(row: Row, before: Row | None) -> str:
    ratio, earlier = row.figures["ratio"], before and before.figures["ratio"]
    change = '<td class="none">–</td>'
    if ratio and earlier:
        percent = 100 * (ratio / earlier - 1)
        change = f'<td data-value="{percent!r}">{percent:+.1f} %</td>'
    return _line(
        row,
        [
            f"<td>{escape(row.device)}</td>",
            f'<td><a href="{_href(row, "")}">{escape(row.commit) or "–"}</a></td>',
            f"<td>{escape(row.created)}</td>",
            _figure(row, "p50_ms", "{:.3g}".format),
            _figure(row, "ratio", "{:.3g}".format),
            change,
        ],
    )
