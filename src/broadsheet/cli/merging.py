"""``broadsheet merges``, ``merge`` and ``unmerge``: which records are one paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.output import Json, opened, print_json

if TYPE_CHECKING:
    from broadsheet.model import Merge, Paper

PaperId = Annotated[str, typer.Argument(metavar="ID", help="A paper, by any of its ids.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(merges)
    app.command()(merge)
    app.command()(unmerge)


def merges(
    context: typer.Context,
    paper: Annotated[
        str | None, typer.Argument(metavar="ID", help="Of this paper only. Default: of all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """List which records were taken for one paper without a shared id, and why; newest first.

    Example: broadsheet merges arXiv:2401.01234
    """
    with opened(context) as library:
        found = library.merges(library.paper(paper) if paper else None, limit=limit)
        papers = {one.key: one for one in library.store.papers([one.paper for one in found])}
    if json:
        print_json({"merges": [_values(one, papers.get(one.paper)) for one in found]})
        return
    from broadsheet.library.provenance import sentence

    for one in found:
        undone = f" (undone {one.undone:%Y-%m-%d})" if one.undone else ""
        name = papers[one.paper].id if one.paper in papers else "gone"
        typer.echo(f"{one.key}  {one.at:%Y-%m-%d}  {name}: {sentence(one)}{undone}")


def merge(context: typer.Context, one: PaperId, other: PaperId, json: Json = False) -> None:
    """Say that two papers are one; the addresses of both lead to it from then on.

    Votes, shelves and deliveries of both are kept. `broadsheet unmerge` takes it back.

    Example: broadsheet merge arXiv:2401.01234 acl:2024.acl-long.1
    """
    with opened(context) as library:
        paper = library.unite(one, other)
        library.catch_up(is_encoding=False)
        number = library.merges(paper, limit=1)[0].key
    if json:
        print_json({"paper": paper.id, "merge": number})
    else:
        typer.echo(f"They are one paper now, {paper.id}. To undo: broadsheet unmerge {number}")


def unmerge(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", help="From `broadsheet merges`.")],
    json: Json = False,
) -> None:
    """Undo a merge; the two papers are never merged again by themselves.

    Example: broadsheet unmerge 7
    """
    with opened(context) as library:
        kept, parted = library.part(number)
        library.catch_up(is_encoding=False)
    if json:
        print_json({"kept": kept.id, "parted": parted.id})
    else:
        typer.echo(f"They are two papers now: {kept.id} and {parted.id}.")


def _values(one: Merge, paper: Paper | None) -> dict[str, Any]:
    return {
        "merge": one.key,
        "paper": paper.id if paper else None,
        "reason": one.joint.evidence.reason.value,
        "detail": dict(one.joint.evidence.detail),
        "records": [list(name) for name in one.joint.records],
        "at": one.at.isoformat(),
        "undone": one.undone.isoformat() if one.undone else None,
    }
