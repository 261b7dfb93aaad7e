"""The engine's vectors: right by the definition, the same bits from every kernel, thread and call."""

from __future__ import annotations

import ctypes
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edgezoo.errors import BundleError, InputError, ModelNotFoundError
from edgezoo.runtimes import engine
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.engine.binding import ISAS
from edgezoo.runtimes.utf8 import encode
from tests.runtimes.engine.conftest import VOCABULARY, MakeModel

TEXTS = [
    "The cat sat on the mat.",
    "unbelievable café 中文。 😂😂 nothing here is known",
    "",
    " \t\n",
    "cat " * 2000,
    "the cat, the mat! " * 97,
]
DIMENSIONS = (32, 64, 96, 256, 1024)


def available(model: EngineRuntime) -> list[str]:
    return list(ISAS[: ISAS.index(model.isa) + 1])


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_vector_is_the_normalised_sum_of_the_token_rows(
    make_model: MakeModel, precision: str, text: str
) -> None:
    model, rows = make_model(precision)
    expected = rows[model.tokenize(text)].astype(np.float64).sum(axis=0)
    expected /= np.linalg.norm(expected) or 1
    np.testing.assert_allclose(model.embed_one(text), expected, atol=1e-6)


def test_token_weights_weigh_the_rows(make_model: MakeModel) -> None:
    weight = np.linspace(0, 2, len(VOCABULARY)).astype(np.float16)
    model, rows = make_model(weight=weight, normalize=False)
    ids = model.tokenize("the cat sat on the unbelievable mat")
    expected = np.average(rows[ids].astype(np.float64), axis=0, weights=weight[ids].astype(np.float64))
    np.testing.assert_allclose(
        model.embed_one("the cat sat on the unbelievable mat"), expected, rtol=1e-5, atol=1e-6
    )


def test_without_normalisation_a_vector_is_the_mean(make_model: MakeModel) -> None:
    model, rows = make_model(normalize=False)
    ids = model.tokenize("cat mat")
    np.testing.assert_allclose(model.embed_one("cat mat"), rows[ids].mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("precision", ["int8", "int4"])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_all_instruction_sets_give_the_same_bits(
    make_model: MakeModel, precision: str, dimension: int
) -> None:
    weight = np.linspace(0.25, 3, len(VOCABULARY)).astype(np.float16)
    model, _ = make_model(precision, dimension, weight=weight)
    results = []
    for isa in available(model):
        model.select_isa(isa)
        assert model.isa == isa
        results.append(model.embed(TEXTS).tobytes())
    assert len(results) >= 2, "this machine has no vector instructions to compare"
    assert len(set(results)) == 1


def test_an_instruction_set_that_is_not_there_is_refused(make_model: MakeModel) -> None:
    model, _ = make_model()
    with pytest.raises(InputError, match="sse9"):
        model.select_isa("sse9")


def test_one_text_a_batch_and_threads_agree(make_model: MakeModel) -> None:
    model, _ = make_model()
    texts = [f"the cat {'sat ' * (i % 7)}on {'mat' if i % 2 else 'café'}" for i in range(1500)]
    one_by_one = np.stack([model.embed_one(text) for text in texts])
    assert np.array_equal(model.embed(texts), one_by_one)
    assert np.array_equal(model.embed(texts, threads=3), one_by_one)


def test_an_open_model_serves_many_threads(make_model: MakeModel) -> None:
    model, _ = make_model()
    expected = model.embed(TEXTS).tobytes()
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(model.embed(TEXTS).tobytes())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_the_interpreter_lock_is_released(make_model: MakeModel) -> None:
    model, _ = make_model()
    text = "the cat sat on the mat " * 1_000_000
    worker = threading.Thread(target=model.embed_one, args=(text,))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        time.sleep(0.0005)
    assert turns > 5


def test_results_are_writable_and_do_not_share_memory(make_model: MakeModel) -> None:
    model, _ = make_model()
    first, second = model.embed_one("cat"), model.embed_one("cat")
    first[:] = 0
    assert np.abs(second).sum() > 0


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude02", "😂"),
        ("\ud83dx\ude02", "\ufffdx\ufffd"),
    ],
)
def test_lone_surrogates_become_replacement_characters(text: str, same_as: str) -> None:
    assert encode(text) == same_as.encode()


def test_a_closed_model_frees_its_file(make_model: MakeModel) -> None:
    model, _ = make_model()
    model.close()
    model.close()
    Path(model.path).unlink()
    with pytest.raises(ctypes.ArgumentError):
        model.embed_one("cat")


def test_closing_waits_for_running_calls(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = make_model()
    text = "the cat sat on the mat " * 500_000
    expected, found = model.embed_one(text), []
    encoded = threading.Event()

    def encode(text: str) -> bytes:
        data = text.encode()
        encoded.set()
        return data

    monkeypatch.setattr(engine, "encode", encode)
    worker = threading.Thread(target=lambda: found.append(model.embed_one(text)))
    worker.start()
    encoded.wait()
    time.sleep(0.002)
    model.close()
    worker.join()
    assert np.array_equal(found[0], expected)


# --- Bad bundles --------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="absent"):
        EngineRuntime.open(str(tmp_path / "absent.ezb"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"x", "not an edgezoo bundle"), (b"PK\x03\x04" * 100, "not an edgezoo bundle")],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "other.ezb"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=message):
        EngineRuntime.open(str(path))


def test_every_truncation_is_noticed(make_model: MakeModel) -> None:
    model, _ = make_model(dimension=32)
    whole, path = Path(model.path).read_bytes(), Path(model.path).with_name("cut.ezb")
    model.close()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(BundleError):
            EngineRuntime.open(str(path))


def test_every_flipped_bit_is_noticed(make_model: MakeModel) -> None:
    model, _ = make_model(dimension=32)
    whole, path = Path(model.path).read_bytes(), Path(model.path).with_name("flipped.ezb")
    model.close()
    for byte in range(len(whole)):
        damaged = bytearray(whole)
        damaged[byte] ^= 1 << byte % 8
        path.write_bytes(damaged)
        with pytest.raises(BundleError):
            EngineRuntime.open(str(path))


def test_another_schema_version_is_named(make_model: MakeModel) -> None:
    from edgezoo.bundle import schema

    model, _ = make_model()
    whole = bytearray(Path(model.path).read_bytes())
    root = schema.Bundle.GetRootAs(whole)
    field = root._tab.Offset(4) + root._tab.Pos
    whole[field : field + 2] = (2).to_bytes(2, "little")
    path = Path(model.path).with_name("newer.ezb")
    path.write_bytes(whole)
    with pytest.raises(BundleError, match="schema version"):
        EngineRuntime.open(str(path))


def test_the_digest_is_checked_on_request(make_model: MakeModel) -> None:
    import xxhash

    model, _ = make_model()
    whole = bytearray(Path(model.path).read_bytes())
    whole[-100] ^= 1
    whole[-8:] = xxhash.xxh64_intdigest(bytes(whole[:-8])).to_bytes(8, "little")
    path = Path(model.path).with_name("forged.ezb")
    path.write_bytes(whole)
    EngineRuntime.open(str(path)).close()
    with pytest.raises(BundleError, match="SHA-256"):
        EngineRuntime.open(str(path), verify=True)


@pytest.mark.parametrize("content", [b'"name":"small"', b"small"])
def test_a_name_or_card_that_is_not_utf8_is_refused(make_model: MakeModel, content: bytes) -> None:
    import xxhash

    model, _ = make_model()
    whole = Path(model.path).read_bytes().replace(content, b"\xff" * len(content))
    path = Path(model.path).with_name("latin.ezb")
    path.write_bytes(whole[:-8] + xxhash.xxh64_intdigest(whole[:-8]).to_bytes(8, "little"))
    with pytest.raises(BundleError, match="UTF-8"):
        EngineRuntime.open(str(path))


def test_a_text_of_megabytes_keeps_its_precision(make_model: MakeModel) -> None:
    model, rows = make_model()
    text = "the unbelievable cat sat on the mat, " * 200_000
    expected = rows[model.tokenize(text)].sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(model.embed_one(text), expected / np.linalg.norm(expected), atol=2e-4)


def test_memory_that_is_too_small_is_refused(make_model: MakeModel) -> None:
    from edgezoo.runtimes.engine.binding import Error, library

    model, _ = make_model()
    data = np.frombuffer(Path(model.path).read_bytes(), np.uint8)
    error = Error()
    needed = library.ez_memory_size(data.ctypes.data, data.size, ctypes.byref(error))
    memory = np.empty(needed + 64, np.uint8)
    aligned = -(-memory.ctypes.data // 64) * 64
    for place, size in ((aligned, needed - 1), (aligned + 8, needed), (None, needed)):
        assert library.ez_open(data.ctypes.data, data.size, place, size, ctypes.byref(error)) is None
        assert b"memory" in error.reason
