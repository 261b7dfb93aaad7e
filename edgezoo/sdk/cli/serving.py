"""`edgezoo serve`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from edgezoo.errors import needs


def serve(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help="Names, or paths of .ezb files. [all names]")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")] = 8000,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="API keys, one a line. [EDGEZOO_API_KEYS]",
        ),
    ] = None,
    max_body: Annotated[int, typer.Option("--max-body", min=1, help="Bytes of a request.")] = 4_000_000,
    max_batch: Annotated[int, typer.Option("--max-batch", min=1, help="Texts of a request.")] = 2048,
    capacity: Annotated[
        int, typer.Option("--capacity", min=1, help="Requests at once; others are told to come again.")
    ] = 64,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds for a request.")] = 30.0,
    threads: Annotated[int | None, typer.Option("--threads", "-j", min=1, help="Threads. [cores]")] = None,
) -> None:
    """Serve models over HTTP; /v1/embeddings is for OpenAI's clients, /docs lists the rest.

    Logs are JSON on standard error. SIGTERM finishes what has begun, then stops.

    \b
    edgezoo serve
    edgezoo serve static-en tinylstm --host 0.0.0.0 --port 8080 --keys keys.txt
    """
    with needs("serving", "serve"):
        from edgezoo.sdk.service import server
        from edgezoo.sdk.service.settings import Settings, read_keys

        settings = Settings(
            models=tuple(models or ()),
            api_keys=read_keys(keys),
            max_body=max_body,
            max_batch=max_batch,
            capacity=capacity,
            timeout=timeout,
            threads=threads or os.cpu_count() or 1,
        )
        server.serve(settings, host, port)
