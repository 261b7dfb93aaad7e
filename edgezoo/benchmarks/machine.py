"""The machine that figures belong to, and what a fresh process costs on it."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STARTS = 15  # fresh processes


def start_up(name: str) -> dict[str, float]:
    """Median milliseconds of fresh processes that import numpy, and that load a model and embed a text.

    Where there are no vectors, the text is classified; a language model scores it.
    """
    numpy_alone = "import numpy"
    first = (
        f"from edgezoo import sdk; model = sdk.load({name!r}); "
        "(model.embed if model.dim else model.classify if model.labels else model.score)('hello world')"
    )
    pairs = [(_process(numpy_alone), _process(first)) for _ in range(STARTS + 1)][1:]
    return {
        "import_numpy_ms": round(statistics.median(pair[0] for pair in pairs), 1),
        "load_and_embed_ms": round(statistics.median(pair[1] for pair in pairs), 1),
        "ratio": round(statistics.median(pair[1] / pair[0] for pair in pairs), 2),
    }


def _process(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return 1000 * (time.perf_counter() - begin)


def device() -> dict[str, Any]:
    """The machine that figures belong to."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    processor = names[0].partition(":")[2].strip() if names else platform.processor()
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def details() -> dict[str, Any]:
    """More of the machine, as far as it tells: the board, the operating system, its memory."""
    found: dict[str, Any] = {"os": platform.platform(terse=True)}
    board = Path("/proc/device-tree/model")  # of ARM boards
    if board.exists():
        found["board"] = board.read_text().strip("\0 \n")
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory_mb"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    return found
