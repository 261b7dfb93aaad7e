"""Bodies become requests, or errors that say what is wrong."""

from __future__ import annotations

import pytest

from edgezoo.sdk.service.failures import ApiError
from edgezoo.sdk.service.messages import ClassificationRequest, EmbeddingRequest
from edgezoo.sdk.service.parsing import parse

BODY = b'{"model": "m", "input": ["a", "\xc3\xbc \xf0\x9f\x98\x82"], "dimensions": 8, "unknown": NaN}'


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"],
)
def test_json_of_any_name_is_read(media_type: str) -> None:
    asked = parse(EmbeddingRequest, BODY, media_type)
    assert (asked.model, asked.input, asked.dimensions) == ("m", ["a", "ü 😂"], 8)


@pytest.mark.parametrize("media_type", ["", "text/plain", "multipart/form-data", "text/json", "json"])
def test_what_a_browser_sends_to_strangers_is_refused(media_type: str) -> None:
    """A page may send plain text and forms anywhere unasked, but not JSON."""
    with pytest.raises(ApiError, match="Content-Type: application/json") as refused:
        parse(EmbeddingRequest, BODY, media_type)
    assert refused.value.status == 400


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig", "utf-32-le"])
def test_every_encoding_of_json_is_read(encoding: str) -> None:
    content = '{"model": "m", "input": "ü"}'.encode(encoding)
    assert parse(ClassificationRequest, content, "application/json").input == "ü"


def test_lone_surrogates_are_left_to_who_can_name_them() -> None:
    asked = parse(EmbeddingRequest, b'{"model": "m", "input": "\\ud800"}', "application/json")
    assert asked.input == "\ud800"


@pytest.mark.parametrize(
    ("content", "param", "message"),
    [
        (b"", "", "not valid JSON"),
        (b"{", "", "not valid JSON"),
        (b'"\xff"', "", "send JSON in UTF-8"),
        (b"[" * 100_000, "", "can't be read"),
        (b'{"n": ' + b"9" * 5000 + b"}", "", "can't be read"),
        (b"[]", "", "must be a JSON object"),
        (b"null", "", "must be a JSON object"),
        (b'{"input": "a"}', "model", "model: Field required"),
        (b'{"model": "m", "input": [1]}', "input", "token ids"),
        (b'{"model": "m", "input": "a", "dimensions": 1.5}', "dimensions", "valid integer"),
    ],
)
def test_what_is_wrong_is_named(content: bytes, param: str, message: str) -> None:
    with pytest.raises(ApiError, match=message) as refused:
        parse(EmbeddingRequest, content, "application/json")
    assert (refused.value.status, refused.value.param) == (400, param)
