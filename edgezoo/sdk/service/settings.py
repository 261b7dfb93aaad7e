"""What the service is told at its start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgezoo.errors import InputError

KEYS_VARIABLE = "EDGEZOO_API_KEYS"


@dataclass(frozen=True)
class Settings:
    """Which models are served, to whom, and how much of them at once.

    models: names or paths; none: every model of the zoo. api_keys: without any, everybody may ask. max_body:
    bytes of a request. max_batch: texts of a request. capacity: requests that are in the house at once; those
    beyond it are told to come again. timeout: seconds from a request's first byte to its answer.
    """

    models: tuple[str, ...] = ()
    api_keys: frozenset[str] = frozenset()
    max_body: int = 4_000_000
    max_batch: int = 2048
    capacity: int = 64
    timeout: float = 30.0
    threads: int = os.cpu_count() or 1


def read_keys(file: Path | None) -> frozenset[str]:
    """The API keys in a file, one a line, or else in the environment's EDGEZOO_API_KEYS, between commas.

    Raises InputError for a file without keys: it would open the service to everybody.
    """
    if file is None:
        return frozenset(filter(None, map(str.strip, os.environ.get(KEYS_VARIABLE, "").split(","))))
    keys = frozenset(filter(None, map(str.strip, file.read_text(encoding="utf-8").splitlines())))
    if not keys:
        raise InputError(
            f"{file} holds no key; write one a line, or leave the option out to let everybody in"
        )
    return keys
