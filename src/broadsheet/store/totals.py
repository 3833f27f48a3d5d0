"""A paper's votes, comments and stars: what its signals add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select, update

from broadsheet.model import SignalKind
from broadsheet.store import schema
from broadsheet.store.database import chunks

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

COUNTED = {SignalKind.VOTE: "votes", SignalKind.COMMENT: "comments", SignalKind.STAR: "stars"}


def sums(connection: Connection, condition: ColumnElement[bool]) -> dict[tuple[int, str], int]:
    """Map (paper, column) to the sum, over origins and actors, of the newest value of each.

    Of two values at one time the larger counts; how a value was seen (``via``) does not matter.
    """
    table = schema.signals.c
    place = func.row_number().over(
        partition_by=(table.paper, table.kind, table.origin, table.actor),
        order_by=(table.at.desc(), table.value.desc()),
    )
    newest = (
        select(table.paper, table.kind, table.value, place.label("place"))
        .where(condition, table.kind.in_([kind.value for kind in COUNTED]))
        .subquery()
    )
    statement = (
        select(newest.c.paper, newest.c.kind, func.sum(newest.c.value))
        .where(newest.c.place == 1)
        .group_by(newest.c.paper, newest.c.kind)
    )
    return {
        (paper, COUNTED[SignalKind(kind)]): int(total)
        for paper, kind, total in connection.execute(statement)
    }


def update_totals(connection: Connection, keys: Collection[int]) -> None:
    """Bring the totals of these papers up to date."""
    values = []
    for chunk in chunks(sorted(keys)):
        found = sums(connection, schema.signals.c.paper.in_(chunk))
        values += [
            {"known": key} | {column: found.get((key, column), 0) for column in COUNTED.values()}
            for key in chunk
        ]
    if values:
        statement = update(schema.papers).where(schema.papers.c.key == bindparam("known"))
        connection.execute(statement, values)
