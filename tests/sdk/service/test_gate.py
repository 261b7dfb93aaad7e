"""The clock at the gate, and what it leaves alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from edgezoo.sdk.service.app import Service, create_app
from edgezoo.sdk.service.settings import Settings

LONG = {"model": "small", "input": ["the cat sat on the mat . " * 200] * 100}
SHORT = {"model": "small", "input": "the cat"}


def post(app: Service, *bodies: Any, path: str = "/v1/embeddings") -> list[httpx.Response]:
    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await asyncio.gather(*(client.post(path, json=body) for body in bodies))

    return asyncio.run(all_at_once())


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


def app_of(bundle: Path, told: list[dict[str, Any]], **settings: Any) -> Service:
    return create_app(Settings(models=(str(bundle),), **settings), told.append)


def test_an_answer_that_takes_too_long_is_given_up(small_bundle: Path, told: list[dict[str, Any]]) -> None:
    app = app_of(small_bundle, told, timeout=0.001)
    (late,) = post(app, LONG)
    assert late.status_code == 503
    assert "took too long" in late.json()["error"]["message"]
    assert late.headers["x-request-id"] == told[0]["id"]
    assert [(facts["status"], facts["bytes_in"] > 100_000) for facts in told] == [(503, True)]


def test_an_answer_in_time_is_left_alone(small_bundle: Path, told: list[dict[str, Any]]) -> None:
    """The clock of each request stops with it: nothing is cancelled that comes later on the same loop."""

    async def twice() -> list[int]:
        app = app_of(small_bundle, told, timeout=0.3)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            first = await client.post("/v1/embeddings", json=SHORT)
            await asyncio.sleep(0.5)
            second = await client.post("/v1/embeddings", json=SHORT)
            return [first.status_code, second.status_code]

    assert asyncio.run(twice()) == [200, 200]


def test_those_who_come_together_find_only_so_many_places(
    small_bundle: Path, told: list[dict[str, Any]]
) -> None:
    app = app_of(small_bundle, told, capacity=3)
    statuses = [response.status_code for response in post(app, *[SHORT] * 10)]
    assert sorted(statuses) == [200] * 3 + [429] * 7
    assert sorted(facts["status"] for facts in told) == sorted(statuses)


def test_other_paths_get_their_body_too(small_bundle: Path, told: list[dict[str, Any]]) -> None:
    app = app_of(small_bundle, told)
    assert [response.status_code for response in post(app, SHORT, path="/v1/models")] == [405]
    assert [response.status_code for response in post(app, SHORT, path="/v1/nothing")] == [404]
