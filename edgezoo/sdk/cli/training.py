"""`edgezoo train` and `edgezoo eval`."""

import json as jsonlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from edgezoo.atomic import write_bytes
from edgezoo.errors import MissingExtraError
from edgezoo.sdk.cli.output import print_json, print_table
from edgezoo.sdk.cli.vectors import ModelArgument

DataOption = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", envvar="EDGEZOO_DATA", exists=True, file_okay=False, help="Data directory."
    ),
]


def evaluate(
    model: ModelArgument,
    data: DataOption,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Run the baselines on the same data too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the results to FILE.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a model: Spearman and Pearson correlation on STS-B and STS12-16.

    \b
    edgezoo eval static-en --data path/to/data
    edgezoo eval static-en --data path/to/data --baselines --out eval.json
    """
    with _extra("evaluation", "eval"):
        from edgezoo.zoo import evaluation

        report = evaluation.evaluate(model, data, baselines=baselines)
    if out is not None:
        text = jsonlib.dumps(report, indent=1, ensure_ascii=False) + "\n"
        write_bytes(out, text.encode())
    if json:
        print_json(report)
    else:
        print_table(
            ["system", "task", "Spearman", "Pearson", "pairs"],
            _rows(report),
            ["Spearman", "Pearson", "pairs"],
        )


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="The recipe's name, which is the model's.")],
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the model goes.")],
    work: Annotated[
        Path | None,
        typer.Option("--work", metavar="DIR", file_okay=False, help="What stages keep. [OUT/work]"),
    ] = None,
    teacher: Annotated[
        str | None, typer.Option("--teacher", help="A sentence-transformers model: hub id or path. [MiniLM]")
    ] = None,
    weighting: Annotated[
        str, typer.Option("--weighting", help="Of tokens, to begin with: uniform, zipf, tfidf.")
    ] = "best",
    words: Annotated[
        list[Path] | None,
        typer.Option("--words", metavar="FILE", exists=True, help="Terms to add to the vocabulary: a *.txt."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")] = False,
) -> None:
    """Train a model by its recipe; run again to go on after an interruption.

    \b
    edgezoo train static-en-micro --data path/to/data --out build/static-en-micro
    edgezoo train static-en --data path/to/data --out build/clinic --words clinical-terms.txt
    """
    with _extra("training", "train"):
        from edgezoo.zoo import recipes

        recipes.train(
            recipe,
            data,
            out,
            work=work,
            teacher=teacher,
            weighting=weighting,
            words=words or (),
            quiet=quiet,
        )


@contextmanager
def _extra(feature: str, extra: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "edgezoo":
            raise
        raise MissingExtraError(feature, extra) from error


def _rows(report: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    systems = {report["model"]: report["results"], **report["baselines"]}
    rows = [
        (system, task, f"{100 * score['spearman']:.2f}", f"{100 * score['pearson']:.2f}", str(score["pairs"]))
        for system, results in systems.items()
        for task, score in results.items()
    ]
    for cited in report["published"]:
        rows += [
            (f"{cited['name']} (published)", task, f"{100 * score:.2f}", "–", "–")
            for task, score in cited["spearman"].items()
        ]
    return rows
