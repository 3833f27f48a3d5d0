"""``broadsheet import``: files into the library."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.output import Json, note, opened, print_json, progress_bar
from broadsheet.errors import SourceError
from broadsheet.model import IngestReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from broadsheet.library import Library
    from broadsheet.ports import Source


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(name="import")(import_files)


def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or BEIR folders.")],
    wait: Annotated[
        bool, typer.Option("--wait", help="Return only when all can be found by meaning too.")
    ] = False,
    json: Json = False,
) -> None:
    """Read papers from files: references, JSON Lines, answers of services, captured pages.

    What a file is, BibTeX, RIS, CSL-JSON, EndNote, Zotero, PubMed, arXiv's snapshot, OpenAlex,
    Crossref, Semantic Scholar and more, packed or not, is told by its content.
    Repeating an import changes nothing. What cannot be read is kept in quarantine with the
    reason. The papers can be found by word when the command ends, by meaning as soon as
    `broadsheet serve` or --wait has encoded them.

    Example: broadsheet import daily-papers.jsonl.zst refs.bib pages/*.txt
    """
    from broadsheet.sources import open_files
    from broadsheet.sources.ahead import few_cycles

    with opened(context) as library:
        sources = open_files(files)
        with few_cycles():
            report, errors = _ingest(library, sources)
        started = time.monotonic()
        with progress_bar("Indexing") as move:
            library.catch_up(is_encoding=wait, progress=move)
        index_seconds = time.monotonic() - started
    if json:
        print_json(report_json(report, index_seconds=index_seconds, errors=errors))
    else:
        print_report(report)
    for error in errors:
        note(f"broadsheet: {error}")
    if errors:
        raise typer.Exit(1)


def _ingest(library: Library, sources: Sequence[Source]) -> tuple[IngestReport, list[str]]:
    total = IngestReport(papers=library.store.counts()["papers"])
    errors = []
    for source in sources:
        with show_rate(source.name) as show:
            try:
                report = library.ingest(source, progress=show)
            except SourceError as error:
                errors.append(str(error))
                continue
        total = add_reports(total, report)
    return total, errors


def add_reports(total: IngestReport, report: IngestReport) -> IngestReport:
    """Return the sums of two reports."""
    reasons = dict(total.reasons)
    for reason, count in report.reasons.items():
        reasons[reason] = reasons.get(reason, 0) + count
    names = ("read", "new", "merged", "unchanged", "waiting", "quarantined", "seconds")
    sums: dict[str, Any] = {name: getattr(total, name) + getattr(report, name) for name in names}
    return replace(total, **sums, reasons=reasons, papers=report.papers)


@contextmanager
def show_rate(name: str) -> Iterator[Callable[[IngestReport], None] | None]:
    """Keep one line on a terminal's standard error up to date: how many, how fast."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"Reading {name}") as status:
        yield lambda report: status.update(_so_far(name, report))


@contextmanager
def show_rates() -> Iterator[Callable[[str, IngestReport], None]]:
    """Keep a line for each of several sources; what is yielded may be called from any thread."""
    if not sys.stderr.isatty():
        yield lambda _name, _report: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as lines:
        tasks: dict[str, TaskID] = {}

        def show(name: str, report: IngestReport) -> None:
            line = escape(_so_far(name, report))
            if name in tasks:
                lines.update(tasks[name], description=line)
            else:
                tasks[name] = lines.add_task(line, total=None)

        yield show


def _so_far(name: str, report: IngestReport) -> str:
    rate = report.read / report.seconds if report.seconds else 0.0
    return (
        f"Reading {name}: {report.read:,} records, {rate:,.0f}/s, "
        f"{report.new:,} new, {report.quarantined:,} quarantined"
    )


def report_json(
    report: IngestReport, *, index_seconds: float, errors: Sequence[str]
) -> dict[str, object]:
    """Return a report as a command prints it."""
    return {
        "read": report.read,
        "new": report.new,
        "merged": report.merged,
        "unchanged": report.unchanged,
        "waiting": report.waiting,
        "quarantined": report.quarantined,
        "seconds": round(report.seconds, 3),
        "index_seconds": round(index_seconds, 3),
        "papers": report.papers,
        "reasons": dict(report.reasons),
        "errors": list(errors),
    }


def print_report(report: IngestReport) -> None:
    """Print a report for people."""
    rate = report.read / report.seconds if report.seconds else 0.0
    typer.echo(
        f"Read {report.read:,} records in {report.seconds:.1f} s ({rate:,.0f}/s): "
        f"{report.new:,} new, {report.merged:,} merged, {report.unchanged:,} unchanged"
        + (f", {report.waiting:,} waiting for their papers" if report.waiting else "")
        + f", {report.quarantined:,} quarantined."
    )
    for reason, count in sorted(report.reasons.items(), key=lambda item: (-item[1], item[0])):
        typer.echo(f"  {count:,} x {reason}")
    typer.echo(f"The library holds {report.papers:,} papers.")
