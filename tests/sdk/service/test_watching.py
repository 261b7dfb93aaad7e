"""The log is lines of JSON whatever is in it, and the metrics count."""

from __future__ import annotations

import io
import json
import logging
import time

import pytest
from prometheus_client import generate_latest

from edgezoo.sdk.service.watching import Lines, Metrics, log_request

FACTS = {"id": "1", "path": "/ü/\ud800/😂", "status": 200, "ms": 0.5}


@pytest.fixture
def log() -> logging.Logger:
    return logging.Logger("service", logging.INFO)


def test_a_request_is_told_as_a_record_would_tell_it(log: logging.Logger) -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    log.addHandler(lines)
    lines.request(FACTS)
    log.info("request", extra={"facts": FACTS})
    direct, record = map(json.loads, stream.getvalue().splitlines())
    assert direct.keys() == record.keys()
    assert (
        direct | {"time": ""}
        == record | {"time": ""}
        == {"time": "", "level": "info", "event": "request", **FACTS}
    )
    assert stream.getvalue().isascii()


def test_times_are_of_the_second_that_they_are_in(log: logging.Logger) -> None:
    stream = io.StringIO()
    log.addHandler(Lines(stream))
    for created in (1e9 + 0.25, 1e9 + 0.9375, 1e9 + 1.0, 1e9 - 3600):
        record = log.makeRecord("", logging.INFO, "", 0, "tick", (), None)
        record.created = created
        log.handle(record)
    expected = [
        time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(second)) + part
        for second, part in ((1e9, ".250"), (1e9, ".937"), (1e9 + 1, ".000"), (1e9 - 3600, ".000"))
    ]
    assert [json.loads(line)["time"] for line in stream.getvalue().splitlines()] == expected


def test_a_failure_brings_its_trace(log: logging.Logger) -> None:
    stream = io.StringIO()
    log.addHandler(Lines(stream))
    try:
        raise ValueError("no \udfff good")
    except ValueError:
        log.exception("a request failed")
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("error", "a request failed")
    assert line["trace"].endswith("ValueError: no \udfff good")


def test_without_a_log_of_its_own_a_request_is_a_record(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "edgezoo.service"):
        log_request(FACTS)
    assert [record.facts for record in caplog.records] == [FACTS]  # type: ignore[attr-defined]


def test_requests_are_counted_by_path_method_and_status() -> None:
    metrics = Metrics()
    for status, seconds in ((200, 0.002), (200, 0.02), (429, 0.0001)):
        metrics.answered("/v1/embeddings", "POST", status, seconds)
    text = generate_latest(metrics.registry).decode()
    assert 'edgezoo_requests_total{method="POST",path="/v1/embeddings",status="200"} 2.0' in text
    assert 'edgezoo_requests_total{method="POST",path="/v1/embeddings",status="429"} 1.0' in text
    assert 'edgezoo_request_seconds_bucket{le="0.0025",path="/v1/embeddings"} 2.0' in text
    assert 'edgezoo_request_seconds_count{path="/v1/embeddings"} 3.0' in text
