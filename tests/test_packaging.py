"""The wheel: what people install on machines without compiler, headers or network."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from edgezoo import sdk

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    (path,) = folder.glob("*.whl")
    return path


def test_one_wheel_serves_every_python_of_a_platform(wheel: Path) -> None:
    _, _, python, abi, platform = wheel.stem.split("-")
    assert (python, abi) == ("py3", "none")
    assert platform != "any"


def test_the_wheel_holds_what_runs_and_nothing_that_trains(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert any(name.startswith("edgezoo/runtimes/engine/libedgezoo.") for name in names)
    assert {"edgezoo/py.typed", "edgezoo/bundle/bundle.fbs", "edgezoo/bundle/SPECIFICATION.md"} <= set(names)
    for entry in sdk.models():
        assert {
            f"edgezoo/zoo/models/{entry.name}/{file}" for file in (f"{entry.name}.ezb", "card.json")
        } <= set(names)
    assert not [
        name for name in names if name.endswith((".safetensors", ".npz")) or "/models/tokenizer" in name
    ]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_wheel_embeds(wheel: Path, small_bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = f"from edgezoo import sdk; print(sdk.__file__, sdk.load({str(small_bundle)!r}).embed('a').shape)"
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stdout.startswith(str(tmp_path))
    assert run.stdout.endswith("(64,)\n")
