"""The folder of a WebAssembly export: whole in itself, the engine's bits, at work in Node as it lies."""

import json
import os
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from edgezoo import sdk
from edgezoo.benchmarks.texts import HOSTILE, TWEETS
from edgezoo.errors import EngineError
from edgezoo.exporters import export
from edgezoo.runtimes.engine import build
from edgezoo.runtimes.wasm import WasmRuntime
from tests.checkpoints import language_checkpoint, lstm_checkpoint, static_checkpoint

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


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


def test_the_page_shows_a_language_model_at_work(tmp_path: Path) -> None:
    (folder,) = export(language_checkpoint(tmp_path / "small-lm"), "wasm", "int8", tmp_path / "out")
    with sdk.load(folder / "small-lm.ezb") as model:
        text = model.generate("kɑ", temperature=0.7, seed=1).text
        expected = f"{model.score('kɑ').bits:.2f} bits a character; kɑ{text}"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector("#answer:not([aria-busy]):not(:text('Loading'))")
        page.fill("#first", "kɑ")
        page.wait_for_function("text => answer.textContent === text", arg=expected)
        assert not page.is_visible("#second")
        browser.close()
    server.shutdown()


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
