"""The official client of OpenAI works unmodified."""

import base64
from typing import Any

import numpy as np
import openai
import pytest

from edgezoo import sdk
from tests.sdk.service.conftest import Running

TEXTS = ["I forgot my login", "Nice colours", "", "Ünïcödé 😂 日本"]


@pytest.fixture(scope="module")
def client(service: Running) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{service.url}/v1", api_key="none is asked for", max_retries=0)


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_vectors_are_the_sdks_bits(client: openai.OpenAI, encoding: str | None) -> None:
    options: dict[str, Any] = {} if encoding is None else {"encoding_format": encoding}
    answer = client.embeddings.create(model="static-en-micro", input=TEXTS, **options)
    assert [each.index for each in answer.data] == [0, 1, 2, 3]
    with sdk.load("static-en-micro") as model:
        expected = model.embed(TEXTS)
        tokens = sum(len(model.tokenize(text)) for text in TEXTS)
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (tokens, tokens)
    rows: list[Any] = [each.embedding for each in answer.data]
    if encoding == "base64":
        rows = [np.frombuffer(base64.b64decode(row), "<f4") for row in rows]
    np.testing.assert_array_equal(np.array(rows, dtype=np.float32), expected)


def test_one_text_is_a_batch_of_one(client: openai.OpenAI) -> None:
    (only,) = client.embeddings.create(model="tinylstm", input="hello").data
    assert len(only.embedding) == 256


def test_fewer_dimensions_are_the_first_ones_of_unit_length(client: openai.OpenAI) -> None:
    texts = ["hello", ""]
    answer = client.embeddings.create(model="static-en-micro", input=texts, dimensions=16)
    found = np.array([each.embedding for each in answer.data])
    with sdk.load("static-en-micro") as model:
        cut = model.embed("hello")[:16]
    np.testing.assert_allclose(found[0], cut / np.linalg.norm(cut), atol=1e-6)
    assert not found[1].any()


def test_models_are_listed_and_described(client: openai.OpenAI) -> None:
    assert {model.id for model in client.models.list()} == {"static-en-micro", "tinylstm", "tinylstm-sst2"}
    assert client.models.retrieve("tinylstm").owned_by == "edgezoo"


def test_errors_are_those_that_the_client_knows(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="choose one of: static-en-micro") as missing:
        client.embeddings.create(model="gpt-9", input="hello")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")
    with pytest.raises(openai.BadRequestError, match="has 128; ask for at most so many") as large:
        client.embeddings.create(model="static-en-micro", input="hello", dimensions=129)
    assert large.value.param == "dimensions"
    with pytest.raises(openai.BadRequestError, match="it classifies"):
        client.embeddings.create(model="tinylstm-sst2", input="hello")
    with pytest.raises(openai.BadRequestError, match="token ids"):
        client.embeddings.create(model="static-en-micro", input=[1, 2, 3])
