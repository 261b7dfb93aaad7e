"""Checkpoint -> a folder to link into a program: the engine as a static library, its header, and a bundle.

Zig, from PyPI, is the compiler, so one machine builds for all. <name>-<precision>-clib-<target>/ has
include/engine.h with a module map for Swift, lib/libedgezoo.a, <name>.ezb, example.c, bench.c, which reports
how fast it is on a device, with the texts in bench.txt, card.json and LICENSE.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from edgezoo import __version__
from edgezoo.errors import EngineError, InputError
from edgezoo.exporters import flatbuffer, licence
from edgezoo.runtimes.engine import build
from edgezoo.zoo.checkpoint import Checkpoint

PRECISIONS = flatbuffer.PRECISIONS

# Zig's triples, with the oldest systems that they run on.
TARGETS = {
    "aarch64-android": "aarch64-linux-android.21",
    "x86_64-android": "x86_64-linux-android.21",
    "aarch64-ios": "aarch64-ios.13.0",
    "aarch64-ios-simulator": "aarch64-ios.13.0-simulator",
    "aarch64-linux": "aarch64-linux-gnu.2.17",
    "x86_64-linux": "x86_64-linux-gnu.2.17",
    "aarch64-macos": "aarch64-macos.11.0",
    "x86_64-macos": "x86_64-macos.11.0",
    "x86_64-windows": "x86_64-windows-gnu",
}
# Clang's x86 intrinsics ask for <stdlib.h>, which these systems' own kits have and Zig lacks: only for an
# allocator, which the engine does without.
_NO_ALLOCATOR = ("-D__MM_MALLOC_H",)

MODULE_MAP = """module EdgezooEngine {
    header "engine.h"
    export *
}
"""


def export(checkpoint: Checkpoint, precision: str, out: Path, target: str = "") -> list[Path]:
    """Write the folder under `out` and return it.

    target: one of TARGETS, by default this machine's. Raises InputError for another one, EngineError if the
    compiler fails, and otherwise as the exporter of bundles does.
    """
    chosen = target or _host()
    if chosen not in TARGETS:
        raise InputError(f"there is no target {chosen!r}; choose one of: {', '.join(TARGETS)}")
    name = checkpoint.card["name"]
    folder = out / f"{name}-{precision}-clib-{chosen}"
    (folder / "include").mkdir(parents=True)
    (folder / "lib").mkdir()
    shutil.copyfile(build.HERE / "engine.h", folder / "include" / "engine.h")
    (folder / "include" / "module.modulemap").write_text(MODULE_MAP, encoding="utf-8")
    archive(folder / "lib" / "libedgezoo.a", TARGETS[chosen])
    flatbuffer.write(checkpoint, precision, folder / f"{name}.ezb")
    sources = resources.files(__package__)
    (folder / "example.c").write_bytes((sources / "clib_example.c").read_bytes())
    (folder / "bench.txt").write_bytes((sources / "clib_bench.txt").read_bytes())
    bench = (sources / "clib_bench.c").read_text(encoding="utf-8")
    facts = {"VERSION": __version__, "FAMILY": checkpoint.card.get("family", ""), "PRECISION": precision}
    for fact, value in facts.items():
        bench = bench.replace(f"@{fact}@", value)
    (folder / "bench.c").write_text(bench, encoding="utf-8")
    card = json.dumps({**checkpoint.card, "precision": precision}, indent=1, ensure_ascii=False)
    (folder / "card.json").write_text(card + "\n", encoding="utf-8")
    (folder / "LICENSE").write_text(licence.text(), encoding="utf-8")
    return [folder]


def archive(output: Path, triple: str) -> Path:
    """Compile the engine for one of Zig's triples into the static library `output`; always the same bytes.

    Raises EngineError with the compiler's messages if it fails.
    """
    extra = _NO_ALLOCATOR if "android" in triple or "ios" in triple else ()
    flags = (
        "-target",
        triple,
        *build.EXACT,
        *build.WARNINGS,
        *extra,
        "-fvisibility=hidden",
        "-O3",
        "-g0",
        "-c",
    )
    position = () if "windows" in triple else ("-fPIC",)
    with tempfile.TemporaryDirectory() as folder:
        objects = [Path(folder) / f"{source.stem}.o" for source in build.sources()]
        for source, made in zip(build.sources(), objects, strict=True):
            _run([*build.compiler(), *flags, *position, str(source), "-o", str(made)])
        _run([*build.compiler()[:-1], "ar", "rcsD", str(output), *map(str, objects)])
    return output


def _run(command: list[str]) -> None:
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise EngineError(f"{' '.join(command)}\nfailed with status {run.returncode}:\n{run.stderr}")


def _host() -> str:
    triple = build.host_target()
    return next((name for name, known in TARGETS.items() if known == triple), triple)
