"""The WebAssembly modules give the compiled engine's answers, bit for bit, and refuse what it refuses."""

from __future__ import annotations

import shutil
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wasmtime

from edgezoo.benchmarks.texts import HOSTILE, short_texts
from edgezoo.errors import BundleError, EngineError, ModelNotFoundError
from edgezoo.runtimes.engine import EngineRuntime
from edgezoo.runtimes.wasm import MODULES, SCALAR_MODULE, VECTOR_MODULE, WasmRuntime
from edgezoo.runtimes.wasm_instance import Instance
from edgezoo.zoo import registry
from tests.tiny_lstm import write_small_lstm

PLAIN = "engine.wasm without relaxed instructions beside it"
BUILDS = (VECTOR_MODULE, PLAIN, SCALAR_MODULE)
TEXTS = [*HOSTILE, "lone \ud800 and \udfff, paired \ud83d\ude02", "the cat sat on the mat . " * 400]
LINEAR_MEMORY = 10_000_000


Open = Callable[[str, str], WasmRuntime]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's module with nothing beside it."""
    return Path(shutil.copy(Path(MODULES) / VECTOR_MODULE, tmp_path_factory.mktemp("plain")))


@pytest.fixture(scope="module")
def open_build(plain: Path) -> Open:
    return lambda path, build: WasmRuntime.open(
        path, module=str(plain if build == PLAIN else Path(MODULES) / build)
    )


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", registry.names())
def test_a_shipped_model_answers_as_the_engine_does(name: str, build: str, open_build: Open) -> None:
    path = registry.find(name)
    engine, wasm = EngineRuntime.open(path), open_build(path, build)
    texts = [*TEXTS, *short_texts(1000 if build == VECTOR_MODULE else 50)]
    assert wasm.embed(texts).tobytes() == engine.embed(texts).tobytes()
    assert wasm.classify(texts).tobytes() == engine.classify(texts).tobytes()
    for text in texts:
        assert np.array_equal(wasm.tokenize(text), engine.tokenize(text))
    for fact in ("name", "card", "labels", "dimension", "vocabulary_size", "max_tokens", "sha256"):
        assert getattr(wasm, fact) == getattr(engine, fact)
    if engine.dimension:
        assert wasm.embed_one(TEXTS[-1]).tobytes() == engine.embed_one(TEXTS[-1]).tobytes()
    wasm.close()


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("largest", [63, 127])
def test_weights_of_seven_and_of_eight_bits_are_multiplied_alike(
    tmp_path: Path, build: str, largest: int, open_build: Open
) -> None:
    from edgezoo.bundle.layout import TinyLstm
    from tests.tiny_lstm import LABELS, quantised, random_tensors

    tensors = quantised(random_tensors(labels=2, layers=2, norms=True), "int8", largest)
    path = str(write_small_lstm(tmp_path / "small.ezb", TinyLstm(labels=LABELS), tensors))
    engine, wasm = EngineRuntime.open(path), open_build(path, build)
    assert wasm.embed(TEXTS).tobytes() == engine.embed(TEXTS).tobytes()
    assert wasm.classify(TEXTS).tobytes() == engine.classify(TEXTS).tobytes()


@pytest.mark.parametrize("name", ["static-en", "tinylstm", "tinylstm-sst2", "tinylstm-sts"])
def test_an_open_model_fits_ten_megabytes_of_linear_memory(name: str) -> None:
    wasm = WasmRuntime.open(registry.find(name))
    (wasm.embed_one if wasm.dimension else lambda text: wasm.classify([text]))("Where is my parcel?")
    assert wasm.memory <= LINEAR_MEMORY


def test_memory_does_not_grow_with_the_number_of_texts(small_bundle: Path) -> None:
    wasm = WasmRuntime.open(str(small_bundle))
    wasm.embed(["the cat"] * 64)
    before = wasm.memory
    wasm.embed(["the cat sat on the mat"] * 5000)
    for _ in range(2000):
        wasm.tokenize("the cat sat")
    assert wasm.memory == before


def test_a_text_of_megabytes_finds_room(small_bundle: Path) -> None:
    text = "the cat sat on the mat, " * 200_000
    engine = EngineRuntime.open(str(small_bundle))
    wasm = WasmRuntime.open(str(small_bundle))
    assert wasm.embed_one(text).tobytes() == engine.embed_one(text).tobytes()
    assert np.array_equal(wasm.tokenize(text), engine.tokenize(text))


def test_threads_take_turns(small_bundle: Path) -> None:
    wasm = WasmRuntime.open(str(small_bundle))
    texts = [f"the cat {'sat ' * (i % 9)}on the mat" for i in range(300)]
    expected = wasm.embed(texts).tobytes()
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(wasm.embed(texts).tobytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_answers_are_the_callers_own(small_bundle: Path) -> None:
    wasm = WasmRuntime.open(str(small_bundle))
    first, ids = wasm.embed_one("the cat sat"), wasm.tokenize("the cat sat")
    kept = first.copy(), ids.copy()
    wasm.embed_one("on the mat"), wasm.tokenize("on the mat, " * 500)
    np.testing.assert_array_equal(first, kept[0])
    np.testing.assert_array_equal(ids, kept[1])
    first[:] = 0  # neither read-only nor in the module's memory
    np.testing.assert_array_equal(wasm.embed_one("the cat sat"), kept[0])


def test_what_webassembly_stops_is_an_error_and_not_the_end(small_bundle: Path) -> None:
    wasm = WasmRuntime.open(str(small_bundle))
    expected = wasm.embed_one("the cat sat")
    for _ in range(3):
        with pytest.raises(EngineError, match="ez_tokenize was stopped by WebAssembly"):
            wasm._engine.call("ez_tokenize", wasm._model, 0x7FFFFF00, 1000, 0, 0)
    with pytest.raises(TypeError, match="1 arguments for 5 parameters"):
        wasm._engine.call("ez_tokenize", wasm._model)
    np.testing.assert_array_equal(wasm.embed_one("the cat sat"), expected)


def test_no_texts_give_no_rows(small_bundle: Path) -> None:
    assert WasmRuntime.open(str(small_bundle)).embed([]).shape == (0, 64)


# --- Bad input ----------------------------------------------------------------------------------


def test_every_truncation_is_noticed(small_bundle: Path, tmp_path: Path) -> None:
    whole, path = small_bundle.read_bytes(), tmp_path / "cut.ezb"
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(BundleError):
            WasmRuntime.open(str(path))


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda whole: b"PK\x03\x04" * 100, "not an edgezoo bundle"),
        (lambda whole: whole[:-1000] + b"\x55" + whole[-999:], "checksum"),
        (lambda whole: whole + bytes(64), "disagree"),
        (lambda whole: b"", "empty"),
    ],
)
def test_a_foreign_or_altered_file_is_refused_as_the_engine_does(
    small_bundle: Path, tmp_path: Path, alter: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "altered.ezb"
    path.write_bytes(alter(small_bundle.read_bytes()))
    with pytest.raises(BundleError, match=message) as refused:
        WasmRuntime.open(str(path))
    with pytest.raises(BundleError) as natively:
        EngineRuntime.open(str(path))
    assert str(refused.value) == str(natively.value)


def test_the_digest_is_checked_on_request(small_bundle: Path, tmp_path: Path) -> None:
    import xxhash

    whole = bytearray(small_bundle.read_bytes())
    whole[-100] ^= 1
    whole[-8:] = struct.pack("<Q", xxhash.xxh64_intdigest(bytes(whole[:-8])))
    path = tmp_path / "forged.ezb"
    path.write_bytes(whole)
    WasmRuntime.open(str(path)).close()
    with pytest.raises(BundleError, match="SHA-256"):
        WasmRuntime.open(str(path), verify=True)


def test_missing_files_are_named(small_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="absent"):
        WasmRuntime.open(str(tmp_path / "absent.ezb"))
    with pytest.raises(ModelNotFoundError, match=r"0 files end in \.ezb"):
        WasmRuntime.open(str(tmp_path))
    with pytest.raises(EngineError, match=r"absent\.wasm"):
        WasmRuntime.open(str(small_bundle), module=str(tmp_path / "absent.wasm"))


def multiplied(instance: Instance, matrix: np.ndarray, offset: int, inputs: np.ndarray) -> list[int]:
    """What multiply_matrix makes of int64 [rows, columns], laid out as matrix.c does, and int8 [columns]."""
    rows, columns = matrix.shape
    blocks = (matrix + offset).astype(np.uint8).reshape(rows // 16, 16, columns // 4, 4).swapaxes(1, 2)
    described = instance.write(struct.pack("<5I", instance.write(blocks.tobytes()), 0, rows, columns, offset))
    products = instance.reserve(4 * rows)
    store, table = instance._store, instance._exports["__indirect_function_table"]
    multiply = table.get(store, instance.call("ez_matrix_kernel"))
    multiply(store, described, instance.write(inputs.tobytes()), 1, products)
    found: list[int] = np.frombuffer(instance.read(products, 4 * rows), np.int32).tolist()
    return found


@pytest.mark.parametrize(("offset", "weights"), [(64, [-64, -63, 0, 63]), (128, [-128, 0, 127])])
def test_products_are_exact_at_the_largest_that_integers_get(
    offset: int, weights: list[int], plain: Path
) -> None:
    generator = np.random.default_rng(0)
    inputs = generator.choice([-63, 63], 64).astype(np.int8)
    matrix = generator.choice(weights, (32, 64)).astype(np.int64)
    for module in (Path(MODULES) / VECTOR_MODULE, plain):
        assert multiplied(Instance(str(module)), matrix, offset, inputs) == (matrix @ inputs).tolist()


def test_what_lies_beside_the_engine_multiplies_its_matrices(plain: Path, tmp_path: Path) -> None:
    stops = """(module (import "env" "memory" (memory 0))
        (import "engine" "multiply_matrix" (func (param i32 i32 i32 i32)))
        (func (export "multiply_matrix") (param i32 i32 i32 i32) unreachable))"""
    (tmp_path / "matrix-relaxed.wasm").write_bytes(wasmtime.wat2wasm(stops))
    module = str(shutil.copy(plain, tmp_path))
    with pytest.raises(EngineError, match="unreachable"):
        WasmRuntime.open(registry.find("tinylstm-sts"), module=module).embed_one("a text")


def test_the_relaxed_module_shares_memory_and_has_no_stack() -> None:
    module = wasmtime.Module(wasmtime.Engine(), (Path(MODULES) / "matrix-relaxed.wasm").read_bytes())
    assert [(each.module, each.name) for each in module.imports] == [
        ("env", "memory"),
        ("engine", "multiply_matrix"),
    ]
    assert [each.name for each in module.exports] == ["multiply_matrix"]
