"""From a report to the rows that the dashboard shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STS = ("sts12", "sts13", "sts14", "sts15", "sts16")


@dataclass(frozen=True)
class Row:
    """One measured system on one device; figures are None where they were not measured.

    `place` is where the report has it: its file and the entry's number. `bits` a character, by language, are
    of language models.
    """

    report: str
    place: int
    device: str
    created: str
    commit: str
    kind: str
    model: str
    runtime: str
    precision: str
    figures: Mapping[str, float | None]
    bits: Mapping[str, float]

    @property
    def writes(self) -> bool:
        """Whether it is a language model."""
        return self.figures["generate_ms"] is not None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The same system on the same device in another report has the same."""
        return self.device, self.model, self.runtime, self.precision


def rows_of(name: str, report: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a report that lies in the file `name`: of what was measured with usual kernels."""
    for place, entry in enumerate(report["results"]):
        if entry["status"] != "measured" or "isa" in entry:
            continue
        yield Row(
            report=name,
            place=place,
            device=device_name(report["device"], report["producer"]),
            created=report["created"],
            commit=report["commit"].get("id", "")[:9] + ("+" if report["commit"].get("changed") else ""),
            kind=entry["kind"],
            model=entry["model"],
            runtime=entry["runtime"] if entry["kind"] == "model" else "peer",
            precision=entry["precision"] or "–",
            figures=_figures(entry),
            bits=_bits(entry.get("quality", {}).get("scores", {})),
        )


def device_name(device: Mapping[str, Any], producer: str) -> str:
    """What people call the device that a report is of."""
    name = device.get("board") or device["processor"] or "unknown processor"
    facts = [
        name,
        f"{device['cores']} cores" if device["cores"] else "",
        device.get("isa", ""),
        device["system"],
    ]
    if producer != "python":
        facts.append(device.get("browser", "") if producer == "web" else "C")
    return ", ".join(filter(None, facts))


def _figures(entry: Mapping[str, Any]) -> dict[str, float | None]:
    latency, memory = entry["latency_metrics"], entry["memory_metrics"]
    short = latency["short"]["total"]
    speeds = [each["texts_per_second"] for each in entry.get("throughput", ()) if each["threads"] == 1]
    footprint = memory.get("linear_memory_kb", memory.get("init_footprint_kb"))
    return {
        "size_mb": entry["misc_metrics"]["model_size_mb"],
        "memory_mb": None if footprint is None else footprint * 1024 / 1e6,
        "init_ms": latency["init_ms"],
        "first_ms": latency["first_inference_ms"],
        "p50_ms": short["median_ms"],
        "p95_ms": short["p95_ms"],
        "p99_ms": short["p99_ms"],
        "full_ms": latency["full"]["total"]["median_ms"] if "full" in latency else None,
        "ratio": short["ratio"],
        "per_second": max(speeds, default=None),
        **_by_character(latency),
        **_quality(entry.get("quality", {}).get("scores", {})),
    }


def _by_character(latency: Mapping[str, Any]) -> dict[str, float | None]:
    """What a character costs a language model."""
    score, generate = latency.get("score"), latency.get("generate")
    return {
        "score_ms": score and score["each"]["median_ms"],
        "generate_ms": generate and generate["each"]["median_ms"],
        "generate_ratio": generate and generate["each"]["ratio"],
        "generate_per_second": generate and generate["per_second"],
    }


def _bits(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {task.removesuffix("-test"): score["bits"] for task, score in scores.items() if "bits" in score}


def _quality(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    found: dict[str, float | None] = {
        "stsb": _percent(scores.get("stsb-test", {}).get("spearman")),
        "sst2": _percent(scores.get("sst2-dev", {}).get("accuracy")),
        "sts": None,
    }
    if all(task in scores for task in _STS):
        found["sts"] = _percent(sum(scores[task]["spearman"] for task in _STS) / len(_STS))
    return found


def _percent(score: float | None) -> float | None:
    return None if score is None else 100 * score
