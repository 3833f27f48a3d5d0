"""What do sources list on a day, and what of it is not here?

A paper is here when some paper has its identifier; so what is missing shrinks by itself, whoever
brings it. The names of papers are kept for two months, their number for ever.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from broadsheet.model import Holding, Identifier, Listed, Scheme
from broadsheet.store import rows, schema
from broadsheet.store.names import name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

    from broadsheet.store.database import Database

KEPT = timedelta(days=62)  # the names of a day's papers


class ListingTables:
    """The ListingStore of a database."""

    database: Database

    def listings(self, first: date, last: date, /) -> list[Holding]:
        """Return what sources list on the days of [first, last], by day, part and source."""
        with self.database.read() as connection:
            return _load(connection, schema.listings.c.day.between(first, last))

    def listed_since(self) -> Mapping[str, date]:
        """Return by part the first day of which any source told what it lists."""
        table = schema.listings.c
        statement = select(table.part, func.min(table.day).label("first")).group_by(table.part)
        with self.database.read() as connection:
            return {row.part: row.first for row in connection.execute(statement)}


def keep(
    database: Database, connection: Connection, listed: Sequence[Listed], *, at: datetime
) -> None:
    """Add to what sources listed before; what is not here is worked out anew."""
    table = schema.listings
    days = [one.day for one in listed]
    known = {
        _place(one.listed): one.listed.papers
        for one in _load(connection, table.c.day.between(min(days), max(days)))
    }
    for one in listed:
        known[_place(one)] = known.get(_place(one), frozenset()) | one.papers
    wanted = {_place(one): known[_place(one)] for one in listed}
    here = set(rows.find(connection, frozenset().union(*wanted.values())))
    values = [
        {
            "day": day,
            "part": name(part),
            "source": name(source),
            "total": len(papers),
            "papers": _text(papers),
            "missing": _text(papers - here),
            "at": at,
        }
        for (day, part, source), papers in wanted.items()
    ]
    columns = ["total", "papers", "missing", "at"]
    connection.execute(database.upsert(table, ["day", "part", "source"], columns), values)
    _forget(connection, at)


def settle(connection: Connection) -> None:
    """Strike out what was missing and has come since."""
    table = schema.listings
    for one in _load(connection, table.c.missing != ""):
        place = (table.c.day == one.listed.day) & (table.c.part == one.listed.part)
        statement = update(table).where(place, table.c.source == one.listed.source)
        connection.execute(statement.values(missing=_text(one.missing)))


def _forget(connection: Connection, at: datetime) -> None:
    table = schema.listings
    is_old = (table.c.day < at.date() - KEPT) & (table.c.papers != "") & (table.c.missing == "")
    connection.execute(update(table).where(is_old).values(papers=""))


def _load(connection: Connection, condition: Any) -> list[Holding]:
    table = schema.listings
    statement = select(table).where(condition).order_by(*table.primary_key.columns)
    found = list(connection.execute(statement))
    asked = frozenset().union(*(_papers(row.missing) for row in found)) if found else frozenset()
    here = frozenset(rows.find(connection, asked)) if asked else frozenset()
    return [_holding(row, here) for row in found]


def _holding(row: Row[Any], here: frozenset[Identifier]) -> Holding:
    listed = Listed(source=row.source, day=row.day, part=row.part, papers=_papers(row.papers))
    missing = _papers(row.missing) - here
    return Holding(listed=listed, total=row.total, missing=missing, at=row.at)


def _place(listed: Listed) -> tuple[date, str, str]:
    return (listed.day, listed.part, listed.source)


def _text(papers: Iterable[Identifier]) -> str:
    return " ".join(sorted(f"{one.scheme.value}:{name(one.value)}" for one in papers))


def _papers(text: str) -> frozenset[Identifier]:
    pairs = (one.partition(":") for one in text.split())
    return frozenset(Identifier(Scheme(scheme), value) for scheme, _, value in pairs)
