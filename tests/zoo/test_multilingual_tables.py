"""What a card says of many languages, and that every figure is where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from edgezoo.zoo.multilingual_tables import card_sections, mean_of_others


def figures(shift: float) -> dict[str, Any]:
    similarity = {
        "de": {"spearman": 0.5 + shift},
        "en": {"spearman": 0.7 + shift},
        "ja": {"spearman": 0.4 + shift},
    }
    return {
        "similarity": {"stsb-dev": similarity, "stsb-test": similarity},
        "retrieval": {
            "de": {"accuracy": 0.5 + shift, "queries": 1000, "candidates": 1000},
            "kab": {"accuracy": 0.6 + shift, "queries": 70, "candidates": 1000},
        },
    }


def report() -> dict[str, Any]:
    own = {**figures(0.1), "tweets": {"accuracy": 0.625, "tested": 900, "trained": 3600}}
    cited = [
        {"name": "big", "parameters": 108e6, "sts17_mean": 0.729, "source": "https://example.org/x (MTEB)"}
    ]
    return {"model": "ours", "multilingual": {**own, "baselines": {"BM25": figures(0.0)}, "published": cited}}


def test_a_model_of_one_language_has_no_such_part() -> None:
    assert card_sections({"model": "ours", "results": {}}) == []


def test_the_mean_leaves_english_out() -> None:
    assert mean_of_others(figures(0.0)["similarity"]["stsb-dev"]) == pytest.approx(0.45)


def test_every_figure_is_in_its_place() -> None:
    text = "\n".join(card_sections(report()))
    assert "| stsb-test | en | de | ja | mean |" in text
    assert "| **ours** | 80.0 | 60.0 | 50.0 | 55.00 |" in text
    assert "| BM25 | 70.0 | 50.0 | 40.0 | 45.00 |" in text
    assert "| kab | 70.0 | 60.0 | 70 |" in text
    assert text.index("| kab |") < text.index("| de | 60.0")
    assert "| mean | 65.0 | 55.0 |" in text
    assert "| **ours** | 62.5 |" in text
    assert "| [big](https://example.org/x) | 108 M | 72.9 |" in text
