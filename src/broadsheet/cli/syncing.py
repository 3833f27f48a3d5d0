"""``broadsheet sync``: sources on the network into the library."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from broadsheet.cli.importing import add_reports, print_report, report_json, show_rates
from broadsheet.cli.output import Json, note, opened, print_json, progress_bar
from broadsheet.errors import ConflictError, SourceError, UsageError
from broadsheet.jobs.ending import Ending
from broadsheet.model import IngestReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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
    cancel: Annotated[
        bool, typer.Option("--cancel", help="End what any process reads, after saving it.")
    ] = False,
    json: Json = False,
) -> None:
    """Read sources on the network now: each from where its last reading came to.

    `broadsheet serve` reads those of the setting `sources`, and those added on its page, by
    itself. Ctrl-C ends a reading when what it has is saved, a second one at once; it goes on
    where it was when it is started again. --cancel ends the readings of another process.

    Example: broadsheet sync arxiv --since 2026-08-01
    """
    from broadsheet.jobs import logs

    if sum([bool(since), full, cancel]) > 1:
        raise UsageError("--since, --full and --cancel exclude each other: name one", field="since")
    day = since.date() if since else None
    with opened(context) as library:
        logs.configure(library.settings.log_level)
        if cancel:
            _cancel(library, sources, json=json)
            return
        ending = Ending()
        plans = _plans(library, sources, is_past=bool(day or full), ending=ending)
        with _ended_by_signals(ending):
            total, errors = _read_all(library, plans, since=day, is_full=full, ending=ending)
            if ending.is_program_over:
                errors.append("stopped; what was read is saved, and the next sync goes on there")
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


def _plans(
    library: Library, sources: Sequence[str] | None, *, is_past: bool, ending: Ending
) -> list[Plan]:
    """Return how to read the sources that were named, or all that are read by themselves."""
    from broadsheet.sources import network
    from broadsheet.sources._turns import Timing
    from broadsheet.sources.schedule import Schedule

    timing = Timing(sleep=ending.wait)
    if not sources:
        known = Schedule(library.settings, timing).plans(library.store.syncs())
        if not known:
            raise UsageError(
                "no source is set: name one (broadsheet sync arxiv), or set `sources`",
                field="sources",
            )
        sources = list(known)
    if is_past:
        sources = [network.kind_of(name).past or name for name in sources]
    return list(network.plans(library.settings, sources, timing=timing).values())


def _listed(library: Library, plan: Plan, known: set[str], *, ending: Ending) -> list[Plan]:
    """Return how to read the sources that one which is a list names, but those that are known."""
    from broadsheet.sources import network

    names = set(network.listed([plan.name], library.store.syncs())) - known
    return _plans(library, sorted(names), is_past=False, ending=ending) if names else []


def _cancel(library: Library, sources: Sequence[str] | None, *, json: bool) -> None:
    """Ask the readings that go on in any process to end."""
    held = [row.source for row in library.store.syncs() if row.holder]
    ended = [name for name in sources or held if library.store.cancel_sync(name)]
    if json:
        print_json({"cancelled": ended})
        return
    for name in ended:
        typer.echo(f"{name} ends as soon as what it has is saved.")
    if not ended:
        typer.echo("Nothing is being read.")


@contextmanager
def _ended_by_signals(ending: Ending) -> Iterator[None]:
    """Let the first Ctrl-C end the reading when it has saved, the second one at once."""

    def end(_number: int, _frame: object) -> None:
        ending.end()
        signal.signal(signal.SIGINT, before)
        note("broadsheet: saving what was read; Ctrl-C again ends at once")

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read_all(
    library: Library, plans: list[Plan], *, since: date | None, is_full: bool, ending: Ending
) -> tuple[IngestReport, list[str]]:
    """Read sources side by side, and those that they list; return what was done, what failed.

    As many are read at once as while serving (``sync_readers``), and still one request at a time
    at each host.

    Raises:
        StoreError: nothing can be saved; the other readings end.
    """
    total = IngestReport()
    failed: dict[str, str] = {}
    known: set[str] = set()
    started = time.monotonic()
    with show_rates() as show:
        read = partial(_read, library, since=since, is_full=is_full, ending=ending, show=show)
        waiting, done = _readers(library.settings.sync_readers, read)
        running = 0
        while plans or running:
            known |= {plan.name for plan in plans}
            running += len(plans)
            for plan in plans:
                waiting.put(plan)
            plan, report, error = done.get()
            running -= 1
            if isinstance(error, Exception):
                ending.end()
                raise error
            total = add_reports(total, report)
            if error:
                failed[plan.name] = error
            plans = [] if ending.is_program_over else _listed(library, plan, known, ending=ending)
    seconds, papers = time.monotonic() - started, library.store.counts()["papers"]
    errors = [f"{name}: {error}" for name, error in sorted(failed.items())]
    return replace(total, seconds=seconds, papers=papers), errors


def _readers(
    count: int, read: Callable[[Plan], tuple[IngestReport, str]]
) -> tuple[Queue[Plan], Queue[tuple[Plan, IngestReport, str | Exception]]]:
    """Start so many threads; return where they take sources from, and where they put reports.

    They are daemons: a second Ctrl-C waits for none of them.
    """
    waiting: Queue[Plan] = Queue()
    done: Queue[tuple[Plan, IngestReport, str | Exception]] = Queue()

    def work() -> None:
        while True:
            plan = waiting.get()
            try:
                report, error = read(plan)
            except Exception as fault:  # noqa: BLE001  # it is raised where the report is awaited
                done.put((plan, IngestReport(), fault))
            else:
                done.put((plan, report, error))

    for number in range(count):
        Thread(target=work, name=f"sync {number + 1}", daemon=True).start()
    return waiting, done


def _read(
    library: Library,
    plan: Plan,
    *,
    since: date | None,
    is_full: bool,
    ending: Ending,
    show: Callable[[str, IngestReport], None],
) -> tuple[IngestReport, str]:
    """Read one source; return what was done, and why it ended early if it did."""
    from broadsheet.jobs import sync as job

    done = IngestReport()

    def keep(report: IngestReport) -> None:
        nonlocal done
        done = report
        show(plan.name, report)

    if ending.is_program_over:
        return done, ""
    try:
        report = job.sync(library, plan, since=since, is_full=is_full, progress=keep, ending=ending)
    except (SourceError, ConflictError) as error:
        return done, str(error)
    return report, ""
