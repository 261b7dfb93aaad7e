"""What cards and the README tell of a language model is what its JSON holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgezoo.zoo import cards, language_figures, language_tables, registry
from tests.char_lstm import random_language_tensors, write_language_model

KN = "interpolated Kneser-Ney, 5 characters"
EVALUATION: dict[str, Any] = {
    "model": "writer",
    "precision": "int8",
    "results": {
        "kk-test": {"bits": 1.98765, "perplexity": 3.966, "characters": 20780, "unknown": 3, "texts": 300},
        "tr-test": {"bits": 2.01234, "perplexity": 4.034, "characters": 20057, "unknown": 0, "texts": 400},
    },
    "baselines": {KN: {"kk-test": {"bits": 2.148884, "characters": 20780}}},
    "published": [],
}
CARD = {
    "name": "writer",
    "family": "char-lstm",
    "description": "Random letters.",
    "languages": ["kk", "tr"],
    "license": "Apache-2.0",
    "vocabulary_size": 58,
    "held_out": {"kk": {"nats": 1.3774, "bits": 1.98721, "perplexity": 3.965, "characters": 20780}},
    "data": [{"name": "Kazakh", "characters": 377186, "licence": "CC0"}],
}
LATENCY = {
    "scoring": {"edgezoo_us": 24.0, "onnxruntime_int8_us": 120.0, "onnxruntime_int8_ratio": 5.0},
    "generating": {
        "edgezoo_us": 26.0,
        "onnxruntime_int8_us": 130.0,
        "onnxruntime_int8_ratio": 5.1,
        "edgezoo_per_second": 38462,
    },
}
MANIFEST = {
    "token_count": 58,
    "min_frequency": 20,
    "characters": 2259953,
    "coverage": 0.99999115,
    "oov_rate": 1.6e-05,
    "unknown": {"ʻ": 8, "\u0301": 2} | {chr(0x4E00 + i): 1 for i in range(20)},
    "holdout": 0.1,
    "seed": 1,
}
CELL = {"nats": 1.5, "bits": 2.164, "start": 4.05, "area": 1.765, "rate": 0.567}
STUDY = {"table": {"kk": {"kk": CELL, "tr": {**CELL, "bits": 2.25}}, "tr": {}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(cards, "README", tmp_path / "README.md")
    folder = tmp_path / "models" / "writer"
    folder.mkdir(parents=True)
    write_language_model(folder / "writer.ezb", random_language_tensors())
    contents = {"card": CARD, "eval": EVALUATION, "latency": LATENCY, "manifest": MANIFEST, "transfer": STUDY}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "training.png").write_bytes(b"")
    language_figures.heat_maps(STUDY["table"], folder / "transfer.png")
    return folder


def test_a_card_tells_bits_beside_float32_and_the_baseline(folder: Path) -> None:
    text = cards.render_card(folder)
    assert f"|  | **writer**, int8 | float32 | {KN} | perplexity | characters | unknown |" in text
    assert "| kk | **1.988** | 1.987 | 2.149 | 3.966 | 20,780 | 3 |" in text
    assert "| tr | **2.012** | – | – | 4.034 | 20,057 | 0 |" in text
    assert "| Scoring | µs a character | times edgezoo's |" in text
    assert "| onnxruntime int8 | 130 | 5.1 |" in text
    assert "## Held out" not in text
    assert "| Kazakh | 377,186 | CC0 |" in text


def test_a_card_tells_what_the_vocabulary_covers(folder: Path) -> None:
    text = cards.render_card(folder)
    assert "| of these with a token of their own | 99.9991 % |" in text
    assert "| of the held-out texts' without one | 0.0016 % |" in text
    assert "ʻ 8, U+0301 2, 一 1" in text
    assert text.count(" and 2 others |") == 1


def test_a_card_shows_the_study_as_far_as_it_is(folder: Path) -> None:
    text = cards.render_card(folder)
    assert "Bits per character after:\n\n| source | kk | tr |" in text
    assert "| **kk** | 2.164 | 2.250 |" in text
    assert "| **tr** | – | – |" in text
    assert text.count("![transfer](transfer.png)") == 1
    assert text.index("![transfer]") < text.index("## Training\n\n![training](training.png)")
    for name in ("transfer.json", "manifest.json", "eval.json", "latency.json"):
        (folder / name).unlink()
    bare = cards.render_card(folder)
    assert not [part for part in ("Quality", "Latency", "Vocabulary\n", "helps with") if f"## {part}" in bare]
    assert "transfer" not in bare


def test_a_card_tells_how_far_runtimes_agree(folder: Path) -> None:
    names = ("ids_equal", "cosine_min", "cosine_mean", "labels_equal", "same_bits", "dev_change")
    row = {"runtime": "onnx", "precision": "int8", "bytes": 1011475, "compared": 40, "missing": ""}
    row |= dict.fromkeys(names) | {"ids_equal": 1.0, "bits": 1.9881, "bits_change": -0.00012}
    row |= {"likeliest_alike": 0.995, "texts_equal": 0.625}
    (folder / "parity.json").write_text(json.dumps({"writer": [row]}))
    text = cards.render_card(folder)
    assert "| onnx | int8 | 1,011,475 | 40 | 100.0 % | 1.9881 | -0.0001 | 99.5 % | 62.5 % |" in text
    assert "STS-B" not in text


def test_the_readme_has_language_models_in_tables_of_their_own(folder: Path) -> None:
    begin, end = cards.BEGIN.format("language-models"), cards.END.format("language-models")
    cards.README.write_text(f"a\n{begin}\n{end}\nb\n")
    cards.main()
    text = cards.README.read_text()
    costs = "24.0, 5.0 × ONNX Runtime | 26.0, 5.1 × ONNX Runtime | 38,462 |"
    assert f"| Random letters. | 58 | {(folder / 'writer.ezb').stat().st_size / 1e6:.2f} MB | {costs}" in text
    assert "| bits a character | kk | tr |" in text
    assert "| `writer` | 1.988 | 2.012 |" in text
    assert f"| {KN} | 2.149 | – |" in text
    assert "writer" not in cards.render_table()


def test_without_language_models_there_is_nothing_to_tell() -> None:
    assert language_tables.readme_tables([]) == ""
