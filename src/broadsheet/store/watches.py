"""What readers keep searching for: a question under a name, and how far it was looked at."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, insert, select, update

from broadsheet.model import Filters, Mode, Sort, Watch, Wish
from broadsheet.store import schema
from broadsheet.store.names import name as to_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from broadsheet.store.database import Database

_SEVERAL = ("sources", "categories", "topics", "authors", "has")


class WatchTables:
    """The WatchStore of a database."""

    database: Database

    def watches(self, reader: str, /) -> list[Watch]:
        """Return the reader's watches, by name."""
        table = schema.watches.c
        statement = (
            select(schema.watches).where(table.reader == to_name(reader)).order_by(table.folded)
        )
        with self.database.read() as connection:
            return [_watch(row) for row in connection.execute(statement)]

    def watch(self, reader: str, name: str, /) -> Watch | None:
        """Return one watch; None where the reader has none of this name."""
        statement = select(schema.watches).where(_is_watch(reader, name))
        with self.database.read() as connection:
            row = connection.execute(statement).first()
            return None if row is None else _watch(row)

    def keep_watch(self, watch: Watch, /, *, limit: int) -> bool:
        """Keep a watch, in the place of the one of its name; False when ``limit`` are kept."""
        values = {
            "name": to_name(watch.name),
            "search": _text(watch.wish),
            "seen": watch.seen,
            "looked": watch.looked,
        }
        mine = select(schema.watches.c.key).where(schema.watches.c.reader == to_name(watch.reader))
        with self.database.write_alone() as connection:
            replaced = connection.execute(
                update(schema.watches).where(_is_watch(watch.reader, watch.name)).values(values)
            )
            if replaced.rowcount:
                return True
            if len(connection.execute(mine.limit(limit)).all()) == limit:
                return False
            owner = {"reader": to_name(watch.reader), "folded": _folded(watch.name)}
            connection.execute(insert(schema.watches).values(values | owner))
            return True

    def rename_watch(self, reader: str, name: str, other: str, /) -> bool:
        """Give a watch another name; False where there is none, or another one has that name."""
        is_taken = exists().where(
            _is_watch(reader, other), schema.watches.c.folded != _folded(name)
        )
        with self.database.write_alone() as connection:
            if connection.scalar(select(is_taken)):
                return False
            renamed = connection.execute(
                update(schema.watches)
                .where(_is_watch(reader, name))
                .values(name=to_name(other), folded=_folded(other))
            )
            return renamed.rowcount == 1

    def look_at_watch(self, reader: str, name: str, /, *, seen: int, at: datetime) -> bool:
        """Note up to which arrival a watch was looked at; tell whether it is there."""
        statement = (
            update(schema.watches).where(_is_watch(reader, name)).values(seen=seen, looked=at)
        )
        with self.database.write_alone() as connection:
            return connection.execute(statement).rowcount == 1

    def drop_watch(self, reader: str, name: str, /) -> bool:
        """Forget a watch; tell whether it was there."""
        with self.database.write_alone() as connection:
            return (
                connection.execute(delete(schema.watches).where(_is_watch(reader, name))).rowcount
                == 1
            )


def _folded(name: str) -> str:
    return to_name(name.casefold())


def _is_watch(reader: str, name: str) -> ColumnElement[bool]:
    table = schema.watches.c
    return (table.reader == to_name(reader)) & (table.folded == _folded(name))


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        reader=row.reader,
        name=row.name,
        wish=_wish(row.search),
        seen=row.seen,
        looked=row.looked,
    )


def _text(wish: Wish) -> str:
    """Return a search as JSON; what is not set is left out."""
    filters = wish.filters
    days = {"since": filters.since, "until": filters.until}
    values: dict[str, Any] = {
        "text": wish.text,
        "mode": wish.mode.value,
        "sort": wish.sort.value if wish.sort else None,
        **{name: day.isoformat() if day else None for name, day in days.items()},
        **{name: list(getattr(filters, name)) for name in _SEVERAL},
    }
    return json.dumps({name: value for name, value in values.items() if value})


def _wish(text: str) -> Wish:
    values = json.loads(text)
    several: dict[str, Sequence[str]] = {name: tuple(values.get(name, ())) for name in _SEVERAL}
    days = {
        name: date.fromisoformat(values[name]) if name in values else None
        for name in ("since", "until")
    }
    return Wish(
        text=values.get("text", ""),
        mode=Mode(values["mode"]),
        sort=Sort(values["sort"]) if "sort" in values else None,
        filters=Filters(**days, **several),  # type: ignore[arg-type]  # names of fields
    )
