"""`edgezoo train` and `edgezoo eval`."""

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from edgezoo.atomic import write_bytes
from edgezoo.errors import needs
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
    work: Annotated[
        Path | None,
        typer.Option(
            "--work",
            metavar="DIR",
            file_okay=False,
            help="Of language models in IPA: where edgezoo train kept the IPA. [it is made anew: minutes]",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the results to FILE.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a model: correlation on STS-B and STS12-16, accuracy and F1 on SST-2, as far as it can do each.

    A language model has bits a character on texts held out of its training, beside a Kneser-Ney n-gram model.

    \b
    edgezoo eval static-en --data path/to/data
    edgezoo eval tinylstm-sst2 --data path/to/data --json
    edgezoo eval static-en --data path/to/data --baselines --out eval.json
    edgezoo eval charlstm-turkic --data path/to/data --work path/to/work
    """
    with needs("evaluation", "eval"):
        from edgezoo.zoo import evaluation

        report = evaluation.evaluate(model, data, baselines=baselines, work=work)
    if out is not None:
        text = jsonlib.dumps(report, indent=1, ensure_ascii=False) + "\n"
        write_bytes(out, text.encode())
    if json:
        print_json(report)
    else:
        for measures in _MEASURES:
            if rows := _rows(report, measures):
                names = [_TITLES.get(measure, measure) for measure in measures]
                print_table(["system", "task", *names], rows, names)


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
    edgezoo train tinylstm-sts --data path/to/data --out build/tinylstm-sts
    edgezoo train static-en --data path/to/data --out build/clinic --words clinical-terms.txt
    """
    with needs("training", "train"):
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


# What a task is measured by, and of how many examples.
_MEASURES = (
    ("spearman", "pearson", "pairs"),
    ("accuracy", "f1", "examples"),
    ("bits", "perplexity", "characters"),
)
_TITLES = {"spearman": "Spearman", "pearson": "Pearson", "f1": "F1", "bits": "bits/char"}
_PLAIN = ("bits", "perplexity")  # all others are told in hundredths


def _rows(report: dict[str, Any], measures: tuple[str, str, str]) -> list[tuple[str, ...]]:
    """The tasks of one kind, as far as each system was measured in them."""
    main, second, count = measures
    systems = {report["model"]: report["results"], **report["baselines"]}
    rows = [
        (
            system,
            task,
            *(_score(score.get(measure), measure) for measure in (main, second)),
            str(score.get(count, "–")),
        )
        for system, results in systems.items()
        for task, score in results.items()
        if main in score and task in report["results"]
    ]
    if not rows:
        return []
    for cited in report["published"]:
        rows += [
            (f"{cited['name']} (published)", task, _score(score, main), "–", "–")
            for task, score in cited.get(main, {}).items()
        ]
    return rows


def _score(value: float | None, measure: str) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if measure in _PLAIN else f"{100 * value:.2f}"
