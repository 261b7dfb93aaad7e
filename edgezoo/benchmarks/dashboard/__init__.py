"""`edgezoo dashboard`: reports in, a static page out, which asks nobody for anything."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from edgezoo.atomic import write_bytes
from edgezoo.benchmarks import report
from edgezoo.benchmarks.dashboard import page
from edgezoo.benchmarks.dashboard.rows import rows_of
from edgezoo.errors import DataError

RESULTS = Path(__file__).parents[1] / "results"


def build(out: Path, results: Sequence[Path] = (RESULTS,)) -> Path:
    """Write index.html and the reports that it links to into the folder `out`, and return the page's path.

    results: reports, and folders of reports. Raises DataError where there is none, or for a file that is not
    one.
    """
    files = [file for path in results for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    if not files:
        raise DataError(
            f"no report lies in {', '.join(map(str, results))}; make one: edgezoo bench --out DEVICE.json"
        )
    names = [file.name for file in files]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise DataError(f"two reports are named {sorted(doubled)[0]}; rename one")
    found = [row for file in files for row in rows_of(file.name, report.read(file))]
    (out / "reports").mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copyfile(file, out / "reports" / file.name)
    target = out / "index.html"
    write_bytes(target, page.render(found).encode())
    return target
