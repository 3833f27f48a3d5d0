"""``broadsheet watch``: searches kept under a name, and what is new of each."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from broadsheet.cli.output import Json, note, opened, print_json, print_table
from broadsheet.model import Mode, Sort

if TYPE_CHECKING:
    from broadsheet.model import Watch

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name it is kept under.")]

watch = typer.Typer(
    help="Keep searches under a name, and see what is new of each.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(watch, name="watch")


@watch.command("list")
def list_watches(context: typer.Context, json: Json = False) -> None:
    """List the searches that are kept, with how many papers are new since they were looked at.

    Example: broadsheet watch list
    """
    with opened(context) as library:
        found = library.watches()
    if json:
        print_json({"watches": [_values(one) | {"new": new} for one, new in found]})
        return
    print_table(["papers", "name", "query"], [[new, one.name, one.wish.text] for one, new in found])
    if not found:
        note("No search is kept yet.")


@watch.command()
def keep(
    context: typer.Context,
    name: Name,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="As in the search box.")],
    mode: Annotated[Mode, typer.Option(help="Which retrievers answer.")] = Mode.HYBRID,
    sort: Annotated[Sort | None, typer.Option(help="The order of the hits.")] = None,
    json: Json = False,
) -> None:
    """Keep a search under a name, in the place of the one that has it.

    Example: broadsheet watch keep bees "pollination cat:q-bio"
    """
    from broadsheet.model import Wish

    with opened(context) as library:
        kept = library.keep_watch(name, Wish(text=" ".join(query), mode=mode, sort=sort))
    _say(kept, f"Kept as {kept.name}.", is_json=json)


@watch.command()
def look(context: typer.Context, name: Name, json: Json = False) -> None:
    """Note that a search was looked at: nothing of it is new until something comes.

    Example: broadsheet watch look bees
    """
    with opened(context) as library:
        looked = library.look_at_watch(name)
    _say(looked, f"Nothing of {looked.name} is new now.", is_json=json)


@watch.command()
def rename(
    context: typer.Context,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW_NAME", help="What to call it.")],
    json: Json = False,
) -> None:
    """Give a search that is kept another name.

    Example: broadsheet watch rename bees "bees and flowers"
    """
    with opened(context) as library:
        renamed = library.rename_watch(name, to)
    _say(renamed, f"Kept as {renamed.name}.", is_json=json)


@watch.command()
def drop(context: typer.Context, name: Name, json: Json = False) -> None:
    """Forget a search that is kept.

    Example: broadsheet watch drop bees
    """
    with opened(context) as library:
        dropped = library.watch(name)
        library.drop_watch(name)
    _say(dropped, f"{dropped.name} is forgotten.", is_json=json)


def _say(one: Watch, sentence: str, *, is_json: bool) -> None:
    if is_json:
        print_json(_values(one))
    else:
        typer.echo(sentence)


def _values(one: Watch) -> dict[str, Any]:
    return {
        "name": one.name,
        "query": one.wish.text,
        "mode": one.wish.mode,
        "sort": one.wish.sort,
        "filters": asdict(one.wish.filters),
        "looked": one.looked,
    }
