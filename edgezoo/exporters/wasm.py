"""Checkpoint -> a folder for a web server or Node: engine, loader, bundle, and a page that shows it at work.

The folder <name>-<precision>-wasm/ needs nothing else: serve it as it is, or in Node
`import { load } from "./<name>-<precision>-wasm/edgezoo.js"`.
"""

from __future__ import annotations

import html
import json
import shutil
from importlib import resources
from pathlib import Path

from edgezoo.errors import EngineError
from edgezoo.exporters import flatbuffer, licence
from edgezoo.runtimes.engine import build
from edgezoo.zoo.checkpoint import Checkpoint

PRECISIONS = flatbuffer.PRECISIONS


def export(checkpoint: Checkpoint, precision: str, out: Path) -> list[Path]:
    """Write the folder under `out` and return it.

    Raises EngineError if the installation lacks the engine, and otherwise as the exporter of bundles.
    """
    name = checkpoint.card["name"]
    folder = out / f"{name}-{precision}-wasm"
    folder.mkdir()
    for module in build.WASM_MODULES:
        _copy_module(build.HERE / module, folder / module)
    flatbuffer.write(checkpoint, precision, folder / f"{name}.ezb")
    (folder / "edgezoo.js").write_bytes(_file("wasm_loader.js"))
    (folder / "index.html").write_text(_page(name, checkpoint.card["description"]), encoding="utf-8")
    # Node takes a .js file for a module only where a package.json says so.
    (folder / "package.json").write_text('{ "type": "module" }\n', encoding="utf-8")
    card = json.dumps({**checkpoint.card, "precision": precision}, indent=1, ensure_ascii=False)
    (folder / "card.json").write_text(card + "\n", encoding="utf-8")
    (folder / "LICENSE").write_text(licence.text(), encoding="utf-8")
    return [folder]


def _copy_module(source: Path, target: Path) -> None:
    if not source.is_file():
        raise EngineError(f"{source.name} is missing; install edgezoo again: pip install edgezoo")
    shutil.copyfile(source, target)


def _file(name: str) -> bytes:
    return (resources.files(__package__) / name).read_bytes()


def _page(name: str, description: str) -> str:
    page = _file("wasm_page.html").decode()
    return page.replace("@DESCRIPTION@", html.escape(description)).replace("@NAME@", html.escape(name))
