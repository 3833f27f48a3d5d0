"""How a command speaks: a table on a terminal, plain text in a pipe, one JSON object on demand."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from broadsheet.errors import BroadsheetError
    from broadsheet.library import Library

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def print_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def note(text: str) -> None:
    """Say something beside the result: on standard error."""
    sys.stderr.write(text + "\n")


def fail(error: BroadsheetError, *, status: int) -> NoReturn:
    """Say what went wrong, as JSON too where that was asked for, and end the program."""
    message = str(error) or type(error).__name__
    if "--json" in sys.argv:
        field = getattr(error, "field", None)
        print_json({"error": {"code": type(error).__name__, "message": message, "field": field}})
    note(f"broadsheet: {message}")
    sys.exit(status)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows: a ruled table on a terminal, tab-separated lines in a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(_flat(cell) for cell in row) + "\n")
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        numeric = column in {"rank", "votes", "comments", "score", "heat", "papers", "value"}
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column == "id")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    Console().print(table)


def _flat(cell: object) -> str:
    return " ".join(str(cell).split())


def _plain(cell: object) -> Any:
    from rich.text import Text

    return Text(_flat(cell))


@contextmanager
def opened(context: typer.Context) -> Iterator[Library]:
    """Open the library of the data folder that was named, and close it again."""
    from broadsheet.assemble import open_library

    library = open_library(context.find_root().obj)
    try:
        yield library
    finally:
        library.close()


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal's standard error; yield what moves it: (done, all)."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
