"""The report of web/benchmark as Markdown."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgezoo.zoo import web_tables

TIMES = {
    "edgezoo_us": 4.0,
    "onnxruntime_web_int8_us": 600.0,
    "onnxruntime_web_fp32_us": 30.0,
    "memory": 9_700_000,
}
REPORT: dict[str, Any] = {
    "device": {"processor": "A Chip", "cores": 2, "system": "Linux x64"},
    "versions": {"node": "20.1", "onnxruntime-web": "1.30"},
    "sizes": {
        "engine": {"raw": 45_000, "gzip": 19_100, "brotli": 17_000},
        "engine-scalar": {"raw": 31_000, "gzip": 14_000, "brotli": 13_000},
        "loader": {"raw": 21_000, "gzip": 6_000, "brotli": 5_000},
        "package": {"raw": 170_000},
        "onnxruntime-web": {"raw": 14_239_897, "gzip": 3_700_000},
    },
    "models": {"small": {"bytes": 590_000, "node": TIMES, "chromium": {**TIMES, "edgezoo_us": 5.0}}},
}


def test_sizes_and_times_are_told_beside_the_peer(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(REPORT))
    text = web_tables.readme_tables(path)
    assert "| `engine.wasm` | 45.0 | 19.1 | 17.0 |" in text
    assert "| 14,239.9 | 3,700.0 | – |" in text
    speed = "| `small` | 0.59 | 9.70 | 4.0 | 600 (150 ×) | 30 (7.5 ×) | 5.0 | 600 (120 ×) | 30 (6.0 ×) |"
    assert speed in text
    assert "A Chip, 2 cores" in text


def test_language_models_have_tables_of_their_own(tmp_path: Path) -> None:
    by_character = {
        f"{system}_{task}_us": time * (1 if task == "score" else 2)
        for system, time in (
            ("edgezoo", 40.0),
            ("onnxruntime_web_int8", 400.0),
            ("onnxruntime_web_fp32", 120.0),
        )
        for task in ("score", "write")
    }
    place = {"memory": 2_400_000, **by_character}
    path = tmp_path / "report.json"
    path.write_text(
        json.dumps(
            {**REPORT, "language_models": {"lm": {"bytes": 980_000, "node": place, "chromium": place}}}
        )
    )
    text = web_tables.readme_tables(path)
    assert "| µs a character, scored |" in text
    for line in ("40.0 | 400 (10 ×) | 120 (3.0 ×)", "80.0 | 800 (10 ×) | 240 (3.0 ×)"):
        assert f"| `lm` | 0.98 | 2.40 | {line} | {line} |" in text
    assert "through language models it steps" in text


def test_without_a_report_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert web_tables.readme_tables(tmp_path / "report.json") == ""


@pytest.mark.skipif(not web_tables.REPORT.is_file(), reason="an installation without web/")
def test_the_report_keeps_the_bars() -> None:
    report = json.loads(web_tables.REPORT.read_text())
    assert report["sizes"]["engine"]["gzip"] <= 40_000
    assert report["sizes"]["package"]["raw"] <= 200_000
    for model in report["models"].values():
        assert model["node"]["memory"] <= 10_000_000
    for name, most, faster in (("static-en", 20, 10), ("tinylstm-sts", 400, 5)):
        times = report["models"][name]["node"]
        assert times["edgezoo_us"] <= most
        for precision in ("int8", "fp32"):
            assert times[f"onnxruntime_web_{precision}_us"] >= faster * times["edgezoo_us"]
