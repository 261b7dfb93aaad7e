"""Overload, and the end: nothing falls over, nothing that was accepted is lost."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sdk.service.conftest import Running

CLIENTS = 12


class Load(threading.Thread):
    """A client that sends one request after the other until it is told to stop, or is refused."""

    def __init__(
        self, service: Running, texts: int, stop: threading.Event, *, reconnect: bool = False
    ) -> None:
        super().__init__()
        self.service, self.texts, self.stop, self.reconnect = service, texts, stop, reconnect
        self.statuses: Counter[int] = Counter()
        self.retry_after: set[str] = set()
        self.lost = 0

    def run(self) -> None:
        body = {"model": "tinylstm", "input": ["a film that goes on for ever and ever"] * self.texts}
        client = self.service.client()
        while not self.stop.is_set():
            try:
                response = client.post("/v1/embeddings", json=body)
            except httpx.ConnectError:
                return  # never accepted
            except httpx.HTTPError:
                self.lost += 1
                return
            self.statuses[response.status_code] += 1
            if response.status_code == 429:
                self.retry_after.add(response.headers["retry-after"])
            if self.reconnect:
                client.close()
                client = self.service.client()


def together(service: Running, texts: int, *, reconnect: bool = False) -> tuple[list[Load], threading.Event]:
    stop = threading.Event()
    clients = [Load(service, texts, stop, reconnect=reconnect) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    return clients, stop


def end(clients: list[Load], stop: threading.Event) -> Counter[int]:
    stop.set()
    for client in clients:
        client.join()
    return sum((client.statuses for client in clients), Counter())


def answers(service: Running) -> list[dict[str, Any]]:
    """What the service has logged of its answers."""
    return [line for line in service.lines() if line["event"] == "request"]


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_more_than_it_can_do_is_told_to_come_again_and_it_recovers(tmp_path: Path) -> None:
    service = Running(tmp_path / "log", "tinylstm", "--capacity", "3")
    clients, stop = together(service, 200)
    wait_for(lambda: {200, 429} <= {line["status"] for line in answers(service)})
    with service.client() as watcher:
        assert watcher.get("/healthz").status_code == 200  # watching is never turned away
    statuses = end(clients, stop)
    assert set(statuses) == {200, 429}
    assert {"1"} == set.union(*(client.retry_after for client in clients))
    assert not any(client.lost for client in clients)
    with service.client() as client:
        body = {"model": "tinylstm", "input": "quiet again"}
        assert [client.post("/v1/embeddings", json=body).status_code for _ in range(20)] == [200] * 20
        assert "edgezoo_requests_inside 0.0" in client.get("/metrics").text
        assert f"edgezoo_rejected_total {statuses[429]}.0" in client.get("/metrics").text
    assert service.stop() == 0


@pytest.mark.parametrize("reconnect", [False, True])
def test_sigterm_under_load_loses_nothing_that_was_accepted(tmp_path: Path, reconnect: bool) -> None:
    service = Running(tmp_path / "log", "tinylstm")
    clients, stop = together(service, 50, reconnect=reconnect)
    wait_for(lambda: all(client.statuses for client in clients))
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=30) == 0
    statuses = end(clients, stop)
    assert set(statuses) == {200}
    assert statuses[200] == len(answers(service))
    if not reconnect:  # a connection that was never accepted may be reset when the address closes
        assert not any(client.lost for client in clients)
    assert "draining" in [line["event"] for line in service.lines()]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="says what a process has loaded, on Linux")
def test_the_fast_loop_and_parser_are_in_use(service: Running) -> None:
    loaded = Path(f"/proc/{service.process.pid}/maps").read_text()
    assert "/uvloop/loop" in loaded
    assert "/httptools/parser/parser" in loaded


def test_an_address_that_is_taken_and_a_model_that_is_not_there_are_told(
    service: Running, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="edgezoo: the system: Address already in use"):
        Running(tmp_path / "log", "static-en-micro", "--port", str(service.port))
    with pytest.raises(AssertionError, match="there is no model 'static-english'"):
        Running(tmp_path / "log", "static-english")
