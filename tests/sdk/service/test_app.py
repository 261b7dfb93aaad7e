"""Good requests are answered, bad ones get 4xx and a message that says what to do."""

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from edgezoo import sdk
from edgezoo.sdk.service.app import create_app
from edgezoo.sdk.service.settings import Settings
from tests.conftest import write_small_bundle
from tests.sdk.service.conftest import Running
from tests.tiny_lstm import write_small_lstm


def post(service: Running, body: Any, path: str = "/v1/embeddings", **options: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with service.client() as client:
        return client.post(path, content=content, headers={"content-type": "application/json"}, **options)


def message(response: httpx.Response) -> str:
    """The error's text; its shape is always the same."""
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert response.headers["content-type"] == "application/json"
    text: str = error["message"]
    return text


def test_classes_are_the_sdks(service: Running) -> None:
    texts = ["A warm, funny film.", "Two hours that I will never get back."]
    answer = post(service, {"model": "tinylstm-sst2", "input": texts}, "/v1/classify").json()
    with sdk.load("tinylstm-sst2") as model:
        expected = model.classify(texts)
    assert [each["label"] for each in answer["data"]] == [each.label for each in expected]
    assert answer["data"][0]["probabilities"] == pytest.approx(expected[0].probabilities)
    assert answer["usage"]["prompt_tokens"] > 10


GOOD = {"model": "static-en-micro", "input": "hello"}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "not valid JSON"),
        (b"", 400, ""),
        (b'{"model": "static-en-micro", "input": "\xff"}', 400, "UTF-8"),
        (b"[" * 100_000, 400, ""),
        (b'{"model": "static-en-micro", "input": "\\ud800"}', 400, "lone surrogate"),
        (b'{"model": "static-en-micro", "input": ["a", "\\udfff b"]}', 400, "lone surrogate"),
        (b'{"model": "\\ud800", "input": "a"}', 404, "not served"),
        (b'{"\\ud800": 1}', 400, "model"),
        ([], 400, ""),
        ({"model": "static-en-micro"}, 400, "input"),
        ({**GOOD, "input": []}, 400, "from 1 to 500"),
        ({**GOOD, "input": ["x"] * 501}, 400, "501 texts"),
        ({**GOOD, "input": ["x"] * 100_000}, 400, "100,000 texts"),
        ({**GOOD, "input": [[1, 2]]}, 400, "token ids"),
        ({**GOOD, "input": {"a": 1}}, 400, "a text or a list"),
        ({**GOOD, "input": ["a", None]}, 400, "input"),
        ({**GOOD, "dimensions": 0}, 400, "dimensions"),
        ({**GOOD, "dimensions": "8"}, 400, "dimensions"),
        ({**GOOD, "encoding_format": "hex"}, 400, "encoding_format"),
        ({**GOOD, "model": "static-english"}, 404, "not served"),
        ({**GOOD, "model": 5}, 400, "model"),
        ({**GOOD, "input": "x" * 10_000_000}, 413, "larger than 1,000,000 bytes"),
    ],
)
def test_bad_requests_say_what_is_wrong(service: Running, body: Any, status: int, said: str) -> None:
    response = post(service, body)
    assert response.status_code == status
    assert said in message(response)


def test_a_body_that_does_not_say_how_long_it_is_is_limited_too(service: Running) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b" " * 50_000

    with service.client() as client:
        response = client.post("/v1/embeddings", content=endless())
    assert response.status_code == 413


def test_a_model_that_only_embeds_does_not_classify(service: Running) -> None:
    response = post(service, GOOD, "/v1/classify")
    assert response.status_code == 400
    assert "/v1/embeddings" in message(response)


def test_wrong_paths_and_methods(service: Running) -> None:
    with service.client() as client:
        for response, status in (
            (client.get("/v2/embeddings"), 404),
            (client.get("/v1/embeddings"), 405),
            (client.post("/healthz"), 405),
        ):
            assert response.status_code == status
            assert message(response)


def test_it_can_be_watched(service: Running) -> None:
    with service.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        answer = client.post("/v1/embeddings", json=GOOD, headers={"x-request-id": "mine-1"})
        assert answer.headers["x-request-id"] == "mine-1"
        for odd in range(50):
            client.get(f"/no/{odd}")
        text = client.get("/metrics").text
    assert 'edgezoo_texts_total{model="static-en-micro"}' in text
    assert 'edgezoo_requests_total{method="POST",path="/v1/embeddings",status="200"}' in text
    assert "/no/" not in text
    (line,) = [line for line in service.lines() if line.get("id") == "mine-1"]
    assert (line["status"], line["model"], line["texts"]) == (200, "static-en-micro", 1)


def test_the_document_describes_it(service: Running) -> None:
    with service.client() as client:
        document = client.get("/openapi.json").json()
        assert "swagger" in client.get("/docs").text
    answers = document["paths"]["/v1/embeddings"]["post"]["responses"]
    assert {"200", "400", "401", "404", "413", "429"} <= set(answers)
    assert "422" not in answers


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "keys").write_text("first-key\nsecond-key\n")
    bundle = write_small_bundle(folder / "small.ezb")
    running = Running(folder / "log", str(bundle), "--keys", str(folder / "keys"), "--timeout", "1")
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic first-key", "first-key"])
def test_without_a_valid_key_there_is_no_answer(guarded: Running, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    with guarded.client(headers=headers) as client:
        for response in (client.post("/v1/embeddings", json=GOOD), client.get("/v1/models")):
            assert response.status_code == 401
            assert "Authorization: Bearer KEY" in message(response)
        assert client.get("/healthz").status_code == 200


def test_every_key_opens(guarded: Running) -> None:
    for key in ("first-key", "second-key"):
        with guarded.client(headers={"authorization": f"Bearer {key}"}) as client:
            body = {"model": "small", "input": "the cat"}
            assert client.post("/v1/embeddings", json=body).status_code == 200
    assert "first-key" not in "".join(map(str, guarded.lines()))


def test_a_body_that_never_comes_is_not_waited_for(guarded: Running) -> None:
    fields = (b"Host: x", b"Authorization: Bearer first-key", b"Content-Length: 9")
    head = b"POST /v1/embeddings HTTP/1.1\r\n" + b"\r\n".join(fields) + b"\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(4096).startswith(b"HTTP/1.1 408")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The OpenAPI document of a service of small models, and the service behind it."""
    folder = tmp_path_factory.mktemp("schema")
    models = (write_small_bundle(folder / "a.ezb"), write_small_lstm(folder / "b.ezb"))
    app = create_app(Settings(models=tuple(map(str, models)), max_batch=8, max_body=100_000))
    loaded = schemathesis.openapi.from_asgi("/openapi.json", app)
    for name in ("EmbeddingRequest", "ClassificationRequest"):  # else hardly a request would get to a model
        properties = loaded.raw_schema["components"]["schemas"][name]["properties"]
        properties["model"]["enum"] = ["small", "gpt-9"]
    return loaded


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_whatever_the_schema_allows_or_forbids_is_answered_as_documented(
    schema: Any, mode: GenerationMode
) -> None:
    checks = [not_a_server_error, response_schema_conformance, status_code_conformance]
    tried = set()

    def try_out(operation: Any) -> None:
        @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            tried.add(case.call_and_validate(checks=checks).status_code)

        run()

    for operation in (found.ok() for found in schema.get_all_operations()):
        if mode is GenerationMode.POSITIVE or operation.method == "post":  # the others can't be asked wrong
            try_out(operation)
    assert tried >= ({200, 400, 404} if mode is GenerationMode.POSITIVE else {400})


def test_keys_are_in_the_document_where_they_are_asked_for(small_bundle: Path) -> None:
    app = create_app(Settings(models=(str(small_bundle),), api_keys=frozenset({"key"})))
    paths = app.openapi()["paths"]
    assert paths["/v1/embeddings"]["post"]["security"] == [{"key": []}]
    assert "security" not in paths["/healthz"]["get"]
