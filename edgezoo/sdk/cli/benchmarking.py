"""`edgezoo bench` and `edgezoo dashboard`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from edgezoo.errors import needs
from edgezoo.sdk.cli.output import print_json, print_note, print_table

if TYPE_CHECKING:
    from edgezoo.benchmarks.budgets import Breach

_CHARACTERS = ("model", "runtime", "precision", "score, a char", "generate, a char", "chars/s", "× reference")
_COLUMNS = (
    *("model", "runtime", "precision", "size", "memory", "load", "first"),
    *("short p50", "p95", "p99", "full p50", "texts/s", "× reference"),
)


def bench(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Names, checkpoint folders or model files. [all names]"),
    ] = None,
    runtimes: Annotated[
        list[str] | None,
        typer.Option("--runtime", metavar="RUNTIME", help="Of: engine, wasm, onnx, litert, torch. [all]"),
    ] = None,
    precisions: Annotated[
        list[str] | None,
        typer.Option("--precision", metavar="PRECISION", help="Of: fp32, int8, int4, mixed. [all]"),
    ] = None,
    peers: Annotated[
        bool, typer.Option("--peers", help="Measure other people's systems beside them.")
    ] = False,
    isa: Annotated[
        str,
        typer.Option("--isa", metavar="ISA", help="Of the engine: portable, simd128, avx2, avx512. [best]"),
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Status 1 if a budget is broken.")] = False,
    budgets: Annotated[
        Path | None,
        typer.Option("--budgets", metavar="FILE", exists=True, dir_okay=False, help="For --check. [ours]"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds: to look, not to publish.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the report to FILE (.json).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure models on this device: size, memory, time to load and to answer, throughput, and quality.

    Each is measured in a process of its own, with a reference loop in every round, so that devices can be
    compared. What a runtime opens is exported first if need be.

    \b
    edgezoo bench static-en --runtime engine
    edgezoo bench --out my-device.json
    edgezoo bench tinylstm --check
    edgezoo bench model.tflite --json
    """
    with needs("measuring", "bench"):
        from edgezoo.benchmarks import bench as suite
        from edgezoo.benchmarks import budgets as limits
        from edgezoo.benchmarks import report as reports
        from edgezoo.benchmarks.measurement import Effort

    cells = list(suite.cells(models or [], runtimes or [], precisions or [], isa))
    effort = Effort(rounds=3, calls=20, batch_rounds=1) if quick else Effort()
    with Console(stderr=True).status("") as status:

        def started(title: str) -> None:
            status.update(f"measuring {title} …")

        entries = suite.measure_all(cells, effort, started)
        if peers:
            from edgezoo.benchmarks import peers as others

            entries += others.measure_all(effort, started)
    found = reports.build(entries)
    reports.validate(found)
    breaches = limits.check(found, limits.read(budgets or limits.FILE)) if check else []
    if out is not None:
        reports.write(found, out)
        print_note(f"wrote {out}")
    if json:
        print_json(found)
    else:
        measured = [entry for entry in entries if entry["status"] == "measured"]
        print_table(_COLUMNS, map(_line, measured), numeric=_COLUMNS[3:])
        if written := [entry for entry in measured if "generate" in entry["latency_metrics"]]:
            print_table(_CHARACTERS, map(_by_character, written), numeric=_CHARACTERS[3:])
    for entry in entries:
        if entry["status"] != "measured":
            print_note(f"{entry['model']} {entry['runtime']} {entry['precision']}: {entry['message']}")
    if breaches:
        _tell(breaches, json)
        raise typer.Exit(1)


def _tell(breaches: "list[Breach]", json: bool) -> None:
    """The table of what broke; on standard error where standard output is for programs."""
    rows = [
        (each.where, each.what, f"{each.found:.6g} {each.unit}", f"{each.budget:.6g} {each.unit}")
        for each in breaches
    ]
    if json:
        for row in rows:
            print_note(f"budget broken: {row[0]}: {row[1]}: {row[2]}, allowed {row[3]}")
    else:
        print_table(["budget broken", "what", "found", "allowed"], rows, numeric=["found", "allowed"])


def _line(entry: dict[str, Any]) -> tuple[str, ...]:
    latency, memory = entry["latency_metrics"], entry["memory_metrics"]
    short = latency["short"]["total"]
    footprint = memory.get("init_footprint_kb")
    return (
        entry["model"],
        entry["runtime"] + (f" ({entry['isa']})" if entry.get("isa") else ""),
        entry["precision"] or "–",
        f"{entry['misc_metrics']['model_size_mb']:.2f} MB",
        "–" if footprint is None else f"{footprint * 1024 / 1e6:.1f} MB",
        _time(latency["init_ms"]),
        _time(latency["first_inference_ms"]),
        *(_time(short[name]) for name in ("median_ms", "p95_ms", "p99_ms")),
        _time(latency["full"]["total"]["median_ms"]),
        f"{max((each['texts_per_second'] for each in entry['throughput']), default=0):,.0f}",
        f"{short['ratio']:.3g}",
    )


def _by_character(entry: dict[str, Any]) -> tuple[str, ...]:
    latency = entry["latency_metrics"]
    generate = latency["generate"]
    return (
        entry["model"],
        entry["runtime"],
        entry["precision"] or "–",
        _time(latency["score"]["each"]["median_ms"]),
        _time(generate["each"]["median_ms"]),
        f"{generate['per_second']:,.0f}",
        f"{generate['each']['ratio']:.3g}",
    )


def _time(milliseconds: float) -> str:
    return f"{1000 * milliseconds:.1f} µs" if milliseconds < 1 else f"{milliseconds:.1f} ms"


def dashboard(
    results: Annotated[
        list[Path] | None,
        typer.Argument(metavar="REPORT", exists=True, help="Reports, or folders of them. [those of edgezoo]"),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", file_okay=False, help="Where the page goes.")
    ] = Path("dashboard"),
) -> None:
    """Draw a page over reports: quality against time and size, tables by device, history by commit.

    The page is static and asks nobody for anything: open it, or put the folder on any server.

    \b
    edgezoo dashboard --out site
    edgezoo dashboard my-phone.json my-laptop.json --out site
    """
    with needs("drawing the dashboard", "bench"):
        from edgezoo.benchmarks import dashboard as site

        typer.echo(site.build(out, results or [site.RESULTS]))
