"""Load on a service of this machine: single-text embeddings at a steady rate, by locust.

    edgezoo serve static-en &
    locust -f edgezoo/benchmarks/locustfile.py --headless --users 50 --spawn-rate 50 --run-time 60s \\
        --host http://127.0.0.1:8000 --only-summary --reset-stats

Each user asks ten times a second: 50 users make 500 requests a second. Each begins at a random moment, as
clients do that know nothing of each other; started together they would ask in bursts of 50 for the whole run,
and wait for each other. EDGEZOO_LOAD_BURSTS=1 has it so all the same. Needs the package locust.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any
from urllib.parse import urlsplit

from locust import FastHttpUser, constant_throughput, events, task

from edgezoo.benchmarks.texts import TWEETS, short_texts

MODEL = os.environ.get("EDGEZOO_LOAD_MODEL", "static-en")
BURSTS = os.environ.get("EDGEZOO_LOAD_BURSTS") == "1"
RATE = 10  # requests a second of each user
MOST_USERS = 1000
TEXTS = [*TWEETS, *short_texts(1000)]


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def only_this_machine(environment: Any, **others: object) -> None:
    """Load belongs on one's own service, and has an end."""
    options = environment.parsed_options
    if urlsplit(environment.host or "").hostname not in ("127.0.0.1", "::1", "localhost"):
        raise SystemExit("this load is for a service on this machine: --host http://127.0.0.1:8000")
    if options is not None and (options.run_time is None or options.num_users > MOST_USERS):
        raise SystemExit(f"give --run-time, and at most {MOST_USERS} --users")


class Reader(FastHttpUser):
    """Asks for the vector of one text at a time, as the official client does: in base64."""

    wait_time = constant_throughput(RATE)

    def on_start(self) -> None:
        """Begin somewhere in the time between two requests."""
        if not BURSTS:
            time.sleep(random.uniform(0, 1 / RATE))  # locust's own: others go on

    @task
    def embed(self) -> None:
        """One text, one vector."""
        body = {"model": MODEL, "input": random.choice(TEXTS), "encoding_format": "base64"}
        with self.client.post("/v1/embeddings", json=body, catch_response=True) as response:
            if response.status_code == 429:
                response.success()  # told to come again, as it should
                self.environment.events.request.fire(
                    request_type="429", name="told to come again", response_time=0, response_length=0
                )
            elif response.status_code != 200:
                response.failure(f"status {response.status_code}")
