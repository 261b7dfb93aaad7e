"""What goes wrong, told in the shape of OpenAI's errors."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

JSON = "application/json"


class ApiError(Exception):
    """An answer that is an error: `status`, `message`, and which parameter it is about."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The HTTP response."""
        return Response(body(self), self.status, self.headers, JSON)


def body(failure: ApiError) -> bytes:
    """The failure in OpenAI's shape; whatever a client sent, it is valid UTF-8."""
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = "server_error" if failure.status >= 500 else kinds.get(failure.status, "invalid_request_error")
    error = {
        "message": failure.message.encode(errors="replace").decode(),
        "type": kind,
        "param": failure.param.encode(errors="replace").decode() or None,
        "code": failure.code or None,
    }
    return orjson.dumps({"error": error})


def install(app: FastAPI) -> None:
    """Answer every error of the routes in this shape."""
    app.add_exception_handler(ApiError, _failed)
    app.add_exception_handler(HTTPException, _refused)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    messages = {
        404: f"there is nothing at {request.url.path}",
        405: f"{request.method} is not for {request.url.path}",
    }
    message = messages.get(error.status_code, str(error.detail))
    return ApiError(error.status_code, message, headers=error.headers).response()
