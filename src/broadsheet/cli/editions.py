"""``broadsheet edition`` and ``broadsheet trending``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.output import Json, note, opened, print_json, print_table
from broadsheet.model import Period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.model import Edition, Ranked


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(edition)
    app.command()(trending)


def edition(
    context: typer.Context,
    when: Annotated[
        str | None,
        typer.Argument(metavar="[WHEN]", help="2026-08-21, 2026-W34 or 2026-08; default: newest."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many papers.")] = 20,
    json: Json = False,
) -> None:
    """Show the ranked papers of a day, a week or a month.

    Example: broadsheet edition 2026-W34
    """
    from broadsheet.text.days import parse_period

    with opened(context) as library:
        if when is None:
            found = library.latest_edition(limit=limit)
        else:
            period, day = parse_period(when)
            found = library.edition(day, period=period, limit=limit)
    if json:
        print_json(_as_json(found))
        return
    note(
        f"{found.first}"
        + (f" to {found.last}" if found.last != found.first else "")
        + f": {found.total:,} papers, {found.state}. {found.told}"
    )
    _print_ranked(found.papers)


def trending(
    context: typer.Context,
    window: Annotated[Period, typer.Option(help="How far back to look.")] = Period.WEEK,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many papers.")] = 20,
    json: Json = False,
) -> None:
    """Show the hottest papers of the last day, week or month.

    Example: broadsheet trending --window month
    """
    with opened(context) as library:
        papers = library.trending(window, limit=limit)
    if json:
        print_json({"window": window, "papers": [_ranked_as_json(paper) for paper in papers]})
        return
    _print_ranked(papers)
    if not papers:
        note(f"No paper of the last {window} is here; `broadsheet edition` shows the newest.")


def _print_ranked(papers: Sequence[Ranked]) -> None:
    print_table(
        ["rank", "heat", "votes", "id", "title", "why"],
        [
            [row.rank, f"{row.heat:.2f}", row.paper.votes, row.paper.id, row.paper.title, row.why]
            for row in papers
        ],
    )


def _as_json(found: Edition) -> dict[str, Any]:
    return {
        "period": found.period,
        "first": found.first,
        "last": found.last,
        "state": found.state,
        "standing": found.standing,
        "reason": found.reason,
        "total": found.total,
        "announced": found.announced,
        "picked": found.picked,
        "previous": found.previous,
        "next": found.next,
        "papers": [_ranked_as_json(paper) for paper in found.papers],
    }


def _ranked_as_json(row: Ranked) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "id": row.paper.id,
        "title": row.paper.title,
        "heat": row.heat,
        "why": row.why,
        "votes": row.paper.votes,
        "comments": row.paper.comments,
        "authors": list(row.paper.authors),
        "day": row.paper.day,
    }
