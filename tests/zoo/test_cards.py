import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgezoo.zoo import cards, registry

CARD = {
    "name": "small",
    "family": "static-table",
    "description": "A random table.",
    "languages": ["en", "de"],
    "license": "Apache-2.0",
    "dimension": 64,
    "vocabulary_size": 25000,
    "limits": ["Knows | nothing.", "Random."],
    "pooling": {"zipf": {"untrained": 0.5, "trained": 0.75}, "uniform": {"untrained": 0.25}},
    "data": [{"source": "novels", "rows": 1200000}, {"source": "wiki"}],
    "recipe": {"steps": 9, "settings": {"rate": 0.003, "resume": True}},
}
TASKS = ["stsb-test", "sts12", "sts13", "sts14", "sts15", "sts16"]
EVALUATION: dict[str, Any] = {
    "model": "small",
    "results": {
        task: {"spearman": 0.70123 + i / 100, "pearson": 0.6, "pairs": 1500} for i, task in enumerate(TASKS)
    },
    "published": [
        {
            "name": "other",
            "spearman": {"stsb-test": 0.7541},
            "mean_sts12_16": 0.714,
            "source": "https://x.y (card)",
        }
    ],
    "baselines": {"BM25": {"stsb-test": {"spearman": 0.5, "pearson": 0.4, "pairs": 1500}}},
}
LATENCY = {"device": {"cores": 2}, "one_tweet": {"edgezoo_us": 1.86, "model2vec_us": 78.1, "ratio": 42.0}}


@pytest.fixture
def folder(tmp_path: Path, small_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(cards, "README", tmp_path / "README.md")
    folder = tmp_path / "models" / "small"
    folder.mkdir(parents=True)
    shutil.copy(small_bundle, folder / "small.ezb")
    (folder / "card.json").write_text(json.dumps(CARD))
    (folder / "eval.json").write_text(json.dumps(EVALUATION))
    (folder / "latency.json").write_text(json.dumps(LATENCY))
    return folder


def test_a_card_shows_all_that_the_json_holds(folder: Path) -> None:
    lines = cards.render_card(folder).splitlines()
    assert lines[0] == "# small"
    assert "| Languages | en, de |" in lines
    assert "| Vocabulary size | 25,000 |" in lines
    assert f"| Size, tokenizer included | {(folder / 'small.ezb').stat().st_size:,} bytes |" in lines
    assert "- Knows \\| nothing." in lines
    assert "| zipf | 0.5 | 0.75 |" in lines
    assert "| uniform | 0.25 | – |" in lines
    assert "| Source | Rows |" in lines
    assert "| novels | 1,200,000 |" in lines
    assert "| settings.resume | yes |" in lines
    assert "| edgezoo | 1.86 |  |" in lines
    assert "| model2vec | 78.1 | 42 |" in lines
    assert "| device | 2 |" in lines


def test_a_card_shows_quality_beside_its_baselines(folder: Path) -> None:
    text = cards.render_card(folder)
    assert "| **small** | 70.12 | 71.12 | 72.12 | 73.12 | 74.12 | 75.12 | 73.12 |" in text
    assert "| BM25 | 50.00 | – | – | – | – | – | – |" in text
    assert "| [other](https://x.y), as published | 75.41 | – | – | – | – | – | 71.40 |" in text
    assert "stsb-test 1,500" in text


def test_a_model_that_was_not_measured_claims_nothing(folder: Path) -> None:
    (folder / "eval.json").unlink()
    (folder / "latency.json").unlink()
    assert "Quality" not in cards.render_card(folder)
    assert "Latency" not in cards.render_card(folder)
    assert "| – | – | – | – |" in cards.render_table()


LSTM_CARD = {
    "name": "small",
    "family": "tiny-lstm",
    "description": "A random judge.",
    "languages": ["en"],
    "dimension": 0,
    "vocabulary_size": 25,
    "architecture_settings": {"pooling": "mean", "skip": True, "hidden": 32, "labels": ["no", "yes"]},
}
LSTM_EVALUATION: dict[str, Any] = {
    "model": "small",
    "results": {"sst2-dev": {"accuracy": 0.8712, "f1": 0.8799, "examples": 872}},
    "published": [
        {"name": "distilled", "accuracy": {"sst2-dev": 0.907}, "source": "https://x.y"},
        {"name": "other", "spearman": {"sts12": 0.5}, "source": "https://x.y"},
    ],
    "baselines": {
        "bag of words": {"sst2-dev": {"accuracy": 0.8, "f1": 0.81}},
        "BM25": {"sts12": {"spearman": 0.5, "pearson": 0.4, "pairs": 1500}},
    },
}
LSTM_LATENCY = {
    "one_text_of_16_tokens": {
        "edgezoo_us": 40.0,
        "onnxruntime_int8_us": 160.0,
        "onnxruntime_int8_ratio": 4.0,
    },
    "bytes": {"edgezoo": 9000000},
}
ABLATION = {"note": "Short runs.", "runs": [{"pooling": "mean", "dev": 80.5}, {"pooling": "max", "dev": 79}]}


@pytest.fixture
def judge(folder: Path) -> Path:
    """A model that only classifies."""
    (folder / "card.json").write_text(json.dumps(LSTM_CARD))
    (folder / "eval.json").write_text(json.dumps(LSTM_EVALUATION))
    (folder / "latency.json").write_text(json.dumps(LSTM_LATENCY))
    (folder / "ablation.json").write_text(json.dumps(ABLATION))
    (folder / "training.png").write_bytes(b"")
    return folder


def test_the_card_of_a_classifier_shows_accuracy_and_what_there_is_of_it(judge: Path) -> None:
    text = cards.render_card(judge)
    assert "Spearman × 100" not in text
    assert "BM25" not in text
    assert "| Dimension |" not in text
    assert "|  | sst2-dev, accuracy | sst2-dev, F1 |" in text
    assert "| **small** | 87.12 | 87.99 |" in text
    assert "| bag of words | 80.00 | 81.00 |" in text
    assert "| [distilled](https://x.y), as published | 90.70 | – |" in text
    assert "Examples: sst2-dev 872." in text
    assert "| labels | no, yes |" in text
    assert "| onnxruntime int8 | 160 | 4 |" in text
    assert "held out of SST-2's training set.\n\nShort runs.\n\n| Pooling | Dev |\n| --- | --- |" in text
    assert "![training](training.png)" in text


def test_the_table_shows_what_applies_to_a_classifier(judge: Path) -> None:
    table = cards.render_table()
    assert "| A random judge. | – | 25 |" in table
    assert "| – | – | 87.12 | 40.0 µs, 4.0 × ONNX Runtime |" in table


def test_a_card_compares_with_minilm_where_both_were_measured(judge: Path) -> None:
    assert "Beside MiniLM" not in cards.render_card(judge)
    latency = {
        "one_text": {"edgezoo_us": 40.0, "minilm_us": 8000.0, "minilm_ratio": 200.0},
        "bytes": {"edgezoo": 9000000, "all-MiniLM-L6-v2": 90868376},
    }
    teacher = {task: {**score, "spearman": 0.8} for task, score in EVALUATION["results"].items()}
    measured = {**EVALUATION, "baselines": {"teacher (all-MiniLM-L6-v2)": teacher}}
    (judge / "latency.json").write_text(json.dumps(latency))
    (judge / "eval.json").write_text(json.dumps(measured))
    text = cards.render_card(judge)
    assert "|  | STS-B test | STS12–16 | SST-2 | size | One text, µs a text |" in text
    assert "| **small** | 70.12 | 73.12 | – | 9.0 MB | 40 |" in text
    assert "| all-MiniLM-L6-v2 | 80.00 | 80.00 | – | 90.9 MB | 8000 |" in text


def test_a_model_of_both_kinds_shows_both(judge: Path) -> None:
    both = {**LSTM_EVALUATION, "results": {**EVALUATION["results"], **LSTM_EVALUATION["results"]}}
    (judge / "eval.json").write_text(json.dumps(both))
    text = cards.render_card(judge)
    assert "| **small** | 70.12 | 71.12 | 72.12 | 73.12 | 74.12 | 75.12 | 73.12 |" in text
    assert "| BM25 | – | 50.00 |" in text
    assert "| **small** | 87.12 | 87.99 |" in text


def test_the_readme_is_rewritten_between_its_markers_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ((cards.BEGIN.format(name), cards.END.format(name)) for name in ("formats", "models"))
    cards.README.write_text(
        "before\n" + "\n".join(f"{a}\nold\n{b}\nbetween" for a, b in places) + "\nafter\n"
    )
    cards.main()
    text = cards.README.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert text.count("between") == 2
    assert "old" not in text
    assert "| 70.12 | 73.12 | – | 1.9 µs, 42 × model2vec |" in text
    assert len(capsys.readouterr().out.splitlines()) == 2
    cards.main()
    assert capsys.readouterr().out == ""


def test_what_is_committed_is_up_to_date() -> None:
    for path, text in cards.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is out of date; run ./do docs"
