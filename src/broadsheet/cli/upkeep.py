"""``broadsheet check``, ``reindex``, ``backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.output import Json, opened, print_json, progress_bar


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(check)
    app.command()(reindex)
    app.command()(backup)
    app.command()(restore)


def check(context: typer.Context, json: Json = False) -> None:
    """Verify store, change log and indexes against each other; exit 1 when something is wrong.

    Example: broadsheet check --json
    """
    with opened(context) as library:
        report = library.check()
    if json:
        print_json(
            {
                "ok": report.ok,
                "papers": report.papers,
                "indexed": report.indexed,
                "encoded": report.encoded,
                "problems": list(report.problems),
            }
        )
    else:
        typer.echo(
            f"{report.papers:,} papers, {report.indexed:,} found by word, "
            f"{report.encoded:,} by meaning."
        )
        for problem in report.problems:
            typer.echo(f"  {problem}")
        typer.echo("All is well." if report.ok else "Something is wrong: see above.")
    if not report.ok:
        raise typer.Exit(1)


def reindex(
    context: typer.Context,
    json: Json = False,
) -> None:
    """Build the indexes anew from the store.

    Example: broadsheet reindex
    """
    with opened(context) as library:
        with progress_bar("Indexing") as move:
            library.reindex(progress=move)
        status = library.engine.status()
    if json:
        print_json({"indexed": status.indexed, "encoded": status.encoded})
    else:
        typer.echo(f"{status.indexed:,} papers found by word, {status.encoded:,} by meaning.")


def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    json: Json = False,
) -> None:
    """Write a consistent copy of the store to one file, also while `serve` runs.

    The indexes are not in it: they are built from the store.

    Example: broadsheet backup broadsheet-2026-08-21.db
    """
    with opened(context) as library:
        library.store.backup(target)
        papers = library.store.counts()["papers"]
    if json:
        print_json({"file": str(target), "bytes": target.stat().st_size, "papers": papers})
    else:
        typer.echo(f"{target}: {papers:,} papers, {target.stat().st_size:,} bytes.")


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    json: Json = False,
) -> None:
    """Fill an empty library from a backup, and index it.

    Example: broadsheet --data new restore broadsheet-2026-08-21.db
    """
    from broadsheet.assemble import restore_library

    restore_library(source, context.find_root().obj)
    with opened(context) as library:
        library.forget_indexes()
        with progress_bar("Indexing") as move:
            library.catch_up(is_encoding=False, progress=move)
        papers = library.store.counts()["papers"]
    if json:
        print_json({"papers": papers})
    else:
        typer.echo(f"{papers:,} papers restored.")
