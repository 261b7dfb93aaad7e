"""Pictures of a training log: its losses, and what dev said."""

from __future__ import annotations

import json
from pathlib import Path

MERITS = ("dev", "stsb_dev", "held_out")


def draw(log: Path, path: Path) -> None:
    """Draw the losses and the figures of merit over the steps of a JSON-lines log as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    names = list(dict.fromkeys(name for line in lines for name in line if name != "step"))
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3), constrained_layout=True)
    for name in names:
        steps = [line["step"] for line in lines if name in line]
        values = [line[name] for line in lines if name in line]
        if name in MERITS:
            right.plot(steps, [100 * value for value in values], label=name)
        else:
            left.plot(steps, values, label=name)
    left.set(xlabel="step", yscale="log", title="losses")
    right.set(xlabel="step", title="× 100")
    for side in (left, right):
        if side.lines:
            side.legend()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)
