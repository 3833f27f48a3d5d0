"""Rows become what they mean: the reads that writer and readers share."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from broadsheet.model import Signal, SignalKind
from broadsheet.store import schema
from broadsheet.store.database import chunks, rows_among
from broadsheet.store.names import name
from broadsheet.text.digest import record_of
from broadsheet.text.sheet import paper_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection, Select

    from broadsheet.model import Identifier, Paper, Record

PAPER = (
    schema.papers.c.key,
    schema.papers.c.body,
    schema.papers.c.votes,
    schema.papers.c.comments,
    schema.papers.c.stars,
)
SIGNAL = (
    schema.signals.c.paper,
    schema.signals.c.kind,
    schema.signals.c.value,
    schema.signals.c.at,
    schema.signals.c.origin,
    schema.signals.c.via,
    schema.signals.c.actor,
)
_KINDS = {kind.value: kind for kind in SignalKind}


def find(connection: Connection, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
    """Map each identifier that some paper has to that paper's key."""
    asked = {name(str(identifier)): identifier for identifier in identifiers}
    return {asked[found]: paper for found, paper in owners(connection, asked).items()}


def owners(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Map each name that some paper goes by, as the table holds it, to that paper's key."""
    table = schema.identifiers.c
    rows = rows_among(connection, (table.name, table.paper), table.name, names)
    return dict(map(tuple, rows))


def load_papers(connection: Connection, keys: Collection[int]) -> dict[int, Paper]:
    """Return the papers of these keys, without those that are gone."""
    rows = rows_among(connection, PAPER, schema.papers.c.key, dict.fromkeys(keys))
    return {key: paper_of(key, body, tuple(totals)) for key, body, *totals in rows}


def load_records(connection: Connection, keys: Collection[int]) -> dict[int, list[Record]]:
    """Return the records of each paper, oldest arrival first."""
    table = schema.records.c
    found: defaultdict[int, list[Record]] = defaultdict(list)
    columns, asked = (table.paper, table.body), dict.fromkeys(keys)
    for paper, body in rows_among(connection, columns, table.paper, asked, order=table.key):
        found[paper].append(record_of(body))
    return dict(found)


def load_signals(connection: Connection, statement: Select[Any]) -> dict[int, list[Signal]]:
    """Return the signals that a SELECT of ``SIGNAL`` finds, by paper."""
    found: defaultdict[int, list[Signal]] = defaultdict(list)
    for paper, kind, value, at, origin, via, actor in connection.execute(statement):
        found[paper].append(
            Signal(kind=_KINDS[kind], value=value, at=at, origin=origin, via=via, actor=actor)
        )
    return dict(found)


def read_papers(connection: Connection, statement: Select[Any]) -> Iterator[Paper]:
    """Yield the papers that a SELECT of ``PAPER`` finds, in its order."""
    for key, body, votes, comments, stars in connection.execute(statement):
        yield paper_of(key, body, (votes, comments, stars))


def resolve(connection: Connection, keys: Collection[int]) -> dict[int, int]:
    """Map keys to the papers that they are now; those gone for good are left out.

    A key that somebody held while its paper was absorbed leads to the paper that it became.
    """
    found: dict[int, int] = {}
    asked = {key: key for key in keys}  # where each has come so far
    while asked:
        here: set[int] = set()
        for chunk in chunks(set(asked.values())):
            column = schema.papers.c.key
            here.update(connection.scalars(select(column).where(column.in_(chunk))))
        found.update((key, now) for key, now in asked.items() if now in here)
        missing = {key: now for key, now in asked.items() if now not in here}
        into: dict[int, int] = {}
        for chunk in chunks(set(missing.values())):
            table = schema.changes.c
            rows = connection.execute(
                select(table.paper, table.absorbed_by).where(
                    table.paper.in_(chunk), table.absorbed_by.is_not(None)
                )
            )
            into.update((old, new) for old, new in rows)
        asked = {key: into[now] for key, now in missing.items() if now in into}
    return found
