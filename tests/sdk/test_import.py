"""Importing the SDK is light: what app developers pay before the first vector."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

HEAVY = {
    *("torch", "tokenizers", "onnx", "onnxruntime", "tensorflow", "transformers", "sklearn", "scipy"),
    *("typer", "click", "rich", "flatbuffers", "xxhash", "pandas"),
}


def test_the_sdk_imports_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-c", "import edgezoo.sdk"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in report.splitlines()}
    assert "numpy" in imported
    assert not imported & HEAVY


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def test_load_and_first_vector_take_at_most_half_an_import_of_numpy_more(small_bundle: Path) -> None:
    ours = f"from edgezoo import sdk; sdk.load({str(small_bundle)!r}).embed(['hello world'])"
    runs = [(seconds("pass"), seconds("import numpy"), seconds(ours)) for _ in range(15)]
    nothing, numpy, whole = (statistics.median(column) for column in zip(*runs, strict=True))
    assert whole - nothing <= 1.5 * (numpy - nothing)
