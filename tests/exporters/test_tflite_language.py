"""The TFLite file of a language model: one step, no memory, on all of LiteRT's kernels."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from edgezoo.errors import BundleError
from edgezoo.exporters import tflite
from edgezoo.exporters.tflite_metadata import with_files
from edgezoo.runtimes.litert import LiteRtRuntime
from edgezoo.zoo.checkpoint import Checkpoint, read_checkpoint
from tests.char_lstm import VOCABULARY
from tests.checkpoints import language_checkpoint

PRECISIONS = ("fp32", "int8", "int4")
HIDDEN = 64

Arrays = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return read_checkpoint(language_checkpoint(tmp_path_factory.mktemp("lm") / "small-lm"))


@pytest.fixture(scope="module")
def models(checkpoint: Checkpoint) -> dict[str, bytes]:
    return {precision: tflite.model_file(checkpoint, precision) for precision in PRECISIONS}


class Opened:
    """A file in LiteRT's interpreter."""

    def __init__(self, model: bytes, kernels: OpResolverType = OpResolverType.AUTO) -> None:
        self.interpreter = Interpreter(
            model_content=model, num_threads=1, experimental_op_resolver_type=kernels
        )
        self.interpreter.allocate_tensors()
        self.inputs = {each["name"]: each for each in self.interpreter.get_input_details()}
        self.outputs = {each["name"]: each for each in self.interpreter.get_output_details()}

    def step(self, token: int, h: NDArray[np.float32], c: NDArray[np.float32]) -> Arrays:
        for name, value in (("ids", np.array([token], np.int32)), ("h", h), ("c", c)):
            self.interpreter.set_tensor(self.inputs[name]["index"], value)
        self.interpreter.invoke()
        return {name: self.interpreter.get_tensor(each["index"]) for name, each in self.outputs.items()}


def states(seed: int = 0) -> NDArray[np.float32]:
    """h and c [2, 2, 1, H]."""
    return np.random.default_rng(seed).uniform(-1, 1, (2, 2, 1, HIDDEN)).astype(np.float32)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_tensors_are_as_documented(models: dict[str, bytes], precision: str) -> None:
    opened = Opened(models[precision])
    described = {
        name: (each["dtype"], tuple(each["shape"])) for name, each in (opened.inputs | opened.outputs).items()
    }
    state = (np.float32, (2, 1, HIDDEN))
    assert described == {
        "ids": (np.int32, (1,)),
        "h": state,
        "c": state,
        "logits": (np.float32, (1, len(VOCABULARY))),
        "next_h": state,
        "next_c": state,
    }
    (signature,) = opened.interpreter.get_signature_list().values()
    assert signature["inputs"] == ["c", "h", "ids"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_other_kernels_give_the_same_answers(models: dict[str, bytes], precision: str) -> None:
    usual = Opened(models[precision])
    for kernels in (OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, OpResolverType.BUILTIN_REF):
        other = Opened(models[precision], kernels)
        for token in range(2, len(VOCABULARY), 9):
            expected, found = (each.step(token, *states(token)) for each in (usual, other))
            for name, value in expected.items():
                # Inputs rounded to int8 in one place more or less: the logits are about 10.
                atol = 1e-4 if precision == "fp32" else 0.2 if name == "logits" else 0.03
                np.testing.assert_allclose(found[name], value, atol=atol)


def test_nothing_is_kept_from_one_call_to_the_next(models: dict[str, bytes]) -> None:
    opened = Opened(models["int8"])
    first = opened.step(7, *states())
    opened.step(9, *states(1))
    again = opened.step(7, *states())
    assert {name: value.tobytes() for name, value in first.items()} == {
        name: value.tobytes() for name, value in again.items()
    }


def test_fewer_bits_make_smaller_files(models: dict[str, bytes], checkpoint: Checkpoint) -> None:
    weights = sum(tensor.nbytes for tensor in checkpoint.tensors.values())
    assert len(models["int4"]) < len(models["int8"]) - weights / 20
    assert len(models["int8"]) < len(models["fp32"]) - weights / 2
    assert tflite.model_file(checkpoint, "int4") == models["int4"]


def test_the_file_carries_what_is_to_be_known(models: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(models["int8"])) as archive:
        names = archive.namelist()
        assert json.loads(archive.read("card.json"))["precision"] == "int8"
        assert json.loads(archive.read("tokenizer.json"))["model"]["vocab"][VOCABULARY[9]] == 9
    assert sorted(names) == ["LICENSE", "card.json", "graph.sha256", "tokenizer.json"]


def test_a_graph_beside_another_vocabulary_is_refused(models: dict[str, bytes], tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(models["fp32"])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
        end = min(entry.header_offset for entry in archive.infolist())
    stored = json.loads(files["tokenizer.json"])
    del stored["model"]["vocab"][VOCABULARY[-1]]
    path = tmp_path / "x.tflite"
    path.write_bytes(
        with_files(models["fp32"][:end], files | {"tokenizer.json": json.dumps(stored).encode()})
    )
    with pytest.raises(BundleError, match="no model of edgezoo"):
        LiteRtRuntime.open(str(path))
