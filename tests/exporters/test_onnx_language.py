"""The ONNX file of a language model: a step that any ONNX Runtime runs, and all that is to be known of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from edgezoo.errors import BundleError, InputError
from edgezoo.exporters import export
from edgezoo.runtimes.onnx import OnnxRuntime
from tests.char_lstm import VOCABULARY
from tests.checkpoints import language_checkpoint

PRECISIONS = ("fp32", "int8", "int4")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files by precision; copy them before altering them."""
    out = tmp_path_factory.mktemp("onnx")
    directory = language_checkpoint(out / "small-lm", hidden=128)
    found = {}
    for precision in PRECISIONS:
        (found[precision],) = export(directory, "onnx", precision, out)
    return found


def session(path: Path) -> Any:
    """Without the operators of onnxruntime-extensions."""
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_tensors_are_as_documented(files: dict[str, Path], precision: str) -> None:
    opened = session(files[precision])
    assert files[precision].name == f"small-lm-{precision}.onnx"
    state, width = [2, "texts", 128], len(VOCABULARY)
    assert {each.name: (each.type, each.shape) for each in opened.get_inputs()} == {
        "ids": ("tensor(int64)", ["texts"]),
        "h": ("tensor(float)", state),
        "c": ("tensor(float)", state),
    }
    assert {each.name: (each.type, each.shape) for each in opened.get_outputs()} == {
        "logits": ("tensor(float)", ["texts", width]),
        "next_h": ("tensor(float)", state),
        "next_c": ("tensor(float)", state),
    }
    facts = opened.get_modelmeta().custom_metadata_map
    assert json.loads(facts["vocabulary"]) == VOCABULARY
    assert json.loads(facts["card"])["precision"] == precision
    assert "Apache License" in facts["license"]


def test_texts_side_by_side_get_what_each_gets_alone(files: dict[str, Path]) -> None:
    opened, random = session(files["fp32"]), np.random.default_rng(0)
    ids = np.array([2, 9, 1])
    h, c = random.uniform(-1, 1, (2, 2, 3, 128)).astype(np.float32)
    together = opened.run(None, {"ids": ids, "h": h, "c": c})
    for place in range(3):
        part = slice(place, place + 1)
        alone = opened.run(None, {"ids": ids[part], "h": h[:, part], "c": c[:, part]})
        np.testing.assert_allclose(alone[0], together[0][part], atol=1e-5)
        for one, all_ in zip(alone[1:], together[1:], strict=True):
            np.testing.assert_allclose(one, all_[:, part], atol=1e-6)


def test_fewer_bits_make_smaller_files_of_integers(files: dict[str, Path]) -> None:
    sizes = {precision: path.stat().st_size for precision, path in files.items()}
    assert sizes["int4"] < 0.75 * sizes["int8"] < 0.3 * sizes["fp32"]
    kinds = {
        precision: {node.op_type for node in onnx.load(path).graph.node} for precision, path in files.items()
    }
    assert "LSTM" in kinds["fp32"]
    assert "DynamicQuantizeLSTM" in kinds["int8"]
    assert {"MatMulNBits", "GatherBlockQuantized"} <= kinds["int4"]


def test_exports_are_the_same_to_the_byte(files: dict[str, Path], tmp_path: Path) -> None:
    (again,) = export(files["int4"].parent / "small-lm", "onnx", "int4", tmp_path)
    assert again.read_bytes() == files["int4"].read_bytes()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("vocabulary", '["a"]'),
        ("vocabulary", "5"),
        ("vocabulary", json.dumps([1, *VOCABULARY[1:]])),
        ("vocabulary_size", "x"),
    ],
)
def test_a_damaged_file_is_refused(files: dict[str, Path], tmp_path: Path, key: str, value: str) -> None:
    model = onnx.load(files["fp32"])
    for entry in model.metadata_props:
        if entry.key == key:
            entry.value = value
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BundleError, match="metadata are damaged"):
        OnnxRuntime.open(str(path))
    path.write_bytes(files["fp32"].read_bytes().replace(b"small-lm", b"smell-lm"))
    with pytest.raises(BundleError, match="SHA-256"):
        OnnxRuntime.open(str(path), verify=True)


def test_formats_that_make_no_sense_say_what_does(files: dict[str, Path], tmp_path: Path) -> None:
    directory = files["fp32"].parent / "small-lm"
    with pytest.raises(InputError, match="char-lstm: choose another format, such as onnx"):
        export(directory, "model2vec", None, tmp_path / "out")
    with pytest.raises(InputError, match="no precision 'mixed'"):
        export(directory, "onnx", "mixed", tmp_path / "out")
