"""`edgezoo classify`."""

import sys
from typing import Annotated

import typer

from edgezoo import sdk
from edgezoo.sdk.cli.output import counted, print_json, print_table
from edgezoo.sdk.cli.texts import FileOption, gather, in_batches, printable
from edgezoo.sdk.cli.vectors import ModelArgument, TextsArgument, ThreadsOption


def classify(
    model: ModelArgument,
    texts: TextsArgument = None,
    file: FileOption = None,
    threads: ThreadsOption = 1,
    json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each text.")] = False,
) -> None:
    """Tell which label fits a text, and how sure the model is.

    \b
    edgezoo classify tinylstm-sst2 "a warm, funny, engaging film"
    edgezoo classify tinylstm-sst2 --json --file reviews.txt > labels.jsonl
    edgezoo classify tinylstm-sst2 - < reviews.txt
    """
    source = gather(texts or [], file)
    rows = []
    with sdk.load(model) as handle:
        batches = ((batch, handle.classify(batch, threads=threads)) for batch in in_batches(source))
        # Lines of JSON in the same terminal would tear the count.
        for batch, results in counted("classifying", batches, shown=not (json and sys.stdout.isatty())):
            for text, result in zip(batch, results, strict=True):
                if json:
                    print_json({"text": printable(text), **result._asdict()})
                else:
                    rows.append((result.label, f"{result.score:.4f}", printable(text)))
    if not json:
        print_table(["label", "score", "text"], rows, numeric=["score"])
