"""Models measured in processes of their own, and the report of it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edgezoo.benchmarks import bench, report
from edgezoo.benchmarks.bench import Cell
from edgezoo.benchmarks.measurement import Effort
from edgezoo.errors import DataError, InputError, ModelNotFoundError
from edgezoo.zoo import registry
from tests.char_lstm import random_language_tensors, write_language_model
from tests.checkpoints import lstm_checkpoint

LITTLE = Effort(rounds=2, calls=5, batch_rounds=1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "cache"


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEZOO_CACHE", str(cache))


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> list[dict[str, Any]]:
    """A small model on every runtime in int8, or float32 in PyTorch."""
    os.environ["EDGEZOO_CACHE"] = str(cache)
    model = str(lstm_checkpoint(tmp_path_factory.mktemp("bench") / "small-lstm"))
    chosen = [*bench.cells([model], precisions=["int8"]), *bench.cells([model], ["torch"])]
    return bench.measure_all(chosen, LITTLE)


def test_every_runtime_is_measured_into_a_valid_report(entries: list[dict[str, Any]]) -> None:
    assert [(entry["runtime"], entry["status"]) for entry in entries] == [
        (runtime, "measured") for runtime in ("engine", "wasm", "onnx", "litert", "torch")
    ]
    found = report.build(entries)
    report.validate(found)
    assert found["versions"]["edgezoo"]
    assert {"onnxruntime", "ai-edge-litert", "wasmtime", "torch"} <= set(found["versions"])
    assert found["device"]["isa"] in ("portable", "simd128", "avx2", "avx512")
    assert found["reference"]["median_us"] > 10


def test_figures_are_of_the_samples_that_are_kept(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        for length in ("short", "full"):
            figures = entry["latency_metrics"][length]
            total = figures["total"]
            order = [total[name] for name in ("min_ms", "p5_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms")]
            assert order == sorted(order)
            assert len(total["samples_us"]) == total["num_runs"] == LITTLE.rounds * LITTLE.calls
            assert min(total["samples_us"]) == pytest.approx(1000 * total["min_ms"], abs=0.01)
            assert figures["infer"]["min_ms"] <= total["median_ms"]
        assert entry["latency_metrics"]["full"]["tokens"] > 50
        assert len(entry["reference_us"]) == 2 * LITTLE.rounds


def test_memory_size_and_throughput_are_plausible(entries: list[dict[str, Any]]) -> None:
    by_runtime = {entry["runtime"]: entry for entry in entries}
    engine, torch = by_runtime["engine"], by_runtime["torch"]
    assert engine["memory_metrics"]["init_footprint_kb"] < 5000 < torch["memory_metrics"]["init_footprint_kb"]
    assert by_runtime["wasm"]["memory_metrics"]["linear_memory_kb"] > 100
    assert 0.001 < engine["misc_metrics"]["model_size_mb"] < 1
    assert torch["latency_metrics"]["import_ms"] > engine["latency_metrics"]["import_ms"]
    batches = {(each["batch"], each["threads"]) for each in engine["throughput"]}
    assert batches >= {(32, 1), (512, 1), (512, os.cpu_count() or 1)}


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A small language model on the engine, with an eval.json beside it."""
    folder = tmp_path_factory.mktemp("writer")
    path = write_language_model(folder / "small.ezb", random_language_tensors(), card={"precision": "int8"})
    results = {"kk-test": {"bits": 2.5, "perplexity": 5.7, "characters": 10}}
    (folder / "eval.json").write_text(json.dumps({"precision": "int8", "results": results}))
    (entry,) = bench.measure_all(list(bench.cells([str(path)], ["engine"])), LITTLE)
    return entry


def test_a_language_model_is_measured_by_the_character(writer: dict[str, Any]) -> None:
    report.validate(report.build([writer]))
    assert writer["family"] == "char-lstm"
    assert writer["quality"]["scores"] == {"kk-test": {"bits": 2.5}}
    latency = writer["latency_metrics"]
    assert (
        latency["short"]["total"]["median_ms"] > 20 * latency["score"]["each"]["min_ms"]
    )  # a tweet is longer
    for name, characters in (("score", 257), ("generate", 256)):
        part = latency[name]
        assert part["characters"] == characters
        assert part["per_second"] == pytest.approx(1000 / part["each"]["median_ms"], rel=1e-3)
        assert len(part["each"]["samples_us"]) == LITTLE.rounds * LITTLE.calls
    assert len(writer["reference_us"]) == 4 * LITTLE.rounds


def test_other_models_write_nothing(entries: list[dict[str, Any]]) -> None:
    assert not [entry for entry in entries if {"score", "generate"} & entry["latency_metrics"].keys()]


def test_a_runtime_that_is_not_installed_is_told_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    model = str(lstm_checkpoint(tmp_path / "small-lstm"))
    (tmp_path / "wasmtime.py").write_text("raise ModuleNotFoundError('no', name='wasmtime')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (entry,) = bench.measure_all([Cell(model, "wasm", "int8")], LITTLE)
    assert entry["status"] == "missing"
    assert "pip install 'edgezoo[wasm]'" in entry["message"]
    report.validate(report.build([entry]))


def test_a_file_that_is_damaged_is_told_not_raised(small_bundle: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ezb"
    broken.write_bytes(small_bundle.read_bytes()[:-100])
    cells = list(bench.cells([str(broken)], ["engine"]))
    (entry,) = bench.measure_all(cells, LITTLE)
    assert entry["status"] == "failed"
    assert "BundleError" in entry["message"]
    report.validate(report.build([entry]))


def test_cells_are_what_there_is_unless_narrowed() -> None:
    everything = list(bench.cells())
    assert {cell.model for cell in everything} == set(registry.names())
    assert {cell.runtime for cell in everything} == set(bench.PRECISIONS)
    assert Cell("tinylstm", "engine", "mixed", shipped=True) in everything
    assert list(bench.cells(["static-en"], ["engine"], ["int4"], "portable")) == [
        Cell("static-en", "engine", "int4", "portable")
    ]


def test_quality_is_of_the_bundle_that_is_shipped() -> None:
    found = bench.quality(Cell("static-en", "onnx", "int8"))["quality"]
    assert found["current"] is True
    assert found["scores"]["stsb-test"]["spearman"] > 0.7


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(InputError, match="'tensorflow' is none of: engine"):
        list(bench.cells(["static-en"], ["tensorflow"]))
    with pytest.raises(InputError, match="'int2'"):
        list(bench.cells(["static-en"], [], ["int2"]))
    with pytest.raises(ModelNotFoundError, match="static-english"):
        list(bench.cells(["static-english"]))


def test_a_report_is_written_whole_and_read_back(entries: list[dict[str, Any]], tmp_path: Path) -> None:
    found = report.build(entries)
    report.write(found, tmp_path / "report.json")
    assert report.read(tmp_path / "report.json") == found


@pytest.mark.parametrize(
    ("place", "value"), [("format", "edgezoo-bench/9"), ("created", "yesterday"), ("results", [{}])]
)
def test_what_is_no_report_is_refused(tmp_path: Path, place: str, value: object) -> None:
    found = report.build([]) | {place: value}
    with pytest.raises(DataError, match=place):
        report.write(found, tmp_path / "report.json")
    (tmp_path / "other.json").write_text(json.dumps(found))
    with pytest.raises(DataError, match=r"other\.json"):
        report.read(tmp_path / "other.json")
