"""What the service tells of itself: metrics for Prometheus, logs as lines of JSON."""

from __future__ import annotations

import json
import logging
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LOG = logging.getLogger("edgezoo.service")

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """What Prometheus reads at /metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("path", "method", "status")
        self.requests = Counter("edgezoo_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "edgezoo_request_seconds",
            "From a request's first byte to its answer.",
            ("path",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.texts = Counter("edgezoo_texts", "Texts answered.", ("model",), registry=self.registry)
        self.rejected = Counter("edgezoo_rejected", "Requests told to come again.", registry=self.registry)
        self.inside = Gauge("edgezoo_requests_inside", "Requests being answered.", registry=self.registry)


class JsonLines(logging.Formatter):
    """Log records as one line of JSON each."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)
