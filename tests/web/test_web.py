"""The package for web pages and Node, and the demo page, against answers that the engine gives here.

Runs web/test with Node and Chromium; `./do test` installs what that takes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.benchmarks import dashboard, report
from edgezoo.benchmarks.texts import HOSTILE, TWEETS, short_texts
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.zoo import registry
from tests.web.language_answers import write_language_answers
from tests.web.suite_answers import suite, write_suite_answers

WEB = Path(__file__).parents[2] / "web"
COUNT = 1000
LONE = ("\ud800", "a\udfffb", "\ud83d\ude02 and \ude02\ud83d")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with texts.json and, of each model, its vectors, probabilities and ids, little-endian.

    What language models answer, and what the benchmark page should compute, are in folders in it.
    """
    folder = tmp_path_factory.mktemp("answers")
    special = (*HOSTILE, *TWEETS, *LONE)
    texts = [*special, *short_texts(COUNT - len(special))]
    (folder / "texts.json").write_text(json.dumps(texts), encoding="ascii")
    for entry in registry.models():
        engine = EngineRuntime.open(entry.path)
        folder.joinpath(f"{entry.name}.vectors").write_bytes(engine.embed(texts).astype("<f4").tobytes())
        probabilities = engine.classify(texts).astype("<f4").tobytes()
        folder.joinpath(f"{entry.name}.probabilities").write_bytes(probabilities)
        ids = np.concatenate([np.append(engine.tokenize(text), 0xFFFFFFFF) for text in texts])
        folder.joinpath(f"{entry.name}.ids").write_bytes(ids.astype("<u4").tobytes())
        with sdk.load(entry.name) as model:
            facts = {"name": model.name, "dim": model.dim, "labels": model.labels, "card": dict(model.card)}
        facts |= {"vocabularySize": engine.vocabulary_size, "maxTokens": engine.max_tokens}
        facts |= {"sha256": engine.sha256, "path": entry.path}
        folder.joinpath(f"{entry.name}.json").write_text(json.dumps(facts), encoding="utf-8")
    write_language_answers(folder / "language")
    write_suite_answers(folder / "suite")
    return folder


def test_the_package_and_its_pages_pass_their_tests(answers: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "EDGEZOO_ANSWERS": str(answers)}
    for script in ("build", "test"):
        run = subprocess.run(
            ["npm", "run", "--silent", script], cwd=WEB, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, f"npm run {script}:\n{run.stdout}\n{run.stderr}"
    found = report.read(answers / "suite" / "report.json")  # which the page left there
    assert [entry["status"] for entry in found["results"]] == ["measured", "measured"]
    page = dashboard.build(tmp_path / "site", [answers / "suite" / "report.json"]).read_text(encoding="utf-8")
    assert f"Test bench №1, {found['device']['cores']} cores, simd128" in page
    assert "static-en-micro" in page


def test_the_page_measures_with_the_texts_of_edgezoo_bench() -> None:
    assert json.loads((WEB / "demo" / "suite.json").read_text(encoding="utf-8")) == suite()
