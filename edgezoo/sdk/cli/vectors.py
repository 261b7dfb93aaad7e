"""`edgezoo embed` and `edgezoo similarity`."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from edgezoo import sdk
from edgezoo.atomic import write_bytes
from edgezoo.errors import InputError
from edgezoo.sdk.cli.output import counted, print_json, print_note, print_table
from edgezoo.sdk.cli.texts import FileOption, gather, in_batches, printable
from edgezoo.sdk.model import Vectors

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model's name, or the path of an .ezb file.")
]
TextsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="TEXT", help='Texts; "-": standard input.')
]
ThreadsOption = Annotated[int, typer.Option("--threads", "-j", min=1, help="Threads to use.")]

_SHOWN_VALUES = 5


def embed(
    model: ModelArgument,
    texts: TextsArgument = None,
    file: FileOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write the vectors to FILE (.npy)."),
    ] = None,
    threads: ThreadsOption = 1,
    json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each text.")] = False,
) -> None:
    """Turn texts into vectors.

    \b
    edgezoo embed static-en "hello world" "good morning"
    edgezoo embed static-en --json - < lines.txt > vectors.jsonl
    edgezoo embed static-en --file lines.txt --out vectors.npy
    """
    if out is not None and json:
        raise InputError("--out and --json exclude each other; choose one")
    source = gather(texts or [], file)
    with sdk.load(model) as handle:
        batches = ((batch, handle.embed(batch, threads=threads)) for batch in in_batches(source))
        if out is not None:
            _save(out, batches, handle.dim)
        elif json:
            for batch, vectors in batches:
                for text, vector in zip(batch, vectors, strict=True):
                    print_json({"text": printable(text), "vector": vector.tolist()})
        else:
            _show(batches, handle.dim)


def similarity(
    model: ModelArgument,
    query: Annotated[str, typer.Argument(help="The text that the others are compared with.")],
    texts: TextsArgument = None,
    file: FileOption = None,
    top: Annotated[
        int, typer.Option("--top", "-n", min=1, help="Show only the N nearest.", metavar="N")
    ] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rank texts by their cosine similarity to a query.

    \b
    edgezoo similarity static-en "reset my password" "I forgot my login" "pizza"
    edgezoo similarity static-en "delivery is late" --file tickets.txt --top 5
    """
    candidates = list(gather(texts or [], file))
    with sdk.load(model) as handle:
        cosines = np.asarray(handle.similarity(query, candidates))
    order = np.argsort(-cosines, kind="stable")[:top]
    if json:
        results = [{"text": printable(candidates[i]), "similarity": float(cosines[i])} for i in order]
        print_json({"query": printable(query), "results": results})
    else:
        rows = [(f"{cosines[i]:.4f}", printable(candidates[i])) for i in order]
        print_table(["similarity", "text"], rows, numeric=["similarity"])


def _show(batches: Iterable[tuple[list[str], Vectors]], dim: int) -> None:
    rows = []
    for batch, vectors in batches:
        for text, vector in zip(batch, vectors, strict=True):
            values = " ".join(f"{value:+.4f}" for value in vector[:_SHOWN_VALUES])
            rows.append((printable(text), f"{values} … ({dim} values)"))
    print_table(["text", "vector"], rows)


def _save(path: Path, batches: Iterable[tuple[list[str], Vectors]], dim: int) -> None:
    parts = [np.empty((0, dim), dtype=np.float32)]
    for _, vectors in counted("embedding", batches):
        parts.append(vectors)
    vectors = np.concatenate(parts)
    content = BytesIO()
    np.save(content, vectors)
    write_bytes(path, content.getvalue())
    print_note(f"wrote float32 {list(vectors.shape)} to {path}")
