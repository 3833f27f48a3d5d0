"""Papers, records, signals and the change log, as they are read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    delete,
    distinct,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)

from broadsheet.model import (
    Change,
    DayCount,
    Fault,
    ImportRun,
    IngestReport,
    Quarantined,
    SignalKind,
    SourceStatus,
)
from broadsheet.store import bodies, schema
from broadsheet.store.database import chunks, rows_among
from broadsheet.store.merging import find_apart, read_merges
from broadsheet.store.names import text
from broadsheet.store.rows import (
    PAPER,
    SIGNAL,
    find,
    load_papers,
    load_records,
    load_signals,
    read_papers,
)
from broadsheet.store.writer import SqlWriter
from broadsheet.text.digest import record_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Column, Connection, Row, Select

    from broadsheet.model import Identifier, Merge, Paper, Record, Signal
    from broadsheet.ports import Writer
    from broadsheet.store.database import Database

_IS_CITED: ColumnElement[Any] = literal_column("papers.citations > 0")
"""As it stands, for a partial index serves no parameter, and no ``= 1`` of a Boolean behind it."""

_FIRST_CITED = select(schema.papers.c.key).where(_IS_CITED).limit(1)


class PaperTables:
    """The PaperStore of a database, except ``check`` and ``backup``."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Open a write transaction: committed when the block ends, undone when it raises."""
        with self.database.write_alone() as connection:
            yield SqlWriter(self.database, connection)

    def find(self, identifiers: Collection[Identifier], /) -> Mapping[Identifier, int]:
        """Map each identifier that some paper has, or ever had, to that paper's key."""
        with self.database.read() as connection:
            return find(connection, identifiers)

    def papers(self, keys: Sequence[int], /) -> list[Paper]:
        """Return the papers of these keys, in this order, without those that are gone."""
        if not keys:
            return []
        with self.database.read() as connection:
            found = load_papers(connection, keys)
        return [found[key] for key in keys if key in found]

    def all_papers(self, *, after: int = 0, limit: int = 1000) -> list[Paper]:
        """Return up to ``limit`` papers with ``key > after``, by key."""
        key = schema.papers.c.key
        statement = select(*PAPER).where(key > after).order_by(key).limit(limit)
        with self.database.read() as connection:
            return list(read_papers(connection, statement))

    def counts(self) -> Mapping[str, int]:
        """Return how many papers, specimens, records, signals, waiting and quarantined."""
        with self.database.read() as connection:
            papers = _count(connection, select(func.count()).select_from(schema.papers))
            specimens = _count(
                connection,
                select(func.count()).select_from(schema.papers).where(schema.papers.c.is_specimen),
            )
            return {
                "papers": papers - specimens,
                "specimens": specimens,
            } | {
                table.name if table is not schema.quarantine else "quarantined": _count(
                    connection, select(func.count()).select_from(table)
                )
                for table in (schema.records, schema.signals, schema.waiting, schema.quarantine)
            }

    def merges(self, keys: Collection[int], /) -> list[Merge]:
        """Return what made these papers of several, newest first, undone ones too."""
        table = schema.merges
        found: list[Merge] = []
        if keys:
            with self.database.read() as connection:
                for chunk in chunks(dict.fromkeys(keys)):
                    found += read_merges(connection, select(table).where(table.c.paper.in_(chunk)))
        return sorted(found, key=lambda merge: -merge.key)

    def all_merges(self, *, limit: int, offset: int = 0) -> list[Merge]:
        """Return merges of all papers, newest first, undone ones too."""
        table = schema.merges
        statement = select(table).order_by(table.c.key.desc()).limit(limit).offset(offset)
        with self.database.read() as connection:
            return read_merges(connection, statement)

    def merge(self, key: int, /) -> Merge | None:
        """Return one merge by its key."""
        table = schema.merges
        with self.database.read() as connection:
            return next(
                iter(read_merges(connection, select(table).where(table.c.key == key))), None
            )

    def apart(self, key: int, /) -> list[int]:
        """Return the papers that this one is kept apart from, by key."""
        with self.database.read() as connection:
            return sorted(find_apart(connection, [key]).get(key, ()))

    def records(self, key: int, /) -> list[Record]:
        """Return a paper's records, oldest arrival first."""
        with self.database.read() as connection:
            return load_records(connection, [key]).get(key, [])

    def record_times(self, key: int, /) -> Mapping[tuple[str, str], datetime]:
        """Return when each (source, source_id) of a paper arrived or last changed."""
        table = schema.records.c
        statement = select(table.body, table.arrived).where(table.paper == key).order_by(table.key)
        with self.database.read() as connection:
            rows = [(record_of(body), at) for body, at in connection.execute(statement)]
        return {(record.source, record.source_id): at for record, at in rows}

    def signals(self, keys: Collection[int], /) -> Mapping[int, Sequence[Signal]]:
        """Return every signal of these papers, oldest first."""
        table = schema.signals.c
        found: dict[int, list[Signal]] = {}
        if not keys:
            return found
        with self.database.read() as connection:
            for chunk in chunks(dict.fromkeys(keys)):
                statement = select(*SIGNAL).where(table.paper.in_(chunk))
                found |= load_signals(connection, _oldest_first(statement))
        return found

    def signals_since(self, since: datetime, /) -> Mapping[int, Sequence[Signal]]:
        """Return all signals of every paper that got one at or after ``since``."""
        table = schema.signals.c
        recent = select(table.paper).where(table.at >= since)
        statement = select(*SIGNAL).where(table.paper.in_(recent))
        with self.database.read() as connection:
            return load_signals(connection, _oldest_first(statement))

    def vote_totals(self) -> Mapping[int, int]:
        """Return the votes of every paper that has any, by key."""
        papers, signals = schema.papers.c, schema.signals.c
        with_votes = select(signals.paper).where(signals.kind == SignalKind.VOTE.value)
        statement = select(papers.key, papers.votes).where(
            papers.key.in_(with_votes), papers.votes > 0
        )
        with self.database.read() as connection:
            return {row.key: row.votes for row in connection.execute(statement)}

    def citations(self, keys: Collection[int], /) -> Mapping[int, int]:
        """Return how often those of these papers that are cited are cited, by key."""
        table = schema.papers.c
        columns = (table.key, table.citations)
        with self.database.read() as connection:
            if connection.scalar(_FIRST_CITED) is None:  # as in most libraries: a tenth of the time
                return {}
            rows = rows_among(connection, columns, table.key, dict.fromkeys(keys), where=_IS_CITED)
            return dict(map(tuple, rows))

    def edition_keys(self, first: date, last: date, /) -> list[int]:
        """Return the papers whose ``day`` lies in [first, last], by key."""
        table = schema.papers.c
        statement = select(table.key).where(table.day.between(first, last)).order_by(table.key)
        with self.database.read() as connection:
            return list(connection.scalars(statement))

    def day_counts(self, first: date, last: date, /) -> list[DayCount]:
        """Return one row per day of [first, last] that has anything, by day."""
        table = schema.papers.c
        with self.database.read() as connection:
            papers, announced, picked = (
                _by_day(connection, column, first, last)
                for column in (table.day, table.announced, table.picked)
            )
        return [
            DayCount(
                day=day,
                papers=papers.get(day, 0),
                announced=announced.get(day, 0),
                picked=picked.get(day, 0),
            )
            for day in sorted(papers.keys() | announced.keys() | picked.keys())
        ]

    def nearest_day(self, day: date, /, *, is_later: bool) -> date | None:
        """Return the nearest day strictly before (or after) ``day`` that has papers."""
        column = schema.papers.c.day
        statement = (
            select(func.min(column)).where(column > day)
            if is_later
            else select(func.max(column)).where(column < day)
        )
        with self.database.read() as connection:
            found: date | None = connection.scalar(statement)
        return found

    def changes(self, *, after: int, limit: int) -> list[Change]:
        """Return up to ``limit`` changes with ``seq > after``, by seq, one per paper: its last."""
        table = schema.changes.c
        statement = (
            select(table.seq, table.paper, table.is_gone, table.at)
            .where(table.seq > after)
            .order_by(table.seq)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [
                Change(seq=seq, key=paper, is_gone=is_gone, at=at)
                for seq, paper, is_gone, at in connection.execute(statement)
            ]

    def last_change(self) -> int:
        """Return the newest change's seq; 0 when nothing ever changed."""
        with self.database.read() as connection:
            return connection.scalar(select(func.max(schema.changes.c.seq))) or 0

    def version(self) -> str:
        """Return a text that every change of anything here changes; cheap."""
        return self.database.version()

    def quarantined(
        self,
        *,
        limit: int,
        offset: int = 0,
        before: int | None = None,
        source: str = "",
        reason: str = "",
    ) -> list[Quarantined]:
        """Return faults, newest first, those of a source and with a text in their reason."""
        table = schema.quarantine
        statement = select(table).order_by(table.c.key.desc()).limit(limit).offset(offset)
        if before is not None:
            statement = statement.where(table.c.key < before)
        if source:
            statement = statement.where(table.c.source == text(source))
        if reason:
            statement = statement.where(table.c.reason.contains(text(reason), autoescape=True))
        with self.database.read() as connection:
            return [_quarantined(row) for row in connection.execute(statement)]

    def quarantined_sources(self) -> Mapping[str, int]:
        """Return how many faults each source has in quarantine, by name."""
        column = schema.quarantine.c.source
        statement = select(column, func.count()).group_by(column).order_by(column)
        with self.database.read() as connection:
            return {source: faults for source, faults in connection.execute(statement)}  # noqa: C416  # rows are no pairs to mypy

    def quarantined_one(self, key: int, /) -> Quarantined | None:
        """Return the fault of a key."""
        statement = select(schema.quarantine).where(schema.quarantine.c.key == key)
        with self.database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else _quarantined(row)

    def forget_quarantined(self, keys: Collection[int], /) -> int:
        """Drop faults; return how many there were."""
        table = schema.quarantine
        with self.database.write() as connection:
            return sum(
                connection.execute(delete(table).where(table.c.key.in_(some))).rowcount
                for some in chunks(sorted(keys))
            )

    def release_quarantined(self) -> int:
        """Drop the faults of records that arrived since, whole; return how many there were."""
        table, records = schema.quarantine, schema.records
        has_come = exists().where(
            records.c.source == table.c.source,
            records.c.source_id == table.c.place,
            records.c.arrived > table.c.at,
        )
        with self.database.write() as connection:
            return connection.execute(delete(table).where(has_come)).rowcount

    def sources(self) -> list[SourceStatus]:
        """Return what each source has delivered, by name."""
        table = schema.records.c
        statement = (
            select(
                table.source,
                func.count(),
                func.count(distinct(table.paper)),
                func.max(table.arrived),
            )
            .group_by(table.source)
            .order_by(table.source)
        )
        with self.database.read() as connection:
            return [
                SourceStatus(source=source, records=records, papers=papers, newest=newest)
                for source, records, papers, newest in connection.execute(statement)
            ]

    def start_run(self, source: str, /, *, at: datetime) -> int:
        """Note that an import begins; return its key."""
        statement = insert(schema.runs).values(
            source=text(source), started=at, report=bodies.report_body(IngestReport()), error=""
        )
        with self.database.write() as connection:
            key: int = connection.scalars(statement.returning(schema.runs.c.key)).one()
        return key

    def finish_run(self, key: int, report: IngestReport, /, *, at: datetime, error: str) -> None:
        """Note how an import ended."""
        statement = (
            update(schema.runs)
            .where(schema.runs.c.key == key)
            .values(finished=at, report=bodies.report_body(report), error=text(error))
        )
        with self.database.write() as connection:
            connection.execute(statement)

    def runs(self, *, limit: int) -> list[ImportRun]:
        """Return imports, newest first."""
        statement = select(schema.runs).order_by(schema.runs.c.key.desc()).limit(limit)
        with self.database.read() as connection:
            return [
                ImportRun(
                    key=row.key,
                    source=row.source,
                    started=row.started,
                    finished=row.finished,
                    report=bodies.to_report(row.report),
                    error=row.error,
                )
                for row in connection.execute(statement)
            ]


def _count(connection: Connection, statement: Select[int]) -> int:
    return connection.scalar(statement) or 0


def _by_day(
    connection: Connection, column: Column[date], first: date, last: date
) -> dict[date, int]:
    statement = select(column, func.count()).where(column.between(first, last)).group_by(column)
    return dict(connection.execute(statement).all())


def _oldest_first(statement: Select[Any]) -> Select[Any]:
    table = schema.signals.c
    return statement.order_by(table.at, table.kind, table.origin, table.actor, table.via)


def _quarantined(row: Row[Any]) -> Quarantined:
    fault = Fault(source=row.source, where=row.place, reason=row.reason, raw=row.raw, form=row.form)
    return Quarantined(key=row.key, fault=fault, at=row.at)
