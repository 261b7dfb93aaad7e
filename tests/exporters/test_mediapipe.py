"""MediaPipe opens the exports unmodified, finds the same tokens and gives the same answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo.benchmarks.texts import HOSTILE, TWEETS, short_texts
from edgezoo.exporters import tflite
from edgezoo.exporters.tflite_graph import Graph
from edgezoo.exporters.tflite_metadata import Tensor, metadata, with_files
from edgezoo.runtimes.litert import LiteRtRuntime
from edgezoo.zoo import registry
from edgezoo.zoo.checkpoint import read_checkpoint
from edgezoo.zoo.tokenizers.wordpiece import build_tokenizer
from tests.checkpoints import lstm_checkpoint
from tests.tiny_lstm import LABELS

ROOT = Path(__file__).parents[2]
MODELS = Path(registry.find("tinylstm-sts")).parents[1]

# The last of the old line, which many apps ship, and the new line; `./do test` makes their environments.
VERSIONS = ("0.10.21", "1.2.2")
NEWEST_PYTHON_OF_THE_OLD_LINE = (3, 12)

LONG = "the cat sat on the mat " * 40
TEXTS = ["The cat sat on the mat!", LONG, "The cat sat on the mat!", "", "good 日本"]
SENTENCES = [*TWEETS, *short_texts(40)]

# What edgezoo's tokenizer and MediaPipe's do not share: MediaPipe ends a text at NUL, and gives up a word of
# more than 100 bytes, where edgezoo gives up one of more than 100 characters.
DIFFERENT = [
    text
    for text in HOSTILE
    if "\0" in text or any(len(word) <= 100 < len(word.encode()) for word in text.split(" "))
]


@dataclass(frozen=True)
class Files:
    """The .tflite files that MediaPipe is given, and the runtime's view of the same."""

    small: Path
    shipped: Path
    probe: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("mediapipe")
    small = tflite.export(read_checkpoint(lstm_checkpoint(folder / "small")), "int4", folder)[0]
    shipped = folder / "tinylstm-sts.tflite"
    shipped.write_bytes(tflite.model_file(read_checkpoint(MODELS / "tinylstm-sts"), "int8"))
    probe = folder / "probe.tflite"
    probe.write_bytes(probing(read_checkpoint(MODELS / "static-en-micro").vocabulary))
    return Files(small, shipped, probe)


def probing(vocabulary: Sequence[str]) -> bytes:
    """A model whose vector is the token ids that it is given."""
    graph = Graph()
    ids, _, _ = (graph.input(name, (1, 64)) for name in ("ids", "mask", "segment_ids"))
    inputs = [Tensor(name, "") for name in ("ids", "mask", "segment_ids")]
    described = metadata("probe", "", "Apache-2.0", inputs, [Tensor("vector", "")])
    model = graph.serialise({"vector": graph.cast(ids)}, "probe", described)
    return with_files(model, {"vocab.txt": "".join(f"{token}\n" for token in vocabulary).encode()})


def interpreter(version: str) -> Path:
    """Python of the environment that `./do test` makes for a MediaPipe."""
    return ROOT / f".venv-mediapipe-{version}" / ("Scripts" if os.name == "nt" else "bin") / "python"


def possible(version: str) -> bool:
    """Whether there is a package for this Python, or an older Python's environment with it."""
    too_new = version == VERSIONS[0] and sys.version_info[:2] > NEWEST_PYTHON_OF_THE_OLD_LINE
    return not too_new or interpreter(version).exists()


@pytest.fixture(scope="session", params=[version for version in VERSIONS if possible(version)])
def answers(request: pytest.FixtureRequest, files: Files) -> dict[str, list[Any]]:
    """What one MediaPipe says to every job of these tests, from one start of it."""
    python = interpreter(request.param)
    if not python.exists():
        pytest.fail(
            f"MediaPipe {request.param} is not installed; ./do test does it, into {python.parents[1]}"
        )
    jobs = {
        "embed": ["embed", str(files.small), TEXTS],
        "classify": ["classify", str(files.small), TEXTS],
        "shipped": ["embed", str(files.shipped), SENTENCES],
        "ids": ["embed", str(files.probe), [*SENTENCES, *HOSTILE]],
    }
    done = subprocess.run(
        [python, Path(__file__).with_name("mediapipe_tasks.py")],
        input=json.dumps([*jobs.values()]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(jobs, json.loads(done.stdout), strict=True))


def test_it_embeds_as_litert_does(answers: dict[str, list[Any]], files: Files) -> None:
    for name, path, texts in (("embed", files.small, TEXTS), ("shipped", files.shipped, SENTENCES)):
        expected = LiteRtRuntime.open(str(path)).embed(texts)
        found = np.array([answer["vector"] for answer in answers[name]], dtype=np.float32)
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_it_classifies_as_litert_does(answers: dict[str, list[Any]], files: Files) -> None:
    expected = LiteRtRuntime.open(str(files.small)).classify(TEXTS)
    found = [[answer["probabilities"][label] for label in LABELS] for answer in answers["classify"]]
    np.testing.assert_allclose(np.array(found), expected, atol=1e-3)


def test_a_text_has_the_same_answer_after_a_long_one(answers: dict[str, list[Any]]) -> None:
    for name in ("embed", "classify"):
        assert answers[name][0] == answers[name][2]
        assert answers[name][0] != answers[name][1]


def test_a_text_without_tokens_is_zeros(answers: dict[str, list[Any]]) -> None:
    assert not any(answers["embed"][TEXTS.index("")]["vector"])


def test_it_finds_the_tokens_of_edgezoo(answers: dict[str, list[Any]]) -> None:
    tokenizer = build_tokenizer(read_checkpoint(MODELS / "static-en-micro").vocabulary)
    different = []
    for text, answer in zip([*SENTENCES, *HOSTILE], answers["ids"], strict=True):
        expected = tokenizer.encode(text, add_special_tokens=False).ids[:62]
        if list(filter(None, answer["vector"])) != [2, *expected, 3]:
            different.append(text)
    assert different == DIFFERENT
