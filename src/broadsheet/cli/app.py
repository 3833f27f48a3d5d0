"""The program ``broadsheet``: its commands, the data folder they share, and their exit codes.

0: done. 1: failed. 2: wrong use.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from broadsheet.cli import (
    editions,
    encoders,
    evaluating,
    importing,
    merging,
    quarantining,
    searching,
    serving,
    settings,
    syncing,
    upkeep,
    watching,
)
from broadsheet.cli.output import fail
from broadsheet.errors import BroadsheetError, UsageError

ARITHMETIC = "OPENBLAS_NUM_THREADS"  # numpy's, read when it is first imported

app = typer.Typer(
    name="broadsheet",
    cls=TyperGroup,
    help="The daily papers on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    """Print the version and end, before a command is missed."""
    if is_asked:
        from broadsheet import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main_options(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="The data folder. Default: BROADSHEET_DATA, or the platform's own place.",
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Take what is common to all commands."""
    # The products of a search are small: on busy cores their threads wait for each other, 70 ms
    # for the sentences of one page in place of 2. Further processes inherit it. A table is
    # trained by large ones.
    if context.invoked_subcommand != "encoder":
        os.environ.setdefault(ARITHMETIC, "1")
    context.obj = data.expanduser() if data else None


for module in (
    *(serving, syncing, importing, quarantining, searching, watching, editions),
    *(merging, upkeep, settings, evaluating, encoders),
):
    module.add_to(app)


def main() -> None:
    """Run the program; mistakes and faults become one line on standard error and an exit code."""
    # At its end the interpreter looks through all objects for some to collect, which takes a
    # quarter of a second of a search, and their room goes back anyway.
    atexit.register(gc.freeze)
    try:
        app()
    except UsageError as error:
        fail(error, status=2)
    except BroadsheetError as error:
        fail(error, status=1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: `broadsheet search ... | head`
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
