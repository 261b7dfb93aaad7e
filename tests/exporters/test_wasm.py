"""The folder of a WebAssembly export: whole in itself, the engine's bits, at work in Node as it lies."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgezoo import sdk
from edgezoo.benchmarks.texts import HOSTILE, TWEETS
from edgezoo.errors import EngineError
from edgezoo.exporters import export
from edgezoo.runtimes.engine import build
from edgezoo.runtimes.wasm import WasmRuntime
from tests.checkpoints import lstm_checkpoint, static_checkpoint

TEXTS = [*HOSTILE, *TWEETS]
# Prints the bits of all vectors and probabilities of the texts on its input.
NODE = """
import { load } from "./edgezoo.js";
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const model = await load(new URL("./small-lstm.ezb", import.meta.url), { verify: true, simd: SIMD });
const texts = JSON.parse(Buffer.concat(chunks).toString());
const rows = texts.map((t) => [...model.embed(t), ...Object.values(model.classify(t).probabilities)]);
process.stdout.write(new Uint8Array(Float32Array.from(rows.flat()).buffer));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = lstm_checkpoint(tmp_path_factory.mktemp("checkpoint"))
    (written,) = export(directory, "wasm", "mixed", tmp_path_factory.mktemp("out"))
    return written


def test_the_folder_has_all_that_a_page_needs(folder: Path) -> None:
    assert folder.name == "small-lstm-mixed-wasm"
    assert {path.name for path in folder.iterdir()} == {
        *("engine.wasm", "engine-scalar.wasm", "edgezoo.js", "small-lstm.ezb"),
        *("index.html", "package.json", "card.json", "LICENSE"),
    }
    card = json.loads((folder / "card.json").read_text())
    assert card["precision"] == "mixed"
    assert "Apache License" in (folder / "LICENSE").read_text()
    page = (folder / "index.html").read_text()
    assert "<title>small-lstm</title>" in page
    assert card["description"] in page
    assert "@" not in page.replace("@media", "")


def test_nothing_in_it_reaches_out(folder: Path) -> None:
    for name in ("index.html", "edgezoo.js"):
        text = (folder / name).read_text().replace("https://edgezoo.invalid/", "")  # names what caches keep
        assert "http://" not in text
        assert "https://" not in text.replace("over https", "")


def test_the_same_checkpoint_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    (again,) = export(lstm_checkpoint(tmp_path / "checkpoint"), "wasm", "mixed", tmp_path / "out")
    for path in folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_python_runs_the_folder_with_its_own_modules(folder: Path) -> None:
    with sdk.load(folder / "small-lstm.ezb") as model:
        wasm = WasmRuntime.open(str(folder), verify=True)
        assert wasm.embed(TEXTS).tobytes() == model.embed(TEXTS).tobytes()


@pytest.mark.parametrize("simd", ["true", "false"])
def test_node_runs_the_folder_as_it_lies(folder: Path, simd: str) -> None:
    program = ["node", "--input-type=module", "-e", NODE.replace("SIMD", simd)]
    run = subprocess.run(program, cwd=folder, input=json.dumps(TEXTS).encode(), capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    with sdk.load(folder / "small-lstm.ezb") as model:
        answers = [list(answer.probabilities.values()) for answer in model.classify(TEXTS)]
        expected = np.concatenate([model.embed(TEXTS), np.array(answers, dtype=np.float32)], axis=1)
    assert run.stdout == expected.tobytes()


def test_a_page_is_safe_from_what_a_card_says(tmp_path: Path) -> None:
    directory = static_checkpoint(tmp_path / "checkpoint")
    card = json.loads((directory / "card.json").read_text())
    (directory / "card.json").write_text(json.dumps({**card, "description": "<script>alert(1)</script>"}))
    (written,) = export(directory, "wasm", "int8", tmp_path / "out")
    assert "<script>alert" not in (written / "index.html").read_text()


def test_a_missing_module_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "HERE", tmp_path)
    with pytest.raises(EngineError, match=r"engine\.wasm is missing"):
        export(static_checkpoint(tmp_path / "checkpoint"), "wasm", "int8", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
