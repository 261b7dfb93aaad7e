"""Each rule that SPECIFICATION.md has for an architecture, broken on its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgezoo import sdk
from edgezoo.bundle.architectures import Content, check_model
from edgezoo.bundle.layout import TinyLstm, WordPiece
from edgezoo.bundle.quantise import dequantise
from edgezoo.bundle.reader import read_bundle
from edgezoo.errors import BundleError, InputError
from tests.bundle.test_reader import rewritten, sealed
from tests.conftest import VOCABULARY
from tests.tiny_lstm import LABELS, quantised, random_tensors, write_small_lstm

TOKENS = len(VOCABULARY)


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize(
    ("chosen", "shape"),
    [
        (TinyLstm(), {}),
        (TinyLstm(pooling="cls", skip=False, max_tokens=7), {"layers": 2, "dimension": 96, "norms": True}),
        (TinyLstm(pooling="max", labels=("да", "нет", "?")), {"labels": 3, "dimension": 0}),
        (TinyLstm(labels=LABELS), {"labels": 2, "directions": 1, "salience": True}),
    ],
)
def test_what_was_written_is_read(
    tmp_path: Path, chosen: TinyLstm, shape: dict[str, Any], precision: str
) -> None:
    tensors = quantised(random_tensors(**shape), precision)
    bundle = read_bundle(write_small_lstm(tmp_path / "x.ezb", chosen, tensors), verify=True)
    assert bundle.header.architecture == chosen
    for name, tensor in tensors.items():
        if isinstance(tensor, np.ndarray):
            assert np.array_equal(bundle.arrays[name], tensor)
        else:
            assert np.array_equal(bundle.matrix(name), dequantise(tensor))


Described = dict[str, tuple[str, tuple[int, ...]]]


def described(**shape: Any) -> Described:
    """Dtypes and shapes of a model with every tensor that there can be."""
    chosen = {"layers": 2, "norms": True, "salience": True, "labels": 2, **shape}
    entries: Described = {}
    for name, tensor in quantised(random_tensors(**chosen)).items():
        if isinstance(tensor, np.ndarray):
            entries[name] = (tensor.dtype.name, tensor.shape)
        else:
            entries |= {name: ("int8", tensor.shape), f"{name}.scale": ("float16", tensor.scale.shape)}
    return entries


def complaint(entries: Described, chosen: TinyLstm, tokens: int = TOKENS) -> str:
    content = Content(tokens, entries, BundleError)
    with pytest.raises(BundleError) as caught:
        check_model(content, WordPiece(), chosen)
    return str(caught.value)


def test_a_model_with_every_tensor_is_sound() -> None:
    check_model(Content(TOKENS, described(), InputError), WordPiece(), TinyLstm(labels=LABELS))


@pytest.mark.parametrize("tensor", sorted(described()))
def test_a_tensor_of_another_shape_is_refused(tensor: str) -> None:
    dtype, shape = described()[tensor]
    altered = {**described(), tensor: (dtype, (*shape[:-1], shape[-1] + 64))}
    assert complaint(altered, TinyLstm(labels=LABELS))


@pytest.mark.parametrize("tensor", sorted(described()))
def test_a_tensor_of_another_dtype_is_named(tensor: str) -> None:
    dtype, shape = described()[tensor]
    other = {"float32": "float16", "float16": "float32", "int8": "float32"}[dtype]
    assert tensor in complaint({**described(), tensor: (other, shape)}, TinyLstm(labels=LABELS))


# Without these a model is another one, sound as it stands.
OPTIONAL = {"lstm.1.forward.input", "salience", "projection", "lstm.0.backward.input"}


@pytest.mark.parametrize("tensor", sorted(set(described()) - OPTIONAL))
def test_a_tensor_that_is_missing_is_named(tensor: str) -> None:
    entries = described()
    del entries[tensor]
    assert tensor.partition(".")[0] in complaint(entries, TinyLstm(labels=LABELS))


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (TinyLstm(pooling="sum", labels=LABELS), "'sum'"),
        (TinyLstm(max_tokens=0, labels=LABELS), "max_tokens is 0"),
        (TinyLstm(max_tokens=513, labels=LABELS), "max_tokens is 513"),
        (TinyLstm(), "classifier"),
        (TinyLstm(labels=("one",)), "number of labels is 1"),
        (TinyLstm(labels=tuple(map(str, range(65)))), "number of labels is 65"),
        (TinyLstm(labels=("same", "same")), "twice"),
        (TinyLstm(labels=("", "other")), "label ''"),
        (TinyLstm(labels=("x" * 64, "other")), "is 64"),
        (TinyLstm(labels=("a", "b", "c")), r"classifier must be float32 [3, 128]"),
    ],
)
def test_settings_that_the_format_forbids_are_named(chosen: TinyLstm, reason: str) -> None:
    assert reason in complaint(described(), chosen)


@pytest.mark.parametrize(
    ("shape", "chosen", "reason"),
    [
        ({"hidden": 48}, TinyLstm(labels=LABELS), "hidden size 48"),
        ({"hidden": 544}, TinyLstm(labels=LABELS), "hidden size 544"),
        (
            {"dimension": 96},
            TinyLstm(labels=LABELS),
            "projection has the shape [96, 64], expected is [64, 64]",
        ),
        ({"dimension": 48}, TinyLstm(skip=False, labels=LABELS), "dimension 48"),
        ({"dimension": 1056}, TinyLstm(skip=False, labels=LABELS), "dimension 1056"),
        ({"dimension": 0, "labels": 0}, TinyLstm(), "neither"),
        ({"embedding": 1056}, TinyLstm(labels=LABELS), "dimension 1056"),
        ({"labels": 0}, TinyLstm(labels=LABELS), "go together"),
    ],
)
def test_sizes_that_the_format_forbids_are_named(
    shape: dict[str, int], chosen: TinyLstm, reason: str
) -> None:
    assert reason in complaint(described(**shape), chosen)


def test_cls_pooling_needs_its_token() -> None:
    entries = described(tokens=4)
    entries["embedding"] = ("int8", (2, 64))
    entries["embedding.scale"] = ("float16", (2, 1))
    assert "cls" in complaint(entries, TinyLstm(pooling="cls", labels=LABELS), tokens=2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda root: setattr(root.architecture, "pooling", 3), "unknown pooling 3"),
        (lambda root: setattr(root.architecture, "maxTokens", 1 << 31), "max_tokens is 2147483648"),
        (lambda root: setattr(root.architecture, "labels", ["negative"] * 2), "twice"),
        (lambda root: setattr(root.architecture, "labels", ["x" * 64, "y"]), "64 bytes"),
        (lambda root: setattr(root.architecture, "labels", [""] * 65), "65 tensors or labels"),
        (lambda root: setattr(root.architecture, "labels", []), "go together"),
        (lambda root: setattr(root, "architectureType", 9), "does not know"),
    ],
)
def test_hostile_settings_in_a_file_are_named(
    tmp_path: Path, change: Callable[[Any], None], reason: str
) -> None:
    def decoded(root: Any) -> None:
        root.architecture.labels = [label.decode() for label in root.architecture.labels]
        change(root)

    sound = write_small_lstm(tmp_path / "x.ezb")
    with pytest.raises(BundleError, match=reason):
        read_bundle(rewritten(sound, tmp_path / "y.ezb", decoded))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_lstm(tmp_path_factory.mktemp("lstm") / "sound.ezb")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 2500), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4)
)
def test_a_hostile_header_is_an_error_or_harmless(
    sound: Path, tmp_path: Path, edits: list[tuple[int, bytes]]
) -> None:
    data = bytearray(sound.read_bytes())
    for place, content in edits:
        data[place : place + len(content)] = content
    path = tmp_path / "hostile.ezb"
    path.write_bytes(sealed(bytes(data)))
    try:
        header = read_bundle(path).header
    except BundleError:
        return
    with sdk.load(path) as model:  # the engine has a reader of its own: it takes what this one takes
        assert model.tokenize("the cats sat").tolist()
        if isinstance(header.architecture, TinyLstm):
            assert model.labels == header.architecture.labels
        if model.labels:
            assert len(model.classify(["the cats sat", "😂", ""])) == 3
        if model.dim:
            assert model.embed(["the cats sat", "😂", ""]).shape == (3, model.dim)


def test_labels_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    sound = write_small_lstm(tmp_path / "x.ezb")
    data = sound.read_bytes().replace(b"negative", b"negativ\xff")
    sound.write_bytes(sealed(data))
    with pytest.raises(BundleError, match="not UTF-8"):
        read_bundle(sound)
