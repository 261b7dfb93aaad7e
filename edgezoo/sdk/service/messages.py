"""What requests and answers look like; the embeddings as OpenAI defines them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr


def _texts_only(value: Any) -> Any:
    """Clients of OpenAI may send token ids too, of a tokenizer that is not ours."""
    if isinstance(value, list) and value and isinstance(value[0], int | list):
        raise ValueError("token ids are of another tokenizer; send texts")
    if not isinstance(value, str | list):
        raise ValueError("give a text or a list of texts")
    return value


Texts = Annotated[
    StrictStr | list[StrictStr],
    BeforeValidator(_texts_only),
    Field(description="A text, or a list of texts.", examples=["hello world", ["hello", "good morning"]]),
]
ModelName = Annotated[StrictStr, Field(description="One of /v1/models.", examples=["static-en"])]


class Request(BaseModel):
    """What both kinds of request have in common; fields that are not known are passed over."""

    model_config = ConfigDict(extra="ignore")

    model: ModelName
    input: Texts
    user: StrictStr | None = Field(None, description="Passed over.")


class EmbeddingRequest(Request):
    """Texts to turn into vectors."""

    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="Lists of numbers (the default), or the bytes of little-endian float32 in base64."
    )
    dimensions: StrictInt | None = Field(
        None,
        ge=1,
        description="Keep the first so many values of each vector, and make it of unit length again.",
    )


class ClassificationRequest(Request):
    """Texts to classify."""


class Usage(BaseModel):
    """Tokens in the texts."""

    prompt_tokens: int
    total_tokens: int


class Embedding(BaseModel):
    """One vector, of unit length; zeros for a text without known tokens."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Embeddings(BaseModel):
    """Vectors in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage


class Class(BaseModel):
    """What one text is: the likeliest label, its probability, and those of all labels."""

    object: Literal["classification"] = "classification"
    index: int
    label: str
    score: float
    probabilities: dict[str, float]


class Classes(BaseModel):
    """Answers in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Class]
    model: str
    usage: Usage


class Model(BaseModel):
    """A model that is served: what it can do."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(description="When its file was written, in seconds since 1970.")
    owned_by: str = "edgezoo"
    description: str
    dimensions: int = Field(description="Of its vectors; 0: it only classifies.")
    labels: list[str] = Field(description="What it tells apart; none: it only embeds.")


class Models(BaseModel):
    """All models that are served."""

    object: Literal["list"] = "list"
    data: list[Model]


class Error(BaseModel):
    """What was wrong and what to do."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorAnswer(BaseModel):
    """An error in OpenAI's shape."""

    error: Error
