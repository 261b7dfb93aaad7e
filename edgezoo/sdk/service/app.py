"""The service's routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Receive, Scope, Send

from edgezoo import __version__
from edgezoo.sdk.service import answers, failures
from edgezoo.sdk.service.answers import Answer, Zoo
from edgezoo.sdk.service.failures import JSON, ApiError
from edgezoo.sdk.service.gate import Direct, Gate
from edgezoo.sdk.service.messages import (
    Classes,
    ClassificationRequest,
    EmbeddingRequest,
    Embeddings,
    ErrorAnswer,
    Model,
    Models,
    Request,
)
from edgezoo.sdk.service.settings import Settings
from edgezoo.sdk.service.watching import Metrics, Tell, log_request

_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The request is wrong; `param` says where."},
    401: {"model": ErrorAnswer, "description": "No valid API key."},
    404: {"model": ErrorAnswer, "description": "There is no such model."},
    408: {"model": ErrorAnswer, "description": "The body did not arrive in time."},
    413: {"model": ErrorAnswer, "description": "The body is too large."},
    429: {"model": ErrorAnswer, "description": "All places are taken; Retry-After says when to come again."},
    503: {"model": ErrorAnswer, "description": "It took too long."},
}

# Characters up to which an answer is made at once: handing it to a thread and back would take longer.
_SHORT = 2000


class Service(FastAPI):
    """The routes behind their gate."""

    gate: Gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        await self.gate(scope, receive, send)


def create_app(settings: Settings, tell: Tell = log_request) -> Service:
    """The ASGI application with its models open; `tell` is told of every request.

    Raises as `edgezoo.sdk.load` does.
    """
    zoo = Zoo(settings.models)
    pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="edgezoo")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        pool.shutdown()
        zoo.close()

    app = Service(
        title="edgezoo",
        version=__version__,
        summary="Tiny text models over HTTP; /v1/embeddings as OpenAI's clients ask for it.",
        lifespan=lifespan,
        redoc_url=None,
    )
    metrics = Metrics()
    failures.install(app)
    direct = _add_answers(app, zoo, pool, settings, metrics)
    _add_models(app, zoo)
    _add_watching(app, metrics)
    app.gate = Gate(super(Service, app).__call__, settings, metrics, direct, tell)
    _document(app, bool(settings.api_keys))
    return app


def _add_answers(
    app: Service, zoo: Zoo, pool: ThreadPoolExecutor, settings: Settings, metrics: Metrics
) -> dict[str, Direct]:
    """What the gate is to answer itself, by path; FastAPI is told of it for the document only."""
    counts = {name: metrics.texts.labels(name) for name in zoo.models}

    async def answer(asked: Request, make: Callable[[list[str]], bytes]) -> Answer:
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if not 1 <= len(texts) <= settings.max_batch:
            message = f"input: {len(texts):,} texts; send from 1 to {settings.max_batch:,} at once"
            raise ApiError(400, message, param="input")
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:
            message = "input: a lone surrogate is no character; send valid Unicode"
            raise ApiError(400, message, param="input", code="invalid_unicode") from None
        if sum(map(len, texts)) <= _SHORT:
            await asyncio.sleep(0)  # let those in who wait at the gate, or be turned away there
            content = make(texts)
        else:
            content = await asyncio.get_running_loop().run_in_executor(pool, make, texts)
        counts[asked.model].inc(len(texts))
        return Answer(content, {"model": asked.model, "texts": len(texts)})

    @app.post("/v1/embeddings", response_model=Embeddings, responses=_ERRORS, tags=["OpenAI"])
    async def embed(asked: EmbeddingRequest) -> Answer:
        """Turn texts into vectors of unit length, in the order of the texts."""
        model = zoo.find(asked.model)
        if not model.dim:
            use = "; it classifies: POST /v1/classify" if model.labels else ""
            message = f"the model {model.name!r} has no vectors{use}"
            raise ApiError(400, message, param="model")
        if asked.dimensions is not None and asked.dimensions > model.dim:
            message = f"dimensions: {model.name} has {model.dim}; ask for at most so many"
            raise ApiError(400, message, param="dimensions")
        return await answer(
            asked, lambda texts: answers.embeddings(model, texts, asked.encoding_format, asked.dimensions)
        )

    @app.post("/v1/classify", response_model=Classes, responses=_ERRORS, tags=["edgezoo"])
    async def classify(asked: ClassificationRequest) -> Answer:
        """Tell what each text is, and how likely each label."""
        model = zoo.find(asked.model)
        if not model.labels:
            use = "; it embeds: POST /v1/embeddings" if model.dim else ""
            message = f"the model {model.name!r} has no classifier{use}"
            raise ApiError(400, message, param="model")
        return await answer(asked, lambda texts: answers.classes(model, texts))

    return {
        "/v1/embeddings": Direct(EmbeddingRequest, embed),
        "/v1/classify": Direct(ClassificationRequest, classify),
    }


def _add_models(app: Service, zoo: Zoo) -> None:
    refused: dict[int | str, dict[str, Any]] = {status: _ERRORS[status] for status in (401, 404)}

    @app.get("/v1/models", response_model=Models, responses={401: refused[401]}, tags=["OpenAI"])
    async def models() -> dict[str, Any]:
        """All models that are served."""
        return {"data": [zoo.described(name) for name in zoo.models]}

    @app.get("/v1/models/{name}", response_model=Model, responses=refused, tags=["OpenAI"])
    async def model(name: str) -> dict[str, Any]:
        """One model."""
        return zoo.described(name)


def _add_watching(app: Service, watched: Metrics) -> None:
    @app.get("/healthz", tags=["operation"], responses={503: {"description": "It is shutting down."}})
    async def health() -> Response:
        """Whether requests are welcome: 503 once the service shuts down."""
        if app.gate.draining:
            return Response('{"status":"draining"}', 503, media_type=JSON)
        return Response('{"status":"ok"}', media_type=JSON)

    @app.get("/metrics", tags=["operation"], response_class=Response)
    async def metrics() -> Response:
        """Counts and times for Prometheus."""
        return Response(generate_latest(watched.registry), media_type=CONTENT_TYPE_LATEST)


def _document(app: Service, keys: bool) -> None:
    """Make the OpenAPI document say what is: FastAPI's 422 is a 400 here, and keys may be needed."""
    document = app.openapi()
    if keys:
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["responses"].pop("422", None)
            if keys and path.startswith("/v1/"):
                operation["security"] = [{"key": []}]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    app.openapi_schema = document
