"""Results go to standard output, progress to standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

Result = TypeVar("Result")

_PIPE_WIDTH = 100_000  # programs that read a pipe want a row on a line


def print_json(value: Any) -> None:
    """One value as one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[str] = ()) -> None:
    """A table of plain text, wrapped in a terminal only; columns named in `numeric` lean to the right."""
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for column in columns:
        table.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def size_text(size: int) -> str:
    """A size in bytes for people, in decimal units."""
    return f"{size / 1e6:.2f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def counted(
    title: str, batches: Iterable[tuple[list[str], Result]], *, shown: bool = True
) -> Iterator[tuple[list[str], Result]]:
    """The batches, while a terminal on standard error counts their texts."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn(title), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = not shown or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(title, total=None)
        for batch, result in batches:
            yield batch, result
            progress.advance(task, len(batch))


def print_note(text: str) -> None:
    """A line on standard error."""
    Console(stderr=True).print(text, markup=False, highlight=False)
