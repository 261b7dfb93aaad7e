"""The service in a process of its own, as people run it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest


class Running:
    """A service that runs: where it is, its process, and what it has logged."""

    def __init__(self, log: Path, *arguments: str) -> None:
        command = [sys.executable, "-c", "from edgezoo.sdk.cli import main; main()", "serve", "--port", "0"]
        self._log = log
        with log.open("wb") as stream:
            self.process = subprocess.Popen([*command, *arguments], stderr=stream)
        deadline = time.monotonic() + 60
        while "Application startup complete." not in log.read_text():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        self.port = next(line["port"] for line in self.lines() if line["event"] == "serving")
        self.url = f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[dict[str, Any]]:
        """Every whole line of the log, which must be JSON."""
        whole = self._log.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Three models, few texts at once, a small body."""
    log = tmp_path_factory.mktemp("service") / "log"
    models = ("static-en-micro", "tinylstm", "tinylstm-sst2")
    running = Running(log, *models, "--max-batch", "500", "--max-body", "1000000")
    yield running
    assert running.stop() == 0
    assert "Traceback" not in log.read_text()
