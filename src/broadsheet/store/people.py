"""What belongs to readers: shelves and votes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from broadsheet.errors import PaperNotFoundError
from broadsheet.model import READERS, Shelf, SignalKind
from broadsheet.store import schema
from broadsheet.store.database import chunks
from broadsheet.store.names import name as to_name
from broadsheet.store.rows import resolve
from broadsheet.store.writer import drop_empty_shelves

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from broadsheet.store.database import Database


class PeopleTables:
    """The PeopleStore of a database."""

    database: Database

    def shelves(self, reader: str, /) -> list[Shelf]:
        """Return the reader's shelves, by name."""
        shelves, shelved = schema.shelves.c, schema.shelved.c
        statement = (
            select(shelves.name, func.count(), func.max(shelved.at))
            .join_from(schema.shelves, schema.shelved)
            .where(shelves.reader == to_name(reader))
            .group_by(shelves.key, shelves.name, shelves.folded)
            .order_by(shelves.folded)
        )
        with self.database.read() as connection:
            return [
                Shelf(reader=reader, name=shelf, papers=papers, updated=updated)
                for shelf, papers, updated in connection.execute(statement)
            ]

    def shelf_keys(self, reader: str, name: str, /) -> list[int]:
        """Return the papers on a shelf, last saved first; an unknown shelf is empty."""
        shelved = schema.shelved.c
        statement = (
            select(shelved.paper)
            .join_from(schema.shelved, schema.shelves)
            .where(_is_shelf(reader, name))
            .order_by(shelved.at.desc(), shelved.paper.desc())
        )
        with self.database.read() as connection:
            return list(connection.scalars(statement))

    def shelve(self, reader: str, name: str, key: int, /, *, at: datetime) -> bool:
        """Put a paper on a shelf, made when missing; tell whether it was not there yet.

        Raises:
            PaperNotFoundError: the paper is gone.
        """
        insert_new = self.database.insert_new
        made = {"reader": to_name(reader), "folded": _folded(name), "name": to_name(name)}
        with self.database.write_alone() as connection:
            present = resolve(connection, [key])
            if key not in present:
                raise PaperNotFoundError(f"paper {key} is gone")
            insert_new(connection, schema.shelves, [made])
            shelf = connection.scalar(select(schema.shelves.c.key).where(_is_shelf(reader, name)))
            put = {"shelf": shelf, "paper": present[key], "at": at}
            return bool(insert_new(connection, schema.shelved, [put]))

    def unshelve(self, reader: str, name: str, key: int, /) -> bool:
        """Take a paper off a shelf; tell whether it was there. The last one takes the shelf."""
        shelf = select(schema.shelves.c.key).where(_is_shelf(reader, name)).scalar_subquery()
        with self.database.write_alone() as connection:
            present = resolve(connection, [key])
            statement = delete(schema.shelved).where(
                schema.shelved.c.shelf == shelf, schema.shelved.c.paper == present.get(key, key)
            )
            was_there = connection.execute(statement).rowcount == 1
            drop_empty_shelves(connection)
        return was_there

    def shelved(self, reader: str, keys: Collection[int], /) -> Mapping[int, Sequence[str]]:
        """Return, for each of these papers that is on a shelf, the names of the shelves."""
        shelves, shelved = schema.shelves.c, schema.shelved.c
        found: defaultdict[int, list[str]] = defaultdict(list)
        if not keys:
            return found
        with self.database.read() as connection:
            for chunk in chunks(dict.fromkeys(keys)):
                statement = (
                    select(shelved.paper, shelves.name)
                    .join_from(schema.shelved, schema.shelves)
                    .where(shelves.reader == to_name(reader), shelved.paper.in_(chunk))
                    .order_by(shelves.folded)
                )
                for paper, shelf in connection.execute(statement):
                    found[paper].append(shelf)
        return dict(found)

    def voted(self, reader: str, keys: Collection[int], /) -> Collection[int]:
        """Return those of these papers for which the reader's newest vote stands at 1."""
        table = schema.signals.c
        newest: dict[int, int] = {}
        if not keys:
            return set()
        with self.database.read() as connection:
            for chunk in chunks(dict.fromkeys(keys)):
                statement = (
                    select(table.paper, table.value)
                    .where(
                        table.paper.in_(chunk),
                        table.kind == SignalKind.VOTE.value,
                        table.origin == READERS,
                        table.actor == to_name(reader),
                    )
                    .order_by(table.at, table.value)
                )
                newest.update((paper, value) for paper, value in connection.execute(statement))
        return {paper for paper, value in newest.items() if value > 0}


def _folded(name: str) -> str:
    return to_name(name.casefold())


def _is_shelf(reader: str, name: str) -> ColumnElement[bool]:
    shelves = schema.shelves.c
    return (shelves.reader == to_name(reader)) & (shelves.folded == _folded(name))
