"""``broadsheet sync``: sources on the network into the library."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from broadsheet.cli.importing import add_reports, print_report, report_json, show_rate
from broadsheet.cli.output import Json, note, opened, print_json, progress_bar
from broadsheet.errors import ConflictError, SourceError, UsageError
from broadsheet.model import IngestReport

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.library import Library
    from broadsheet.sources.network import Plan


class _WithSources(TyperCommand):
    """The command, whose help ends with the table of sources."""

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:  # types that Typer hides
        """Write the table of sources."""
        from broadsheet.sources.network import KINDS

        with formatter.section("Sources"):
            formatter.write_dl([(kind.form, kind.reads) for kind in KINDS], col_max=20)


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(cls=_WithSources)(sync)


def sync(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...", help="Which; all of the settings when none is named."
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Read what appeared or changed since this day."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read all there is.")] = False,
    json: Json = False,
) -> None:
    """Read sources on the network now: each from where its last reading came to.

    `broadsheet serve` reads those of the setting `sources` by itself. A run that is stopped goes
    on where it was when it is started again.

    Example: broadsheet sync arxiv --since 2026-08-01
    """
    from broadsheet.sources import network

    if since and full:
        raise UsageError("--since and --full exclude each other: name one", field="since")
    day = since.date() if since else None
    with opened(context) as library:
        names = list(sources or filter(None, map(str.strip, library.settings.sources.split(","))))
        if not names:
            raise UsageError(
                "no source is set: name one (broadsheet sync arxiv), or set `sources`",
                field="sources",
            )
        if day or full:
            names = [network.kind_of(name).past or name for name in names]
        plans = network.plans(library.settings, names).values()
        total = IngestReport(papers=library.store.counts()["papers"])
        errors = []
        for plan in plans:
            report, error = _read(library, plan, since=day, is_full=full)
            total = add_reports(total, report)
            errors += [f"{plan.name}: {error}"] if error else []
        started = time.monotonic()
        with progress_bar("Indexing") as move:
            library.catch_up(is_encoding=False, progress=move)
        index_seconds = time.monotonic() - started
    if json:
        print_json(report_json(total, index_seconds=index_seconds, errors=errors))
    else:
        print_report(total)
    for error in errors:
        note(f"broadsheet: {error}")
    if errors:
        raise typer.Exit(1)


def _read(
    library: Library, plan: Plan, *, since: date | None, is_full: bool
) -> tuple[IngestReport, str]:
    """Read one source; return what was done, and why it ended early if it did."""
    from broadsheet.jobs import sync as job

    done = IngestReport(papers=library.store.counts()["papers"])

    with show_rate(plan.name) as show:

        def keep(report: IngestReport) -> None:
            nonlocal done
            done = report
            if show is not None:
                show(report)

        try:
            report = job.sync(library, plan, since=since, is_full=is_full, progress=keep)
        except (SourceError, ConflictError) as error:
            return replace(done, papers=library.store.counts()["papers"]), str(error)
    return report, ""
