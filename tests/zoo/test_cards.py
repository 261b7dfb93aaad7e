import json
import shutil
from pathlib import Path

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
EVALUATION = {
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
    assert "| one_tweet.edgezoo_us | 1.86 |" in lines


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
    assert "| – | – | – |" in cards.render_table()


def test_the_readme_is_rewritten_between_its_markers_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cards.README.write_text(f"before\n{cards.BEGIN}\nold\n{cards.END}\nafter\n")
    cards.main()
    text = cards.README.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| 70.12 | 73.12 | 1.9 µs, 42 × model2vec |" in text
    assert len(capsys.readouterr().out.splitlines()) == 2
    cards.main()
    assert capsys.readouterr().out == ""


def test_what_is_committed_is_up_to_date() -> None:
    for path, text in cards.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is out of date; run ./do docs"
