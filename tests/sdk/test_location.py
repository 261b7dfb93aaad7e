"""What `sdk.load` is given leads to a runtime and to the file that it opens."""

from pathlib import Path

import pytest

from edgezoo import sdk
from edgezoo.sdk.location import locate
from edgezoo.zoo import registry
from tests.checkpoints import lstm_checkpoint


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return lstm_checkpoint(tmp_path / "small-lstm")


def test_a_name_is_the_bundle_that_comes_with_edgezoo() -> None:
    bundle = registry.find("static-en-micro")
    assert locate("static-en-micro", None, None) == ("engine", bundle)
    assert locate("static-en-micro", "wasm", None) == ("wasm", bundle)
    own = registry.precision("static-en-micro")
    assert locate("static-en-micro", "engine", own) == ("engine", bundle)


def test_another_precision_of_a_name_is_exported() -> None:
    runtime, path = locate("static-en-micro", None, "int8")
    assert (runtime, Path(path).name) == ("engine", "static-en-micro-int8.ezb")
    with sdk.load("static-en-micro", precision="int8") as exact, sdk.load("static-en-micro") as shipped:
        assert exact.path == path
        assert 0.99 < exact.embed("a small test") @ shipped.embed("a small test") < 1


def test_torch_opens_the_checkpoint_itself(checkpoint: Path) -> None:
    folder = str(Path(registry.find("tinylstm-sts")).parent)
    assert locate("tinylstm-sts", "torch", None) == ("torch", folder)
    assert locate(checkpoint, "torch", "fp32") == ("torch", str(checkpoint))
    with pytest.raises(sdk.InputError, match="fp32"):
        locate(checkpoint, "torch", "int8")


@pytest.mark.parametrize(
    ("file", "runtime"),
    [("a.ezb", "engine"), ("a.onnx", "onnx"), ("a.tflite", "litert"), ("model", "engine")],
)
def test_a_files_ending_names_its_runtime(tmp_path: Path, file: str, runtime: str) -> None:
    (tmp_path / file).write_text("")
    assert locate(tmp_path / file, None, None) == (runtime, str(tmp_path / file))
    assert locate(tmp_path / file, "wasm", None) == ("wasm", str(tmp_path / file))


@pytest.mark.parametrize(
    ("runtime", "message"),
    [("tensorflow", "no runtime 'tensorflow'; choose one of: engine, wasm, onnx, litert, torch"), ("", "''")],
)
def test_an_unknown_runtime_is_named(runtime: str, message: str) -> None:
    with pytest.raises(sdk.InputError, match=message):
        sdk.load("static-en", runtime=runtime)


def test_an_unknown_precision_is_named(checkpoint: Path) -> None:
    with pytest.raises(sdk.InputError, match="no precision 'int2'; choose one of: int8, int4, mixed"):
        sdk.load(checkpoint, runtime="engine", precision="int2")


def test_a_file_has_its_precision(small_bundle: Path) -> None:
    with pytest.raises(sdk.InputError, match="precision is what it is"):
        sdk.load(small_bundle, precision="int8")
