"""Why papers are one, which are kept apart, and how a merge is taken back."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, or_, select, update

from broadsheet.errors import StoreError
from broadsheet.model import Evidence, Joint, Merge, Reason
from broadsheet.ports import TeamMatch
from broadsheet.store import bodies, schema
from broadsheet.store.database import among, chunks
from broadsheet.store.names import name
from broadsheet.text.digest import identifier_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select, Table

    from broadsheet.ports import PaperWrite
    from broadsheet.store.database import Database

SIGNAL_COLUMNS = ("kind", "origin", "actor", "at", "via", "value")
HELD = (schema.shelved, schema.ledger)  # what readers and subscribers hold: both, after a split


def find_teams(connection: Connection, teams: Collection[int]) -> dict[int, list[TeamMatch]]:
    """Map each team that papers have to those papers, by key."""
    table = schema.papers.c
    found: defaultdict[int, list[TeamMatch]] = defaultdict(list)
    for chunk in chunks(dict.fromkeys(teams)):
        statement = (
            select(table.team, table.key, table.title_key)
            .where(among(connection, table.team, chunk))
            .order_by(table.key)
        )
        for team, key, title_key in connection.execute(statement):
            found[team].append(TeamMatch(key=key, title_key=title_key))
    return dict(found)


def find_apart(connection: Connection, keys: Collection[int]) -> dict[int, set[int]]:
    """Map each of these papers that is kept apart from others to those others."""
    table = schema.apart.c
    found: defaultdict[int, set[int]] = defaultdict(set)
    for chunk in chunks(dict.fromkeys(keys)):
        condition = among(connection, table.paper, chunk)
        statement = select(table.paper, table.other).where(condition)
        for paper, other in connection.execute(statement):
            found[paper].add(other)
    return dict(found)


def read_merges(connection: Connection, statement: Select[Any]) -> list[Merge]:
    """Return the merges that a SELECT of the table finds, in its order."""
    return [
        Merge(
            key=row.key,
            paper=row.paper,
            joint=_joint(row.body, row.gone),
            at=row.at,
            undone=row.undone,
        )
        for row in connection.execute(statement)
    ]


def remember(
    connection: Connection, keys: Sequence[int], writes: Sequence[PaperWrite], *, at: datetime
) -> None:
    """Write down why papers are about to be one, with the signals that each of them had.

    Called before anything moves.
    """
    joints = [(key, one) for key, write in zip(keys, writes, strict=True) for one in write.joints]
    if not joints:
        return
    owned = _signals(connection, {each for key, one in joints for each in (key, one.gone) if each})
    values = []
    for key, joint in joints:
        had = owned.get(key, set())
        came = owned.get(joint.gone, set()) | {bodies.signal_row(one) for one in joint.signals}
        rows = [[*row, row in had] for row in sorted(came)]
        values.append(
            {
                "paper": key,
                "gone": joint.gone,
                "body": _joint_body(joint),
                "signals": bodies.storable(json.dumps(rows, ensure_ascii=False)),
                "at": at,
            }
        )
    connection.execute(schema.merges.insert(), values)


def follow(database: Database, connection: Connection, absorbed: Mapping[int, int]) -> None:
    """Let what was remembered of absorbed papers be true of those that took them in."""
    moves = [{"old": old, "into": into} for old, into in absorbed.items()]
    table = schema.merges
    connection.execute(
        update(table).where(table.c.paper == bindparam("old")).values(paper=bindparam("into")),
        moves,
    )
    pairs = _apart_pairs(connection, absorbed)
    if not pairs:
        return
    forget_apart(connection, list(absorbed))
    rows = []
    for (paper, other), since in pairs.items():
        one, two = absorbed.get(paper, paper), absorbed.get(other, other)
        if one != two:
            rows.append({"paper": one, "other": two, "at": since})
    database.insert_new(connection, schema.apart, rows)


def keep_apart(
    database: Database, connection: Connection, one: int, other: int, *, at: datetime
) -> None:
    """Never let two papers become one by themselves."""
    rows = [{"paper": a, "other": b, "at": at} for a, b in ((one, other), (other, one))]
    database.insert_new(connection, schema.apart, rows)


def forget_apart(connection: Connection, keys: Sequence[int]) -> None:
    """Drop these papers from the pairs that are kept apart."""
    table = schema.apart
    for chunk in chunks(keys):
        connection.execute(
            delete(table).where(or_(table.c.paper.in_(chunk), table.c.other.in_(chunk)))
        )


def close(connection: Connection, merge: int, *, at: datetime) -> list[list[Any]]:
    """Mark a merge as undone; return the signals that were the joining side's.

    Raises:
        StoreError: it is unknown, or somebody undid it before.
    """
    table = schema.merges
    done = connection.execute(
        update(table).where(table.c.key == merge, table.c.undone.is_(None)).values(undone=at)
    )
    if done.rowcount != 1:
        raise StoreError(f"merge {merge} is unknown or was undone before")
    rows: list[list[Any]] = json.loads(
        connection.scalar(select(table.c.signals).where(table.c.key == merge)) or "[]"
    )
    return rows


def move_parts(
    database: Database,
    connection: Connection,
    parted: PaperWrite,
    *,
    old: int,
    new: int,
    signals: list[list[Any]],
) -> None:
    """Give the parted paper its records and signals, and a place wherever the other one is."""
    names = list(parted.records)
    records = schema.records
    connection.execute(
        update(records)
        .where(records.c.source == bindparam("a"), records.c.source_id == bindparam("b"))
        .values(paper=new),
        [{"a": name(source), "b": name(found)} for source, found in names],
    )
    _move_signals(database, connection, signals, old=old, new=new)
    for table in HELD:
        _copy(database, connection, table, old=old, new=new)
    inside = {(name(source), name(found)) for source, found in names}
    table = schema.merges
    mine = select(table).where(table.c.paper == old, table.c.undone.is_(None))
    for merge in read_merges(connection, mine):
        if {(name(a), name(b)) for a, b in merge.joint.records} <= inside:
            connection.execute(update(table).where(table.c.key == merge.key).values(paper=new))


def _move_signals(
    database: Database, connection: Connection, signals: list[list[Any]], *, old: int, new: int
) -> None:
    columns = schema.signals.c
    for *values, was_shared in signals:
        row = dict(zip(SIGNAL_COLUMNS, values, strict=True))
        row["at"] = schema.EPOCH + row["at"] * schema.MICROSECOND
        database.insert_new(connection, schema.signals, [row | {"paper": new}])
        if not was_shared:
            condition = [columns[column] == value for column, value in row.items()]
            connection.execute(delete(schema.signals).where(columns.paper == old, *condition))


def _copy(database: Database, connection: Connection, table: Table, *, old: int, new: int) -> None:
    columns = [column for column in table.c if column.name != "paper"]
    source = select(bindparam("new", new, type_=schema.Key), *columns).where(table.c.paper == old)
    connection.execute(
        database.insert(table)
        .from_select(["paper", *(column.name for column in columns)], source)
        .on_conflict_do_nothing()
    )


def _apart_pairs(connection: Connection, keys: Iterable[int]) -> dict[tuple[int, int], datetime]:
    table = schema.apart
    if not connection.scalar(select(func.count()).select_from(table)):
        return {}
    found: dict[tuple[int, int], datetime] = {}
    for chunk in chunks(keys):
        statement = select(table).where(or_(table.c.paper.in_(chunk), table.c.other.in_(chunk)))
        found.update(((row.paper, row.other), row.at) for row in connection.execute(statement))
    return found


def _signals(connection: Connection, keys: Collection[int]) -> dict[int, set[tuple[Any, ...]]]:
    """Return the signals of these papers, their times in microseconds."""
    table = schema.signals
    found: defaultdict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for chunk in chunks(keys):
        for row in connection.execute(select(table).where(table.c.paper.in_(chunk))):
            moment = (row.at - schema.EPOCH) // schema.MICROSECOND
            found[row.paper].add((row.kind, row.origin, row.actor, moment, row.via, row.value))
    return dict(found)


def _joint_body(joint: Joint) -> str:
    body = {
        "reason": joint.evidence.reason.value,
        "detail": dict(joint.evidence.detail),
        "records": joint.records,
        "identifiers": [str(one) for one in joint.identifiers],
    }
    return bodies.storable(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def _joint(body: str, gone: int) -> Joint:
    said = json.loads(body)
    return Joint(
        evidence=Evidence(reason=Reason(said["reason"]), detail=said["detail"]),
        records=tuple((source, found) for source, found in said["records"]),
        identifiers=tuple(identifier_of(one) for one in said["identifiers"]),
        gone=gone,
    )
