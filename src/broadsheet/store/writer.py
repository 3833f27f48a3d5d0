"""The one writer: papers, records, signals, identifiers and change rows in one transaction.

Every step takes a whole batch: the number of statements does not grow with the papers in it,
only with the chunks that a lookup is cut into.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select, update

from broadsheet.errors import StoreError
from broadsheet.model import MAX_RAW
from broadsheet.store import bodies, listings, merging, rows, schema
from broadsheet.store.database import chunks, rows_among
from broadsheet.store.names import name, text
from broadsheet.store.totals import update_totals

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Connection, Table

    from broadsheet.model import Fault, Identifier, Listed, Observation, Paper, Record, Signal
    from broadsheet.ports import PaperWrite, TeamMatch
    from broadsheet.store.database import Database


class SqlWriter:
    """What happens within one write transaction of a ``Database``."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    # --- reads ---

    def find(self, identifiers: Collection[Identifier], /) -> Mapping[Identifier, int]:
        """Map each identifier that some paper has, or ever had, to that paper's key."""
        return rows.find(self._connection, identifiers)

    def find_titles(self, title_keys: Collection[str], /) -> Mapping[str, Sequence[int]]:
        """Map each title key that papers have to those papers' keys, oldest first."""
        asked = {name(key): key for key in title_keys if key}
        table = schema.papers.c
        found: defaultdict[str, list[int]] = defaultdict(list)
        columns = (table.title_key, table.key)
        for title_key, key in rows_among(
            self._connection, columns, table.title_key, asked, order=table.key
        ):
            found[asked[title_key]].append(key)
        return dict(found)

    def find_teams(self, teams: Collection[int], /) -> Mapping[int, Sequence[TeamMatch]]:
        """Map each team that papers have to those papers, by key."""
        return merging.find_teams(self._connection, teams)

    def find_apart(self, keys: Collection[int], /) -> Mapping[int, Collection[int]]:
        """Map each of these papers that is kept apart from others to those others."""
        return merging.find_apart(self._connection, keys)

    def find_records(
        self, names: Collection[tuple[str, str]], /
    ) -> Mapping[tuple[str, str], tuple[str, int]]:
        """Map each known (source, source_id) to (digest of its content, paper key)."""
        table = schema.records.c
        asked: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for source, source_id in names:
            asked[name(source)][name(source_id)] = (source, source_id)
        found: dict[tuple[str, str], tuple[str, int]] = {}
        for source, ids in asked.items():
            columns, of_source = (
                (table.source_id, table.digest, table.paper),
                table.source == source,
            )
            for source_id, known, paper in rows_among(
                self._connection, columns, table.source_id, ids, where=of_source
            ):
                found[ids[source_id]] = (known, paper)
        return found

    def load_records(self, keys: Collection[int], /) -> Mapping[int, Sequence[Record]]:
        """Return the records of each paper, oldest arrival first."""
        return rows.load_records(self._connection, keys)

    def load_papers(self, keys: Collection[int], /) -> Mapping[int, Paper]:
        """Return the papers, without those that are gone."""
        return rows.load_papers(self._connection, keys)

    # --- writes ---

    def save(self, writes: Sequence[PaperWrite], /, *, at: datetime) -> Sequence[int]:
        """Save papers, records, signals, identifiers and one change row each; return the keys.

        Signals that waited for one of the paper's identifiers join it. Signal totals are
        brought up to date.

        Raises:
            StoreError: an identifier belongs to another paper, or a key is unknown.
        """
        if not writes:
            return []
        keys = self._save_papers(writes)
        absorbed = {
            old: key for key, write in zip(keys, writes, strict=True) for old in write.absorbs
        }
        merging.remember(self._connection, keys, writes, at=at)
        self._absorb(absorbed)
        names = self._save_identifiers(keys, writes)
        self._save_records(keys, writes, at=at)
        touched = set(absorbed.values()) | self._join_waiting(names)
        touched |= self._add_signals(
            (key, signal)
            for key, write in zip(keys, writes, strict=True)
            for signal in write.signals
        )
        update_totals(self._connection, touched)
        self._log(keys, absorbed, at=at)
        return keys

    def split(self, merge: int, kept: PaperWrite, parted: PaperWrite, /, *, at: datetime) -> int:
        """Undo a merge: make ``parted`` a paper of its own again; return its key.

        Raises:
            StoreError: the merge is unknown or was undone before.
        """
        leaving = merging.close(self._connection, merge, at=at)
        names = [name(one) for one in parted.sheet.names]
        self._delete(schema.identifiers, schema.identifiers.c.name, names)
        writes = [kept, parted]
        old, new = keys = self._save_papers(writes)
        merging.move_parts(
            self._database, self._connection, parted, old=old, new=new, leaving=leaving
        )
        self._save_identifiers(keys, writes)
        merging.keep_apart(self._database, self._connection, old, new, at=at)
        update_totals(self._connection, keys)
        self._log(keys, {}, at=at)
        return new

    def append_signals(self, signals: Mapping[int, Sequence[Signal]], /) -> Collection[int]:
        """Append signals to papers; return the keys of those for which something was new.

        A paper that was absorbed meanwhile passes its signals on; one that is gone has none.
        """
        present = rows.resolve(self._connection, signals)
        touched = self._add_signals(
            (present[key], signal)
            for key, some in signals.items()
            if key in present
            for signal in some
        )
        update_totals(self._connection, touched)
        return {key for key in signals if present.get(key) in touched}

    def wait_signals(self, observations: Sequence[Observation], /) -> int:
        """Keep signals of unknown papers until these arrive; return how many were new."""
        values = [
            {"name": name(str(observation.identifier)), **_signal_row(signal)}
            for observation in observations
            for signal in observation.signals
        ]
        return len(self._insert_new(schema.waiting, schema.waiting.c.name, values))

    def remove(self, keys: Collection[int], /, *, at: datetime) -> None:
        """Remove papers with their records and signals; each leaves a change row."""
        present = sorted(rows.load_papers(self._connection, keys))
        merging.forget_apart(self._connection, present)
        for table in (
            schema.ledger,
            schema.shelved,
            schema.signals,
            schema.merges,
            schema.records,
            schema.identifiers,
        ):
            self._delete(table, table.c.paper, present)
        self._delete(schema.papers, schema.papers.c.key, present)
        drop_empty_shelves(self._connection)
        self._log([], dict.fromkeys(present), at=at)

    def keep_listings(self, listed: Sequence[Listed], /, *, at: datetime) -> None:
        """Add to what sources said that they list on a day; work out what is not here."""
        if listed:
            listings.keep(self._database, self._connection, listed, at=at)

    def settle_listings(self) -> None:
        """Strike out of what is missing what has come since, so that asking is quick again."""
        listings.settle(self._connection)

    def quarantine(self, faults: Sequence[Fault], /, *, at: datetime) -> int:
        """Keep faults, once each (same source, place and reason); return how many were new."""
        values = [
            {
                "digest": _fault_digest(fault),
                "source": text(fault.source),
                "place": text(fault.where),
                "reason": text(fault.reason),
                "raw": text(fault.raw[:MAX_RAW]),
                "form": fault.form if len(fault.raw) <= MAX_RAW else "",
                "at": at,
            }
            for fault in faults
        ]
        return len(self._insert_new(schema.quarantine, schema.quarantine.c.digest, values))

    # --- steps ---

    def _save_papers(self, writes: Sequence[PaperWrite]) -> list[int]:
        next_key = self._next(schema.changes.c.paper)
        keys, new, known = [], [], []
        for write in writes:
            row = _paper_row(write)
            if write.key:
                known.append(row | {"known": write.key})
                keys.append(write.key)
            else:
                new.append(row | {"key": next_key, "votes": 0, "comments": 0, "stars": 0})
                keys.append(next_key)
                next_key += 1
        self._database.insert_many(self._connection, schema.papers, new)
        if self._database.update_many(self._connection, schema.papers, known) != len(known):
            raise StoreError("a paper to be saved is gone: find it again")
        return keys

    def _absorb(self, absorbed: Mapping[int, int]) -> None:
        """Move all that the old papers own; of what both have, one stays."""
        if not absorbed:
            return
        merging.follow(self._database, self._connection, absorbed)
        moves = [{"old": old, "into": into} for old, into in absorbed.items()]
        for table in (schema.identifiers, schema.records):
            self._connection.execute(
                update(table)
                .where(table.c.paper == bindparam("old"))
                .values(paper=bindparam("into")),
                moves,
            )
        for table in (schema.signals, schema.shelved, schema.ledger):
            self._move(table, moves)
        self._delete(schema.papers, schema.papers.c.key, list(absorbed))

    def _move(self, table: Table, moves: list[dict[str, int]]) -> None:
        columns = [column for column in table.c if column.name != "paper"]
        source = select(bindparam("into", type_=schema.Key), *columns).where(
            table.c.paper == bindparam("old")
        )
        statement = (
            self._database.insert(table)
            .from_select(["paper", *(column.name for column in columns)], source)
            .on_conflict_do_nothing()
        )
        self._connection.execute(statement, moves)
        self._delete(table, table.c.paper, [move["old"] for move in moves])

    def _save_identifiers(
        self, keys: Sequence[int], writes: Sequence[PaperWrite]
    ) -> dict[str, int]:
        """Give each paper its identifiers; return those that nobody had before."""
        wanted: dict[str, int] = {}
        for key, write in zip(keys, writes, strict=True):
            for identifier in map(name, write.sheet.names):
                if wanted.setdefault(identifier, key) != key:
                    raise StoreError(f"two papers of one batch claim {identifier}")
        known = rows.owners(self._connection, wanted)
        for identifier, key in known.items():
            if wanted[identifier] != key:
                raise StoreError(f"{identifier} belongs to another paper (key {key})")
        names = {one: key for one, key in wanted.items() if one not in known}
        self._database.insert_many(
            self._connection,
            schema.identifiers,
            [{"name": one, "paper": key} for one, key in names.items()],
        )
        return names

    def _save_records(
        self, keys: Sequence[int], writes: Sequence[PaperWrite], *, at: datetime
    ) -> None:
        next_key = self._next(schema.records.c.key)
        values = {}
        for key, write in zip(keys, writes, strict=True):
            for (source, source_id), content in write.records.items():
                row = {
                    "key": next_key,
                    "paper": key,
                    "source": name(source),
                    "source_id": name(source_id),
                    "digest": content.digest,
                    "arrived": at,
                    "body": bodies.storable(content.json),
                }
                values[row["source"], row["source_id"]] = row  # of two in one batch the later
                next_key += 1
        self._database.upsert_many(
            self._connection, schema.records, list(values.values()), on=["source", "source_id"]
        )

    def _join_waiting(self, names: Mapping[str, int]) -> set[int]:
        """Move signals that waited for these identifiers to their papers."""
        table = schema.waiting
        touched: set[int] = set()
        for chunk in chunks(names):
            found = rows_among(self._connection, tuple(table.c), table.c.name, chunk)
            values = [dict(zip(table.c.keys(), row, strict=True)) for row in found]
            if values:
                for row in values:
                    row["paper"] = names[row.pop("name")]
                    touched.add(row["paper"])
                self._insert_new(schema.signals, schema.signals.c.paper, values)
                self._delete(table, table.c.name, chunk)
        return touched

    def _add_signals(self, signals: Iterable[tuple[int, Signal]]) -> set[int]:
        """Insert signals that are not there yet; return the papers that got one."""
        values = [{"paper": key, **_signal_row(signal)} for key, signal in signals]
        return set(self._insert_new(schema.signals, schema.signals.c.paper, values))

    def _insert_new(
        self, table: Table, told: Column[Any], values: Sequence[Mapping[str, Any]]
    ) -> list[Any]:
        return self._database.insert_new(self._connection, table, values, told=told)

    def _log(self, keys: Sequence[int], gone: Mapping[int, int | None], *, at: datetime) -> None:
        """Write a change row for each paper saved, and for each that is gone.

        Those gone come first, so that an index never holds two papers that became one.
        """
        changed = [(key, True, into) for key, into in gone.items()]
        changed += [(key, False, None) for key in dict.fromkeys(keys)]
        seq = self._next(schema.changes.c.seq)
        values = [
            {"paper": key, "seq": seq + place, "is_gone": is_gone, "absorbed_by": into, "at": at}
            for place, (key, is_gone, into) in enumerate(changed)
        ]
        self._database.upsert_many(self._connection, schema.changes, values, on=["paper"])

    def _next(self, column: Column[int]) -> int:
        """Return the next number of a column that only the one writer counts up."""
        return (self._connection.scalar(select(func.max(column))) or 0) + 1

    def _delete(self, table: Table, column: Column[Any], values: Sequence[Any]) -> None:
        for chunk in chunks(values):
            self._connection.execute(delete(table).where(column.in_(chunk)))


def drop_empty_shelves(connection: Connection) -> None:
    """Take away shelves that hold nothing any more."""
    held = select(schema.shelved.c.shelf)
    connection.execute(delete(schema.shelves).where(schema.shelves.c.key.not_in(held)))


def _paper_row(write: PaperWrite) -> dict[str, Any]:
    sheet = write.sheet
    return {
        "title_key": name(write.title_key),
        "team": write.team,
        "day": sheet.day,
        "announced": sheet.announced,
        "picked": sheet.picked,
        "is_specimen": sheet.is_specimen,
        "citations": sheet.citations,
        "body": bodies.storable(sheet.body),
    }


def _signal_row(signal: Signal) -> dict[str, Any]:
    return {
        "kind": signal.kind.value,
        "origin": name(signal.origin),
        "actor": name(signal.actor),
        "at": signal.at,
        "via": name(signal.via),
        "value": min(signal.value, bodies.LARGEST),
    }


def _fault_digest(fault: Fault) -> str:
    parts = f"{fault.source}\0{fault.where}\0{fault.reason}"
    return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
