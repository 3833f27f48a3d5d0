"""``broadsheet quarantine``: what could not be read, why, and reading it again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.output import Json, opened, print_json, print_table
from broadsheet.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from broadsheet.library import Library
    from broadsheet.model import Quarantined

FromSource = Annotated[str, typer.Option("--source", help="Only those of this source.")]
ForReason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Only those whose reason holds this text.")
]
Keys = Annotated[
    list[int] | None, typer.Argument(metavar="[KEY]...", help="Which; all that match when none.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="See, retry, export what could not be read.")
    group.command(name="list")(show_all)
    group.command(name="show")(show_one)
    group.command()(retry)
    group.command()(export)
    group.command()(forget)
    app.add_typer(group, name="quarantine")


def show_all(
    context: typer.Context,
    source: FromSource = "",
    reason: ForReason = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    json: Json = False,
) -> None:
    """List what is in quarantine, newest first.

    Example: broadsheet quarantine list --source arxiv
    """
    from broadsheet.library import quarantine

    with opened(context) as library:
        found = library.store.quarantined(limit=limit, source=source, reason=reason)
    if json:
        print_json({"faults": [quarantine.values(one) for one in found]})
        return
    print_table(
        ["key", "source", "where", "reason"],
        [(one.key, one.fault.source, one.fault.where, one.fault.reason) for one in found],
    )


def show_one(
    context: typer.Context,
    key: Annotated[int, typer.Argument(metavar="KEY", help="As `list` shows it.")],
    json: Json = False,
) -> None:
    """Show one piece with all that was kept of it.

    Example: broadsheet quarantine show 17
    """
    from broadsheet.library import quarantine

    with opened(context) as library:
        values = quarantine.values(_one(library, key))
    if json:
        print_json(values)
        return
    for name, value in values.items():
        typer.echo(f"{name}: {value}")


def retry(
    context: typer.Context,
    keys: Keys = None,
    source: FromSource = "",
    reason: ForReason = "",
    json: Json = False,
) -> None:
    """Read pieces again; what can be kept now leaves quarantine.

    That helps after an update: it is read by the same parser, or by its better successor. What
    was not kept whole says so; its source or its file brings it again.

    Example: broadsheet quarantine retry --source arxiv
    """
    from broadsheet.assemble import reread
    from broadsheet.library import quarantine

    with opened(context) as library:
        done = [
            quarantine.retry(one, library.store, library.clock, read=reread)
            for one in _chosen(library, keys, source=source, reason=reason)
        ]
        library.catch_up(is_encoding=False)
    stay = [one for one in done if not one.is_kept]
    if json:
        reasons = {str(one.key): one.reason for one in stay}
        print_json({"read": len(done), "kept": len(done) - len(stay), "reasons": reasons})
        return
    for one in stay:
        typer.echo(f"{one.key}: {one.reason}")
    typer.echo(f"Read {len(done):,} again: {len(done) - len(stay):,} kept, {len(stay):,} stay.")


def export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Standard output when none is named.")
    ] = None,
    source: FromSource = "",
    reason: ForReason = "",
) -> None:
    """Write what is in quarantine as JSON Lines, newest first.

    Example: broadsheet quarantine export faults.jsonl
    """
    from broadsheet.library import quarantine

    with opened(context) as library:
        lines = quarantine.exported(library.store, source=source, reason=reason)
        if file is None:
            sys.stdout.writelines(lines)
            return
        try:
            with file.open("x", encoding="utf-8") as opened_file:
                opened_file.writelines(lines)
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}", field="FILE") from error


def forget(
    context: typer.Context,
    keys: Keys = None,
    source: FromSource = "",
    reason: ForReason = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All, when nothing else is named.")
    ] = False,
    json: Json = False,
) -> None:
    """Drop pieces from quarantine; what their sources bring again comes back.

    Example: broadsheet quarantine forget --reason "title is empty"
    """
    if not (keys or source or reason or everything):
        raise UsageError("name keys, --source, --reason or --all", field="KEY")
    with opened(context) as library:
        found = [one.key for one in _chosen(library, keys, source=source, reason=reason)]
        count = library.store.forget_quarantined(found)
    if json:
        print_json({"forgotten": count})
    else:
        typer.echo(f"{count:,} forgotten.")


def _chosen(
    library: Library, keys: Sequence[int] | None, *, source: str, reason: str
) -> Iterator[Quarantined]:
    from broadsheet.library import quarantine

    if keys:
        return iter([_one(library, key) for key in keys])
    return quarantine.matching(library.store, source=source, reason=reason)


def _one(library: Library, key: int) -> Quarantined:
    found = library.store.quarantined_one(key)
    if found is None:
        raise NotFoundError(f"nothing in quarantine has the key {key}")
    return found
