"""What this process holds in memory."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def resident_kb() -> int | None:
    """Resident memory in kB, file pages included; None on systems that do not tell."""
    return _status("VmRSS")


def peak_mb() -> float | None:
    """The most that was resident since this program began, in MB; None on systems that do not tell."""
    peak = _status("VmHWM")  # getrusage would count what the parent had before this program
    if peak is not None:
        return peak / 1024
    try:
        import resource
    except ImportError:
        return None
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _status(name: str) -> int | None:
    if not _STATUS.exists():
        return None
    fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(fields[name].split()[0])
