"""How a report is printed: a table for each kind of task, as far as it was measured."""

from pathlib import Path
from typing import Any

import pytest

from edgezoo.sdk.cli import training
from edgezoo.zoo import evaluation

SIMILARITY = {"spearman": 0.5, "pearson": 0.25, "pairs": 12}
REPORT: dict[str, Any] = {
    "model": "both",
    "results": {"sts13": SIMILARITY, "sst2-dev": {"accuracy": 0.875, "f1": 0.9, "examples": 872}},
    "baselines": {"bag of words": {"sst2-dev": {"accuracy": 0.75}, "other": {"accuracy": 0.5}}},
    "published": [
        {"name": "a", "spearman": {"sts13": 0.625}},
        {"name": "b", "accuracy": {"sst2-dev": 0.9375}},
    ],
}


def printed(
    report: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[list[str]]:
    monkeypatch.setattr(evaluation, "evaluate", lambda *_, **__: report)
    training.evaluate("both", Path("data"))
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_each_kind_of_task_has_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(REPORT, monkeypatch, capsys) == [
        ["system", "task", "Spearman", "Pearson", "pairs"],
        ["both", "sts13", "50.00", "25.00", "12"],
        ["a", "(published)", "sts13", "62.50", "–", "–"],
        ["system", "task", "accuracy", "F1", "examples"],
        ["both", "sst2-dev", "87.50", "90.00", "872"],
        ["bag", "of", "words", "sst2-dev", "75.00", "–", "–"],
        ["b", "(published)", "sst2-dev", "93.75", "–", "–"],
    ]


def test_what_was_not_measured_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed({**REPORT, "results": {"sts13": SIMILARITY}}, monkeypatch, capsys)
    assert [line[0] for line in lines] == ["system", "both", "a"]


def test_bits_are_printed_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {
        "model": "writer",
        "results": {"kk-test": {"bits": 1.98765, "perplexity": 3.966, "characters": 20780}},
        "baselines": {"n-grams": {"kk-test": {"bits": 2.1489, "characters": 20780}}},
        "published": [],
    }
    assert printed(report, monkeypatch, capsys) == [
        ["system", "task", "bits/char", "perplexity", "characters"],
        ["writer", "kk-test", "1.988", "3.966", "20780"],
        ["n-grams", "kk-test", "2.149", "–", "20780"],
    ]
