"""What the page that measures devices should compute, for its tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from edgezoo.benchmarks import probes, reference
from edgezoo.benchmarks.distribution import distribution
from edgezoo.benchmarks.texts import TWEETS, short_texts


def suite() -> dict[str, Any]:
    """What the page measures with: web/demo/suite.json."""
    return {
        "short": [*TWEETS],
        "words": " ".join(short_texts(400)[::13]),
        "many": short_texts(512),
        "triplets": [[*each] for each in probes.TRIPLETS],
        "reviews": [[*each] for each in probes.REVIEWS],
    }


def write_suite_answers(folder: Path) -> None:
    """The reference loop's name and results, and the figures of some samples."""
    folder.mkdir()
    random = np.random.default_rng(0)
    rounds = random.gamma(2, 37, (7, 50)).round(4).tolist()
    references = random.uniform(250, 400, 7).tolist()
    content = {
        "reference": [reference.LOOP, *reference.results()],
        "rounds": rounds,
        "references": references,
        "distribution": distribution(rounds, references),
    }
    folder.joinpath("expected.json").write_text(json.dumps(content), encoding="ascii")
