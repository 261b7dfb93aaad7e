"""From the bytes of a request to what it asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from edgezoo.sdk.service.failures import JSON, ApiError
from edgezoo.sdk.service.messages import Request

Asked = TypeVar("Asked", bound=Request)


def parse(kind: type[Asked], content: bytes, media_type: str) -> Asked:
    """A body as a request of a kind; raises ApiError 400 that says what is wrong with it."""
    if media_type != JSON and not _is_json(media_type):
        raise ApiError(400, f"send JSON, with the header Content-Type: {JSON}", code="invalid_media_type")
    value = _value(content)
    if not isinstance(value, dict):
        raise ApiError(400, "the body must be a JSON object")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = path_of(first["loc"])
        raise ApiError(400, f"{place}: {first['msg']}", param=place) from None


def path_of(location: Sequence[Any]) -> str:
    """Where in a body something is, with dots between the names."""
    return ".".join(str(part) for part in location if part != "body")


def _value(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    # The slower parser takes what the other refuses and a field may explain better, such as lone surrogates.
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        raise ApiError(400, "the body is not valid JSON", code="invalid_json") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise ApiError(400, "the body can't be read; send JSON in UTF-8") from None


def _is_json(media_type: str) -> bool:
    """Whether a content type with its parameters is one of JSON's."""
    message = Message()
    message["content-type"] = media_type
    kind = message.get_content_type()
    return kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))
