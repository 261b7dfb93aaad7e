"""What the service tells of itself: metrics for Prometheus, logs as lines of JSON."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TextIO

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LOG = logging.getLogger("edgezoo.service")

# What is told of every request.
Tell = Callable[[dict[str, Any]], None]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """What Prometheus reads at /metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("path", "method", "status")
        self._requests = Counter("edgezoo_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "edgezoo_request_seconds",
            "From a request's first byte to its answer.",
            ("path",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.texts = Counter("edgezoo_texts", "Texts answered.", ("model",), registry=self.registry)
        self.rejected = Counter("edgezoo_rejected", "Requests told to come again.", registry=self.registry)
        self.inside = Gauge("edgezoo_requests_inside", "Requests being answered.", registry=self.registry)
        # Finding the series of some labels takes longer than counting, so each is found once.
        self._found: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered in so many seconds."""
        found = self._found.get((path, method, status))
        if found is None:
            found = (self._requests.labels(path, method, str(status)), self._seconds.labels(path))
            self._found[path, method, status] = found
        count, times = found
        count.inc()
        times.observe(seconds)


class Lines(logging.Handler):
    """A log of one line of JSON for each record, in ASCII whatever the stream's encoding is."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._second, self._date = 0, ""  # the last second that was written, and how

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        facts = dict(getattr(record, "facts", {}))
        if record.exc_info:
            facts["trace"] = logging.Formatter().formatException(record.exc_info)
        self._write(record.created, record.levelname.lower(), record.getMessage(), facts)

    def request(self, facts: dict[str, Any]) -> None:
        """Write of a request what `log_request` would, in a fifth of the time."""
        with self.lock or nullcontext():
            self._write(time.time(), "info", "request", facts)

    def _write(self, created: float, level: str, event: str, facts: dict[str, Any]) -> None:
        second = int(created)
        if second != self._second:
            self._date = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(second))
            self._second = second
        moment = f"{self._date}.{int(1000 * (created - second)):03d}"
        line = {"time": moment, "level": level, "event": event, **facts}
        try:
            text = orjson.dumps(line).decode()
        except TypeError:  # a lone surrogate
            text = ""
        self._stream.write((text if text.isascii() and text else json.dumps(line)) + "\n")
        self._stream.flush()


def log_request(facts: dict[str, Any]) -> None:
    """Leave a record of a request to whoever has set up logging."""
    LOG.info("request", extra={"facts": facts})
