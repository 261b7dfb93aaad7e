"""One model on one runtime, measured in a process of its own: a job comes in as JSON, figures go out.

echo '{"runtime": "engine", "path": "…/static-en.ezb"}' |
    python -m edgezoo.benchmarks.measurement
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgezoo.benchmarks import language, memory, reference
from edgezoo.benchmarks.distribution import distribution, quickest_ratio
from edgezoo.benchmarks.subjects import Subject, open_subject
from edgezoo.benchmarks.texts import TWEETS, short_texts

FULL_TOKENS = 128
WARM_UP = 20
REFERENCES = 5  # runs of the reference loop before a round; their median counts
BATCHES = (32, 512)
PAUSE = 0.1  # seconds before a round
LONGEST = 1.0  # seconds: a measurement that would take longer gets fewer calls


@dataclass(frozen=True)
class Effort:
    """How often to measure: rounds, single calls of each text length in a round, and rounds of a batch."""

    rounds: int = 7
    calls: int = 50
    batch_rounds: int = 3


Call = Callable[[str], object]


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """The figures of a job: {"runtime", "path"}, and "effort" and "isa" if not the usual ones.

    Texts are embedded, or classified, or scored, whichever of these a model can do first; of a language model
    there is besides what a character costs.
    """
    effort = Effort(**job.get("effort", {}))
    before = memory.resident_kb()
    subject = open_subject(job["runtime"], job["path"], job.get("isa", ""))
    first = _timed(subject.one, TWEETS[0])
    opened = memory.resident_kb()
    warm = [_timed(subject.one, TWEETS[i % len(TWEETS)]) for i in range(1, WARM_UP)]
    full = full_length(subject)
    (short_figures, full_figures), references = single_texts(subject, [TWEETS, [full]], effort)
    by_character: dict[str, Any] = {}
    if subject.language is not None:
        by_character, own = language.figures(
            subject.language, effort.rounds, effort.calls, LONGEST, _reference
        )
        references += own
    throughput = list(_throughput(subject, effort, short_figures["total"]["median_ms"]))
    after = memory.resident_kb()
    return {
        "versions": subject.versions,
        "chosen_isa": subject.isa,
        **({"family": subject.family} if subject.family else {}),
        "reference_us": [round(each, 2) for each in references],
        "misc_metrics": {
            "model_size_mb": round(subject.bytes / 1e6, 6),
            "num_runs": short_figures["total"]["num_runs"],
            "num_warmup_runs": WARM_UP,
        },
        "latency_metrics": {
            "import_ms": round(subject.import_ms, 3),
            "init_ms": round(subject.init_ms, 3),
            "first_inference_ms": round(first / 1000, 6),
            "average_warm_up_ms": round(sum(warm) / len(warm) / 1000, 6),
            "short": {"tokens": _tokens(subject, TWEETS), **short_figures},
            "full": {"tokens": _tokens(subject, [full]), **full_figures},
            **by_character,
        },
        "memory_metrics": _memory(before, opened, after, subject.linear_memory),
        "throughput": throughput,
        "probes": subject.probe(),
    }


def single_texts(
    subject: Subject, kinds: Sequence[Sequence[str]], effort: Effort
) -> tuple[list[dict[str, Any]], list[float]]:
    """Latency of one text after the other for each kind of texts, whose rounds take turns; and references.

    It is told in total, to tokenise, and what is left to infer; only in total where a runtime cannot tokenise
    alone. "quickest_ratio" is that of the quickest round; the references are the times of the reference loop.
    """
    series = [_Series(subject, texts, effort) for texts in kinds]
    for _ in range(effort.rounds):
        # A neighbour on the same processor is busy for a while: rounds close together would all meet it.
        time.sleep(PAUSE)
        for each in series:
            each.add_round()
    return [each.figures() for each in series], [time for each in series for time in each.references]


class _Series:
    """Rounds of single texts, and the reference loop before each."""

    def __init__(self, subject: Subject, texts: Sequence[str], effort: Effort) -> None:
        seconds = _timed(subject.one, texts[-1]) / 1e6 * effort.rounds
        self._subject = subject
        self._texts = [texts[i % len(texts)] for i in range(_as_many_as_fit(effort.calls, seconds))]
        self._totals: list[list[float]] = []
        self._tokenising: list[list[float]] = []
        self.references: list[float] = []

    def add_round(self) -> None:
        """Time each text once, after the reference loop."""
        self.references.append(_reference())
        self._totals.append([_timed(self._subject.one, text) for text in self._texts])
        if self._subject.tokenise is not None:
            self._tokenising.append([_timed(self._subject.tokenise, text) for text in self._texts])

    def figures(self) -> dict[str, Any]:
        """What they come to."""
        totals, references = self._totals, self.references
        figures: dict[str, Any] = {
            "total": distribution(totals, references),
            "quickest_ratio": quickest_ratio(totals, references),
        }
        if self._tokenising:
            rest = [
                [max(0.0, whole - part) for whole, part in zip(*pair, strict=True)]
                for pair in zip(totals, self._tokenising, strict=True)
            ]
            figures["tokenise"] = distribution(self._tokenising, references)
            figures["infer"] = distribution(rest, references)
            del figures["infer"]["samples_us"]  # the difference of the two others
        return figures


def _reference() -> float:
    """The reference loop's time now, in microseconds."""
    return sorted(reference.run() for _ in range(REFERENCES))[REFERENCES // 2]


def full_length(subject: Subject) -> str:
    """A text of as many tokens, or words, as the runtime reads, at most FULL_TOKENS."""
    limit = min(subject.max_tokens or FULL_TOKENS, FULL_TOKENS)
    words = " ".join(short_texts(400)[::13]).split()
    count = 1
    while count < len(words) and _length(subject, " ".join(words[: count + 1])) <= limit:
        count += 1
    return " ".join(words[:count])


def _length(subject: Subject, text: str) -> int:
    return len(text.split()) if subject.tokenise is None else len(subject.tokenise(text))


def _tokens(subject: Subject, texts: Sequence[str]) -> float | None:
    if subject.tokenise is None:
        return None
    return sum(len(subject.tokenise(text)) for text in texts) / len(texts)


def _throughput(subject: Subject, effort: Effort, one_ms: float) -> list[dict[str, Any]]:
    """Texts a second by texts in a call and threads."""
    cores = os.cpu_count() or 1
    figures = []
    for batch in BATCHES:
        texts = short_texts(batch)
        for threads in sorted({1, cores}) if subject.threaded else (1,):
            if one_ms * batch * (effort.batch_rounds + 1) / 1000 > 2 * LONGEST:
                continue
            subject.many(texts, threads)
            times = sorted(
                _timed(lambda: subject.many(texts, threads))  # noqa: B023
                for _ in range(effort.batch_rounds)
            )
            seconds = times[len(times) // 2] / 1e6
            figures.append(
                {"batch": batch, "threads": threads, "texts_per_second": round(batch / seconds, 1)}
            )
    return figures


def _memory(
    before: int | None, opened: int | None, after: int | None, linear: int | None
) -> dict[str, float | int]:
    """What the system tells of them: growth at open and first call, growth after all, and the peak."""
    found: dict[str, float | int] = {}
    if before is not None and opened is not None and after is not None:
        found = {"init_footprint_kb": opened - before, "overall_footprint_kb": after - before}
    if linear is not None:
        found["linear_memory_kb"] = linear // 1024
    if (peak := memory.peak_mb()) is not None:
        found["peak_mem_mb"] = round(peak, 3)
    return found


def _as_many_as_fit(calls: int, seconds: float) -> int:
    return max(3, min(calls, int(LONGEST / max(seconds, 1e-9))))


def _timed(call: Callable[..., object], *arguments: object) -> float:
    """Microseconds of one call."""
    begin = time.perf_counter_ns()
    call(*arguments)
    return (time.perf_counter_ns() - begin) / 1000


if __name__ == "__main__":
    json.dump(measure(json.load(sys.stdin)), sys.stdout)
