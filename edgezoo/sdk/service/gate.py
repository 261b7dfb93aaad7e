"""What a request passes before it is answered: its key, whether there is room, its size, and the clock."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgezoo.sdk.service.failures import JSON, ApiError, body
from edgezoo.sdk.service.settings import Settings
from edgezoo.sdk.service.watching import LOG, Metrics

_OPEN = ("/healthz", "/metrics", "/openapi.json", "/docs")  # no key is asked for
_ANSWERS = ("/v1/embeddings", "/v1/classify", "/v1/models")
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class Gate:
    """ASGI middleware around the routes.

    `draining` is set while the service shuts down: answers then tell clients to close their connections.
    """

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._keys = {_digest(key.encode()) for key in settings.api_keys}
        self._inside = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = time.perf_counter()
        answer = _Answer(send, self, _request_id(scope))
        try:
            await self._admit(scope, receive, answer)
        except ApiError as failure:
            await answer.fail(failure)
        except Exception:
            LOG.exception("a request failed")
            await answer.fail(ApiError(500, "the service failed; this is a fault of ours"))
        finally:
            self._tell(scope, answer, time.perf_counter() - begin)

    async def _admit(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        path = scope["path"]
        if self._keys and path not in _OPEN:
            self._check_key(_header(scope, b"authorization"))
        if scope["method"] != "POST":
            await self._app(scope, receive, answer.send)
            return
        if self._inside >= self._settings.capacity:
            self._metrics.rejected.inc()
            message = "all places are taken; come again in a second"
            raise ApiError(429, message, code="overloaded", headers={"Retry-After": "1"})
        self._inside += 1
        self._metrics.inside.set(self._inside)
        try:
            await self._within(scope, receive, answer)
        finally:
            self._inside -= 1
            self._metrics.inside.set(self._inside)

    async def _within(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Answer within the time; raises ApiError 413 for a large body, 408 for one that does not come."""
        limit, deadline = self._settings.max_body, time.monotonic() + self._settings.timeout
        length = _header(scope, b"content-length")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        content = bytearray()
        more = True
        while more:
            try:
                message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
            except asyncio.TimeoutError:
                raise ApiError(408, "the request's body took too long to arrive") from None
            if message["type"] == "http.disconnect":
                return
            content += message.get("body", b"")
            more = message.get("more_body", False)
            if len(content) > limit:
                raise _too_large(limit)
        whole: Message = {"type": "http.request", "body": bytes(content), "more_body": False}
        answer.bytes_in = len(content)

        async def replay() -> Message:
            nonlocal whole
            sent, whole = whole, {"type": "http.disconnect"}
            return sent

        try:
            await asyncio.wait_for(self._app(scope, replay, answer.send), deadline - time.monotonic())
        except asyncio.TimeoutError:
            raise ApiError(503, "the answer took too long; send fewer texts at once") from None

    def _check_key(self, header: bytes) -> None:
        scheme, _, key = header.partition(b" ")
        # Digests are compared: how long that takes tells nothing of the keys.
        if scheme.lower() != b"bearer" or _digest(key.strip()) not in self._keys:
            message = "no valid API key was given; send it as: Authorization: Bearer KEY"
            headers = {"WWW-Authenticate": "Bearer"}
            raise ApiError(401, message, code="invalid_api_key", headers=headers)

    def _tell(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        route = scope.get("route")
        # Of requests that reached no route only known paths are named: others could fill the memory.
        path = route.path if route is not None else scope["path"] if scope["path"] in _ANSWERS else "other"
        self._metrics.requests.labels(path, scope["method"], str(answer.status)).inc()
        self._metrics.seconds.labels(path).observe(seconds)
        if LOG.isEnabledFor(logging.INFO):
            client = scope.get("client") or ("",)
            facts = {
                "id": answer.request_id,
                "method": scope["method"],
                "path": scope["path"],
                "status": answer.status,
                "ms": round(1000 * seconds, 3),
                "bytes_in": answer.bytes_in,
                "client": client[0],
                **scope.get("state", {}).get("facts", {}),
            }
            LOG.info("request", extra={"facts": facts})


class _Answer:
    """What goes out, watched: its status, and headers that every answer has."""

    def __init__(self, send: Send, gate: Gate, request_id: str) -> None:
        self._send, self._gate, self.request_id = send, gate, request_id
        self.status, self.bytes_in = 0, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
            if self._gate.draining:
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def fail(self, failure: ApiError) -> None:
        """Send an error, unless an answer has begun."""
        if self.status:
            return
        content = body(failure)
        headers = {"content-type": JSON, "content-length": str(len(content)), **failure.headers}
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": failure.status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": content})


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _header(scope: Scope, name: bytes) -> bytes:
    found: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return found


def _request_id(scope: Scope) -> str:
    """The client's own, if it is sane."""
    given = _header(scope, b"x-request-id")
    return given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _too_large(limit: int) -> ApiError:
    headers = {"Connection": "close"}  # nobody reads the rest
    message = f"the body is larger than {limit:,} bytes; send fewer texts at once"
    return ApiError(413, message, code="request_too_large", headers=headers)
