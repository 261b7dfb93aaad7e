"""What a request passes before it is answered: its key, whether there is room, its size, and the clock."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgezoo.sdk.service.answers import Answer
from edgezoo.sdk.service.failures import JSON, ApiError, body
from edgezoo.sdk.service.messages import Request
from edgezoo.sdk.service.parsing import parse
from edgezoo.sdk.service.settings import Settings
from edgezoo.sdk.service.watching import LOG, Metrics, Tell

_OPEN = ("/healthz", "/metrics", "/openapi.json", "/docs")  # no key is asked for
_ANSWERS = ("/v1/embeddings", "/v1/classify", "/v1/models")
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")


class Direct(NamedTuple):
    """What the gate answers itself: the kind of request that a body is parsed as, and what answers it."""

    kind: type[Request]
    answer: Callable[[Any], Awaitable[Answer]]


class Gate:
    """ASGI middleware around the routes.

    Those of `direct`, by path, it does not ask: what a framework puts around a function takes longer than
    answering a short text. `draining` is set while the service shuts down: answers then tell clients to close
    their connections.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        metrics: Metrics,
        direct: Mapping[str, Direct],
        tell: Tell,
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._direct, self._tell_log = direct, tell
        metrics.inside.set_function(lambda: self._inside)
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
        deadline = _Deadline(self._settings.timeout)
        try:
            await self._within(scope, receive, answer)
        except asyncio.CancelledError:
            if not deadline.over:
                raise
            if answer.bytes_in is None:
                raise ApiError(408, "the request's body took too long to arrive") from None
            raise ApiError(503, "the answer took too long; send fewer texts at once") from None
        finally:
            deadline.leave()
            self._inside -= 1

    async def _within(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Read the body and answer it; raises ApiError 413 for a large one."""
        content = await self._read(scope, receive)
        if content is None:
            return
        answer.bytes_in = len(content)
        direct = self._direct.get(scope["path"])
        if direct is not None:
            media_type = _header(scope, b"content-type").decode("latin-1")
            content, answer.facts = await direct.answer(parse(direct.kind, content, media_type))
            await answer.give(200, content)
            return
        whole: Message = {"type": "http.request", "body": content, "more_body": False}

        async def replay() -> Message:
            nonlocal whole
            sent, whole = whole, {"type": "http.disconnect"}
            return sent

        await self._app(scope, replay, answer.send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """A request's body; None if the client has gone."""
        limit, length = self._settings.max_body, _header(scope, b"content-length")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        content = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            content += message.get("body", b"")
            more = message.get("more_body", False)
            if len(content) > limit:
                raise _too_large(limit)
        return bytes(content)

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
        self._metrics.answered(path, scope["method"], answer.status, seconds)
        client = scope.get("client") or ("",)
        facts = {
            "id": answer.request_id,
            "method": scope["method"],
            "path": scope["path"],
            "status": answer.status,
            "ms": round(1000 * seconds, 3),
            "bytes_in": answer.bytes_in or 0,
            "client": client[0],
            **answer.facts,
        }
        self._tell_log(facts)


class _Deadline:
    """Cancels the task that it is made in once so many seconds are over, unless that leaves before.

    Not asyncio.wait_for, which makes another task and takes as long as a short answer.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self.over = True
        if self._task is not None:
            self._task.cancel()

    def leave(self) -> None:
        """From now on nothing is cancelled."""
        self._timer.cancel()


class _Answer:
    """What goes out, watched: its status, and headers that every answer has."""

    def __init__(self, send: Send, gate: Gate, request_id: str) -> None:
        self._send, self._gate, self.request_id = send, gate, request_id
        self.status = 0
        self.bytes_in: int | None = None  # until the body is there
        self.facts: dict[str, Any] = {}

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
        await self.give(failure.status, body(failure), failure.headers)

    async def give(self, status: int, content: bytes, headers: Mapping[str, str] = {}) -> None:
        """Send a whole answer, JSON."""
        pairs = [(b"content-type", JSON.encode()), (b"content-length", str(len(content)).encode())]
        pairs += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": content})


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _header(scope: Scope, name: bytes) -> bytes:
    found: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return found


def _request_id(scope: Scope) -> str:
    """The client's own, if it is sane."""
    given = _header(scope, b"x-request-id")
    return given.decode() if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


def _too_large(limit: int) -> ApiError:
    headers = {"Connection": "close"}  # nobody reads the rest
    message = f"the body is larger than {limit:,} bytes; send fewer texts at once"
    return ApiError(413, message, code="request_too_large", headers=headers)
