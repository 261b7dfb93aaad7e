"""The commands, put together."""

from typing import Annotated

import typer

from edgezoo import __version__
from edgezoo.sdk.cli import (
    benchmarking,
    exporting,
    labels,
    language,
    models,
    serving,
    training,
    vectors,
    verification,
)

app = typer.Typer(
    name="edgezoo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tiny text models that give the same answer on every runtime.

    \b
    edgezoo list                                         what there is
    edgezoo embed static-en "hello world"                text in, vector out
    edgezoo similarity static-en "hi" "hello" "goodbye"  which is nearest
    edgezoo classify tinylstm-sst2 "what a lovely film"  which label fits
    edgezoo export tinylstm-sts --format tflite --out .  for other runtimes
    edgezoo bench tinylstm-sts                           how fast it is here
    """


app.command("list")(models.list_models)
app.command("info")(models.info)
app.command("embed")(vectors.embed)
app.command("similarity")(vectors.similarity)
app.command("classify")(labels.classify)
app.command("score")(language.score)
app.command("generate")(language.generate)
app.command("export")(exporting.export_models)
app.command("check")(models.check)
app.command("verify")(verification.verify)
app.command("bench")(benchmarking.bench)
app.command("dashboard")(benchmarking.dashboard)
app.command("serve")(serving.serve)
app.command("eval")(training.evaluate)
app.command("train")(training.train)
