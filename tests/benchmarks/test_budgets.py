"""The shipped models keep their budgets, and whatever breaks one is found."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgezoo.benchmarks import bench, budgets, probes, report
from edgezoo.benchmarks.measurement import Effort
from edgezoo.bundle.layout import StaticTable, WordPiece
from edgezoo.bundle.quantise import quantise
from edgezoo.bundle.reader import read_bundle
from edgezoo.bundle.writer import write_bundle
from edgezoo.errors import DataError
from edgezoo.zoo import registry
from edgezoo.zoo.recipes.char_lstm import RECIPES
from tests.char_lstm import random_language_tensors, write_language_model

LITTLE = Effort(rounds=5, calls=20, batch_rounds=1)
BUDGETS = budgets.read()


def measured(model: str | Path, isa: str = "") -> dict[str, Any]:
    """The report of a model's own bundle, or of a file, on the engine."""
    cells = [cell for cell in bench.cells([str(model)], ["engine"], isa=isa) if cell.shipped]
    return report.build(bench.measure_all(cells, LITTLE))


def told(found: dict[str, Any], limits: dict[str, Any] = BUDGETS) -> set[str]:
    return {breach.what for breach in budgets.check(found, limits)}


@pytest.fixture(scope="module")
def shipped() -> dict[str, dict[str, Any]]:
    """The report of each model of the zoo."""
    return {name: measured(name) for name in registry.names()}


@pytest.fixture
def micro(shipped: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return copy.deepcopy(shipped["static-en-micro"])


def write_table(path: Path, table: Any, vocabulary: list[str], card: dict[str, Any], precision: str) -> Path:
    write_bundle(
        path,
        name=path.stem,
        card={**card, "name": path.stem},
        tokenizer=WordPiece(),
        vocabulary=vocabulary,
        architecture=StaticTable(),
        tensors={"embedding": quantise(table, precision)},
    )
    return path


@pytest.mark.parametrize("name", registry.names())
def test_shipped_models_keep_their_budgets(shipped: dict[str, dict[str, Any]], name: str) -> None:
    (entry,) = shipped[name]["results"]
    assert entry["status"] == "measured"
    assert {"init_footprint_kb", "peak_mem_mb"} <= entry["memory_metrics"].keys()
    # Time is the benchmark's to judge, on a machine that does nothing else.
    assert not {what for what in told(shipped[name]) if not what.startswith("latency")}


def test_every_budget_is_of_something_that_exists() -> None:
    assert set(BUDGETS["quality"]) <= set(registry.names())
    families = {entry.family for entry in registry.models()}
    assert set(BUDGETS["latency"]) <= families
    assert set(BUDGETS["bits"]) <= set(RECIPES)
    for model, limits in BUDGETS["bits"].items():
        assert {task.removesuffix("-test") for task in limits} == set(RECIPES[model].languages)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a small language model that is named like one of the zoo."""
    folder = tmp_path_factory.mktemp("writer")
    card = {"precision": "int8", "name": "charlstm-kk"}
    path = write_language_model(folder / "charlstm-kk.ezb", random_language_tensors(), card=card)
    results = {"kk-test": {"bits": BUDGETS["bits"]["charlstm-kk"]["kk-test"]}}
    (folder / "eval.json").write_text(json.dumps({"precision": "int8", "results": results}))
    found = measured(path)
    found["results"][0]["model"] = "charlstm-kk"
    return found


def test_a_language_model_that_foretells_worse_breaks_its_budget(writer: dict[str, Any]) -> None:
    assert not {what for what in told(writer) if not what.startswith("latency")}
    worse = copy.deepcopy(writer)
    worse["results"][0]["quality"]["scores"]["kk-test"]["bits"] += 0.01
    assert "kk-test" in told(worse)
    worse["results"][0]["quality"]["scores"] = {}
    assert "kk-test" in told(worse)  # what was not measured is not kept


@pytest.mark.parametrize("part", ["score", "generate"])
def test_slower_characters_break_their_budget(writer: dict[str, Any], part: str) -> None:
    limit = BUDGETS["characters"]["char-lstm"]["engine"][part]
    changed = copy.deepcopy(writer)
    each = changed["results"][0]["latency_metrics"][part]["each"]
    for ratio, broken in ((0.99 * limit, False), (1.01 * limit, True)):
        each["ratio"] = ratio
        assert (f"latency of a character: {part}" in told(changed)) == broken


def test_a_bundle_of_eleven_megabytes_breaks_two_budgets(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{number}" for number in range(40_000))]
    table = random.standard_normal((len(words), 256)).astype(np.float32)
    card = {"family": "static-table", "languages": [], "padding": "-" * 64}
    path = write_table(tmp_path / "large.ezb", table, words, card, "int8")
    assert path.stat().st_size > 10_500_000
    assert told(measured(path)) - {"latency of a tweet"} == {"size", "memory"}  # other work may slow it down


def test_slower_kernels_break_the_latency_budget(shipped: dict[str, dict[str, Any]]) -> None:
    slow = measured("tinylstm", isa="portable")
    assert "latency of a tweet" in told(slow)
    (fast,) = shipped["tinylstm"]["results"]
    (entry,) = slow["results"]
    assert (
        entry["latency_metrics"]["short"]["total"]["ratio"]
        > 2 * fast["latency_metrics"]["short"]["total"]["ratio"]
    )


def test_a_worse_table_breaks_the_quality_budget(tmp_path: Path) -> None:
    bundle = read_bundle(registry.find("static-en-micro"))
    table = bundle.matrix("embedding")
    noise = np.random.default_rng(0).standard_normal(table.shape).astype(np.float32)
    worse = table + 3 * np.abs(table).mean() * noise
    card = {**bundle.card, "precision": "int8"}
    path = write_table(tmp_path / "worse.ezb", worse, list(bundle.vocabulary), card, "int8")
    assert "probes: triplets" in told(measured(path))
    same = write_table(tmp_path / "same.ezb", table, list(bundle.vocabulary), card, "int8")
    assert "probes: triplets" not in told(measured(same))


def test_a_worse_score_and_a_score_of_another_bundle_are_found(micro: dict[str, Any]) -> None:
    (entry,) = micro["results"]
    entry["quality"]["scores"]["stsb-test"]["spearman"] -= 0.02
    entry["quality"]["current"] = False
    assert {"stsb-test", "eval.json is of another bundle"} <= told(micro)


def test_a_measurement_that_failed_is_red_and_one_that_is_missing_is_not(micro: dict[str, Any]) -> None:
    entry = {"kind": "model", "model": "x", "runtime": "onnx", "precision": "int8", "message": "why"}
    micro["results"] = [entry | {"status": "failed"}]
    assert told(micro) == {"failed: why"}
    micro["results"] = [entry | {"status": "missing"}]
    assert told(micro) == set()


def test_an_engine_that_outgrows_its_budget_is_found(micro: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "engine.wasm").write_bytes(np.random.default_rng(0).bytes(41_000))
    (breach,) = [each for each in budgets.check(micro, BUDGETS, tmp_path) if each.what == "size, gzip"]
    assert breach.found > 40_000 == breach.budget
    assert breach.where == "engine.wasm"


def test_a_file_without_budgets_is_named(tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_text("size = ")
    with pytest.raises(DataError, match=r"budgets\.toml"):
        budgets.read(tmp_path / "budgets.toml")


def test_probes_are_not_answered_by_chance() -> None:
    def guess(texts: list[str]) -> Any:
        return np.random.default_rng(1).standard_normal((len(texts), 64))

    assert probes.triplets(guess) < 0.8
    assert len({text for triplet in probes.TRIPLETS for text in triplet}) == 3 * len(probes.TRIPLETS)
