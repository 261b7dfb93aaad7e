"""Running the service until it is told to stop; then finishing what has begun."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn

from edgezoo.sdk.service.app import Service, create_app
from edgezoo.sdk.service.settings import Settings
from edgezoo.sdk.service.watching import LOG, Lines

DRAIN = 5.0  # seconds in which open connections get their last answer


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; raises OSError if the address cannot be had."""
    lines = Lines(sys.stderr)
    logging.basicConfig(handlers=[lines], level=logging.INFO, force=True)
    app = create_app(settings, lines.request)
    config = uvicorn.Config(
        app,
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.timeout) + 1,
    )
    config.load()
    # What is there by now stays: garbage collection need not go through it while somebody waits.
    gc.collect()
    gc.freeze()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=config.backlog) as listener:
        LOG.info("serving", extra={"facts": {"host": host, "port": listener.getsockname()[1]}})
        _Server(config, app).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Told to stop, it takes no new connections, and ends each open one with an answer."""

    def __init__(self, config: uvicorn.Config, app: Service) -> None:
        super().__init__(config)
        self._app = app
        self._told = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM begins to drain, SIGINT finishes what has begun, a second one of either stops at once."""
        if self.should_exit or not self.started:
            self.should_exit = self.force_exit = True
        elif sig == signal.SIGINT or self._told:
            self.should_exit = True
        else:
            self._told = True
            asyncio.get_running_loop().call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        LOG.info("draining")
        for server in self.servers:
            server.close()
        # Only now are clients sent away: one that came again before the address closed would be cut off.
        self._app.gate.draining = True
        self._task = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        """Stop once every connection has had its last answer, or after DRAIN."""
        deadline = time.monotonic() + DRAIN
        while self.server_state.connections and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self.should_exit = True
