"""Why papers are one, which are kept apart, and how a merge is taken back."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, or_, select, update

from broadsheet.errors import StoreError
from broadsheet.model import Evidence, Joint, Merge, Reason
from broadsheet.ports import TeamMatch
from broadsheet.store import bodies, holdings, schema
from broadsheet.store.database import chunks, rows_among
from broadsheet.store.holdings import Memory
from broadsheet.store.names import name
from broadsheet.text.digest import identifier_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from broadsheet.ports import PaperWrite
    from broadsheet.store.database import Database

SIGNAL_COLUMNS = ("kind", "origin", "actor", "at", "via", "value")


def find_teams(connection: Connection, teams: Collection[int]) -> dict[int, list[TeamMatch]]:
    """Map each team that papers have to those papers, by key."""
    table = schema.papers.c
    found: defaultdict[int, list[TeamMatch]] = defaultdict(list)
    columns = (table.team, table.key, table.title_key)
    asked = dict.fromkeys(teams)
    for team, key, title_key in rows_among(connection, columns, table.team, asked, order=table.key):
        found[team].append(TeamMatch(key=key, title_key=title_key))
    return dict(found)


def find_apart(connection: Connection, keys: Collection[int]) -> dict[int, set[int]]:
    """Map each of these papers that is kept apart from others to those others."""
    table = schema.apart.c
    found: defaultdict[int, set[int]] = defaultdict(set)
    columns = (table.paper, table.other)
    for paper, other in rows_among(connection, columns, table.paper, dict.fromkeys(keys)):
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
    """Write down why papers are about to be one, and what each of them had.

    Called before anything moves.
    """
    joining = [(key, write.joints) for key, write in zip(keys, writes, strict=True) if write.joints]
    if not joining:
        return
    before = _before(connection, {k for key, some in joining for k in (key, *_gone(some))})
    values = []
    for key, joints in joining:
        for joint in joints:
            inside = [one for one in joints if set(one.records) <= set(joint.records)]
            signals, shelves = _came(before, inside)
            base = before.get(_joined(joint, joints, key), _Before())
            values.append(
                {
                    "paper": key,
                    "gone": joint.gone,
                    "body": _joint_body(joint),
                    "signals": _json([[*row, row in base.signals] for row in sorted(signals)]),
                    "shelves": _json(
                        [
                            [shelf, _microseconds(since), shelf in base.shelves]
                            for shelf, since in sorted(shelves.items())
                        ]
                    ),
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


def close(connection: Connection, merge: int, *, at: datetime) -> Memory:
    """Mark a merge as undone; return what came with it.

    Raises:
        StoreError: it is unknown, or somebody undid it before.
    """
    table = schema.merges
    done = connection.execute(
        update(table).where(table.c.key == merge, table.c.undone.is_(None)).values(undone=at)
    )
    if done.rowcount != 1:
        raise StoreError(f"merge {merge} is unknown or was undone before")
    return _memory(connection.execute(select(table).where(table.c.key == merge)).one())


def move_parts(
    database: Database,
    connection: Connection,
    parted: PaperWrite,
    *,
    old: int,
    new: int,
    leaving: Memory,
) -> None:
    """Give the parted paper its records, its merges, and what came with it."""
    names = [(name(source), name(found)) for source, found in parted.records]
    records, merges = schema.records, schema.merges
    connection.execute(
        update(records)
        .where(records.c.source == bindparam("a"), records.c.source_id == bindparam("b"))
        .values(paper=new),
        [{"a": source, "b": found} for source, found in names],
    )
    others = []
    for memory in _memories(connection, [old]).get(old, ()):
        if {(name(a), name(b)) for a, b in memory.records} <= set(names):
            mine = update(merges).where(merges.c.key == memory.merge)
            connection.execute(mine.values(paper=new))
        else:
            others.append(memory)
            _forget_parted(connection, memory, parted)
    _part_signals(database, connection, leaving, others, old=old, new=new)
    _part_shelves(database, connection, leaving, others, old=old, new=new)
    _copy_deliveries(database, connection, old=old, new=new)


def _forget_parted(connection: Connection, memory: Memory, parted: PaperWrite) -> None:
    """Let a merge that brought the parted paper too say what it still brings."""
    if memory.records.isdisjoint(parted.records):
        return
    names = set(parted.sheet.names)
    joint = replace(
        memory.joint,
        records=tuple(one for one in memory.joint.records if one not in parted.records),
        identifiers=tuple(one for one in memory.joint.identifiers if str(one) not in names),
    )
    _rewrite(connection, memory, body=_joint_body(joint))


def _part_signals(
    database: Database,
    connection: Connection,
    leaving: Memory,
    others: Sequence[Memory],
    *,
    old: int,
    new: int,
) -> None:
    table = schema.signals
    rest = [(one.records, one.signals) for one in others]
    decided = holdings.parting(leaving.signals, leaving.records, rest)
    for values in leaving.signals:
        row = dict(zip(SIGNAL_COLUMNS, values, strict=True))
        row["at"] = _moment(row["at"])
        database.insert_new(connection, table, [row | {"paper": new}])
        if values not in decided.stays:
            condition = [table.c[column] == value for column, value in row.items()]
            connection.execute(delete(table).where(table.c.paper == old, *condition))
    for memory, signals in zip(others, decided.others, strict=True):
        if signals.keys() != memory.signals.keys():
            _rewrite(
                connection, memory, signals=_json([[*row, own] for row, own in signals.items()])
            )


def _part_shelves(
    database: Database,
    connection: Connection,
    leaving: Memory,
    others: Sequence[Memory],
    *,
    old: int,
    new: int,
) -> None:
    table = schema.shelved
    held = _shelves(connection, [old]).get(old, {})
    decided = holdings.shelving(leaving, held, others)
    for shelf, since in decided.put.items():
        database.insert_new(connection, table, [{"shelf": shelf, "paper": new, "at": since}])
    for shelf in decided.taken:
        connection.execute(delete(table).where(table.c.paper == old, table.c.shelf == shelf))
    for memory, after in zip(others, decided.others, strict=True):
        if after.shelves.keys() != memory.shelves.keys():
            kept = [
                [shelf, _microseconds(memory.since[shelf]), own]
                for shelf, own in after.shelves.items()
            ]
            _rewrite(connection, memory, shelves=_json(kept))


def _rewrite(connection: Connection, memory: Memory, **columns: str) -> None:
    table = schema.merges
    connection.execute(update(table).where(table.c.key == memory.merge).values(**columns))


def _copy_deliveries(database: Database, connection: Connection, *, old: int, new: int) -> None:
    """Count both as delivered: who got the one paper must get neither again."""
    table = schema.ledger
    columns = [column for column in table.c if column.name != "paper"]
    source = select(bindparam("new", new, type_=schema.Key), *columns).where(table.c.paper == old)
    connection.execute(
        database.insert(table)
        .from_select(["paper", *(column.name for column in columns)], source)
        .on_conflict_do_nothing()
    )


# --- what is remembered ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Before:
    """What a paper has before it becomes one with another."""

    signals: Collection[Any] = ()  # its own
    shelves: Collection[int] = ()  # its own
    all_signals: frozenset[Any] = frozenset()
    all_shelves: Mapping[int, datetime] = field(default_factory=dict)


def _before(connection: Connection, keys: Collection[int]) -> dict[int, _Before]:
    signals, shelves = _signals(connection, keys), _shelves(connection, keys)
    memories = _memories(connection, keys)
    found = {}
    for key in keys:
        came = holdings.tops(memories.get(key, ()))
        found[key] = _Before(
            holdings.own(signals.get(key, ()), [one.signals for one in came]),
            holdings.own(shelves.get(key, ()), [one.shelves for one in came]),
            frozenset(signals.get(key, ())),
            shelves.get(key, {}),
        )
    return found


def _gone(joints: Iterable[Joint]) -> Iterator[int]:
    return (one.gone for one in joints if one.gone)


def _came(
    before: Mapping[int, _Before], joints: Sequence[Joint]
) -> tuple[set[Any], dict[int, datetime]]:
    """Return the signals and shelves of all that these joints bring, one within the other."""
    signals = {bodies.signal_row(one) for joint in joints for one in joint.signals}
    shelves: dict[int, datetime] = {}
    for key in _gone(joints):
        signals |= before[key].all_signals
        for shelf, since in before[key].all_shelves.items():
            shelves[shelf] = min(since, shelves.get(shelf, since))
    return signals, shelves


def _joined(joint: Joint, joints: Sequence[Joint], keeper: int) -> int:
    """Return the paper that a joint joined; 0: records that no paper had yet.

    That is the one that stays, or the one that joins it together with what joined that before.
    """
    mine = set(joint.records)
    outer = [one for one in joints if mine < set(one.records)]
    if not outer:
        return keeper
    joined = min(outer, key=lambda one: len(one.records)).gone
    return 0 if joined == joint.gone else joined


def _memories(connection: Connection, keys: Collection[int]) -> dict[int, list[Memory]]:
    """Return what is remembered of the merges of these papers that are not undone."""
    table = schema.merges
    found: defaultdict[int, list[Memory]] = defaultdict(list)
    for chunk in chunks(keys):
        statement = select(table).where(table.c.paper.in_(chunk), table.c.undone.is_(None))
        for row in connection.execute(statement):
            found[row.paper].append(_memory(row))
    return dict(found)


def _memory(row: Any) -> Memory:
    shelves = json.loads(row.shelves or "[]")
    joint = _joint(row.body, row.gone)
    return Memory(
        merge=row.key,
        at=row.at,
        joint=joint,
        records=frozenset(joint.records),
        signals={tuple(values): is_own for *values, is_own in json.loads(row.signals or "[]")},
        shelves={shelf: is_own for shelf, _, is_own in shelves},
        since={shelf: _moment(since) for shelf, since, _ in shelves},
        knows_shelves=row.shelves is not None,
    )


def _json(rows: Sequence[Any]) -> str:
    return bodies.storable(json.dumps(rows, ensure_ascii=False))


def _microseconds(moment: datetime) -> int:
    return (moment - schema.EPOCH) // schema.MICROSECOND


def _moment(microseconds: int) -> datetime:
    return schema.EPOCH + microseconds * schema.MICROSECOND


def _shelves(connection: Connection, keys: Collection[int]) -> dict[int, dict[int, datetime]]:
    """Return the shelves that these papers are on, and since when."""
    table = schema.shelved
    found: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    for chunk in chunks(keys):
        for row in connection.execute(select(table).where(table.c.paper.in_(chunk))):
            found[row.paper][row.shelf] = row.at
    return dict(found)


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
            moment = _microseconds(row.at)
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
