"""`edgezoo score` and `edgezoo generate`."""

import sys
from typing import Annotated, Any

import typer

from edgezoo import sdk
from edgezoo.sdk.cli.output import print_json, print_note, print_table
from edgezoo.sdk.cli.texts import FileOption, gather, printable
from edgezoo.sdk.cli.vectors import ModelArgument, TextsArgument
from edgezoo.sdk.language_model import Score

JsonOption = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each text.")]


def score(
    model: ModelArgument,
    texts: TextsArgument = None,
    file: FileOption = None,
    detail: Annotated[
        str, typer.Option(help='"summary", or "per_char" for every character\'s surprisal.')
    ] = "summary",
    top_k: Annotated[
        int | None, typer.Option(min=1, help="With per_char: show the likeliest characters of each place.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Tell how likely a text is, in bits a character.

    \b
    edgezoo score charlstm-turkic "jaχʃi"
    edgezoo score charlstm-turkic --detail per_char --top-k 3 "jaχʃi"
    edgezoo score charlstm-turkic --json --file lines.txt > scores.jsonl
    """
    rows = []
    with sdk.load(model) as handle:
        for text in gather(texts or [], file):
            found = handle.score(text, detail=detail, top_k=top_k)
            if found.unknown and not json:
                print_note(f"unknown to {handle.name}: {' '.join(sorted(set(found.unknown)))}")
            if json:
                print_json(_as_json(found))
            elif found.per_char:
                _show_characters(found)
            else:
                rows.append((f"{found.bits:.4f}", f"{found.perplexity:.3f}", str(found.characters), text))
    if rows:
        columns = ["bits/char", "perplexity", "chars", "text"]
        print_table(columns, [(*row[:-1], printable(row[-1])) for row in rows], numeric=columns[:-1])


def _as_json(found: Score) -> dict[str, Any]:
    line = {name: getattr(found, name) for name in Score.__dataclass_fields__}
    line["per_char"] = [
        {**place._asdict(), "top": [likely._asdict() for likely in place.top]} for place in found.per_char
    ]
    return line if found.per_char else {name: value for name, value in line.items() if name != "per_char"}


def _show_characters(found: Score) -> None:
    rows = [
        (
            repr(place.character)[1:-1] if place.character else "end",
            f"{place.surprisal:.3f}",
            "" if place.known else "unknown",
            "  ".join(f"{repr(c)[1:-1] if c else 'end'} {share:.3f}" for c, share in place.top),
        )
        for place in found.per_char
    ]
    print_table(["char", "bits", "", "likeliest"], rows, numeric=["bits"])


def generate(
    model: ModelArgument,
    prompt: Annotated[str, typer.Argument(metavar="[PROMPT]", help="What to go on from.")] = "",
    max_new_tokens: Annotated[int, typer.Option("--max-new-tokens", "-n", help="At most so many.")] = 256,
    temperature: Annotated[float, typer.Option("--temperature", "-t", help="0: the likeliest.")] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Draw among so many likeliest.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw among those of this share.")] = None,
    stop_on_eos: Annotated[bool, typer.Option(help="End where the model ends the text.")] = True,
    stop: Annotated[list[str] | None, typer.Option("--stop", help="End before this; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same text.")] = None,
    num: Annotated[int, typer.Option("--num", help="How many continuations.")] = 1,
    json: JsonOption = False,
) -> None:
    """Write more text, character by character.

    \b
    edgezoo generate charlstm-en "The history of" --seed 7
    edgezoo generate charlstm-turkic --temperature 0.7 --num 3 --json
    """
    settings: dict[str, Any] = {
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "stop_on_eos": stop_on_eos,
        "stop_sequences": stop or (),
        "seed": seed,
    }
    with sdk.load(model) as handle:
        if num == 1 and not json:
            pieces = handle.stream(prompt, **settings)  # refuses what is wrong before anything is printed
            sys.stdout.write(printable(prompt))
            for piece in pieces:
                sys.stdout.write(piece)
                sys.stdout.flush()
            sys.stdout.write("\n")
            return
        found = handle.generate(prompt, num_return_sequences=num, **settings)
        for output in found.outputs:
            if json:
                print_json(output._asdict() | {"meta": found.meta})
            else:
                sys.stdout.write(f"{printable(prompt)}{output.text}\n")
