"""Which source is read when, by whom, and where it goes on."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, literal, or_, select, update

from broadsheet.errors import NotFoundError
from broadsheet.model import Standing, Sync
from broadsheet.model.sync import KEPT_DAYS
from broadsheet.store import schema
from broadsheet.store.names import name, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Row

    from broadsheet.model import Progress
    from broadsheet.store.database import Database

NOBODY = ""
FAR = timedelta(days=9)  # no pause is longer: a time further ahead is of a clock that was wrong
SKEW = timedelta(hours=1)  # by which the clocks of two machines may differ


class SyncTables:
    """The SyncStore of a database."""

    database: Database

    # --- what is to be read ---

    def schedule_syncs(self, sources: Collection[str], /, *, due: datetime) -> None:
        """Enter those sources that are not in the schedule yet."""
        fresh = {"due": due, "holder": NOBODY, "cursor": "{}", "failures": 0, "error": ""}
        rows = [fresh | {"source": name(source), "entered": due} for source in sorted(set(sources))]
        with self.database.write() as connection:
            self.database.insert_new(connection, schema.syncs, rows)

    def add_sync(self, source: str, /, *, due: datetime, interval: timedelta | None) -> bool:
        """Enter a source that the administrator wants; False when it was added before."""
        self.schedule_syncs([source], due=due)
        table = schema.syncs.c
        return self._change(
            source, ~table.is_added, is_added=True, interval_s=_seconds(interval), due=due
        )

    def remove_sync(self, source: str, /) -> bool:
        """Forget a source that the administrator added; a run of it loses its claim."""
        table = schema.syncs
        statement = delete(table).where(table.c.source == name(source), table.c.is_added)
        with self.database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def pause_sync(self, source: str, /) -> bool:
        """Let a source rest until it is resumed; a run of it is cancelled."""
        table = schema.syncs.c
        is_changed = self._change(source, ~table.is_paused, is_paused=True)
        self.cancel_sync(source)
        return is_changed

    def resume_sync(self, source: str, /) -> bool:
        """Let a source be read again when it is due; tell whether it rested."""
        return self._change(source, schema.syncs.c.is_paused, is_paused=False)

    def hasten_sync(self, source: str, /, *, due: datetime) -> bool:
        """Make a source due at ``due``; tell whether nobody reads it already."""
        return self._change(source, schema.syncs.c.holder == NOBODY, due=due)

    def cancel_sync(self, source: str, /) -> bool:
        """Ask the run of a source to end; tell whether there was one."""
        return self._change(source, schema.syncs.c.holder != NOBODY, is_cancelled=True)

    def set_sync_interval(self, source: str, interval: timedelta | None, /) -> bool:
        """Choose the time between two runs of a source; None: as the settings say.

        A source that would be late by the new interval is due at once.
        """
        table = schema.syncs
        values: dict[str, Any] = {"interval_s": _seconds(interval)}
        where = table.c.source == name(source)
        with self.database.write() as connection:
            row = connection.execute(select(table).where(where)).one_or_none()
            if row is None:
                return False
            if interval is not None and row.finished is not None:
                values["due"] = min(row.due, row.finished + interval)
            return connection.execute(update(table).where(where).values(values)).rowcount == 1

    # --- claims ---

    def claim_due_sync(
        self, sources: Collection[str], now: datetime, /, *, holder: str, until: datetime
    ) -> Sync | None:
        """Take that one of these sources which is due the longest and that nobody reads, or None.

        A claim that was not renewed in time counts as none. Of two workers one wins; the other
        looks again.
        """
        table = schema.syncs.c
        wanted = {name(source) for source in sources}
        statement = (
            select(table.source)
            .where(_is_due(now), _is_free(now, until))
            .order_by(table.due, table.source)
        )
        with self.database.read() as connection:
            due = [source for source in connection.scalars(statement) if source in wanted]
        claims = (
            self._take_source(source, now, _is_due(now), holder=holder, until=until)
            for source in due
        )
        return next((claim for claim in claims if claim is not None), None)

    def claim_sync(
        self, source: str, now: datetime, /, *, holder: str, until: datetime
    ) -> Sync | None:
        """Take this source whether it is due or not; None when somebody reads it now.

        Raises:
            NotFoundError: it is not in the schedule.
        """
        claim = self._take_source(name(source), now, holder=holder, until=until)
        if claim is None and all(one.source != name(source) for one in self.syncs()):
            raise NotFoundError(f"there is no source {source} in the schedule")
        return claim

    def renew_sync(self, source: str, holder: str, /, *, until: datetime) -> Standing:
        """Keep a claim; tell how it stands."""
        return self._change_claim(source, holder, until=until)

    def save_cursor(
        self, source: str, holder: str, cursor: Mapping[str, Any], /, progress: Progress
    ) -> Standing:
        """Remember where to go on and how far the run has come; tell how its claim stands."""
        table = schema.syncs
        is_owned = and_(table.c.source == name(source), table.c.holder == text(holder))
        with self.database.write() as connection:
            row = connection.execute(select(table).where(is_owned)).one_or_none()
            if row is None:
                return Standing.LOST
            values = {
                "cursor": json.dumps(cursor, sort_keys=True),
                "read": progress.read,
                "new": progress.new,
                "requests": row.requests + progress.requests,
                "bytes": row.bytes + progress.bytes,
            }
            if progress.new > row.new:
                values |= {"delivered": progress.at, "days": _with_day(row.days, progress.at)}
            changed = connection.execute(update(table).where(is_owned).values(values)).rowcount
        if changed != 1:
            return Standing.LOST
        return Standing.CANCELLED if row.is_cancelled else Standing.HELD

    def finish_sync(
        self, source: str, holder: str, /, *, due: datetime, at: datetime, error: str
    ) -> bool:
        """Give a claim back; tell whether it was still this holder's.

        An error counts a failure; "" clears the count.
        """
        table = schema.syncs.c
        outcome: dict[str, Any] = {"failures": table.failures + 1}
        if not error:
            succeeded = case(
                (table.is_cancelled, table.succeeded), else_=literal(at, schema.Moment())
            )
            outcome = {"failures": 0, "succeeded": succeeded}
        standing = self._change_claim(
            source,
            holder,
            **outcome,
            holder=NOBODY,
            until=None,
            due=due,
            finished=at,
            error=text(error),
        )
        return standing is not Standing.LOST

    def syncs(self) -> list[Sync]:
        """Return the schedule, by source."""
        table = schema.syncs
        with self.database.read() as connection:
            return [
                _sync(row) for row in connection.execute(select(table).order_by(table.c.source))
            ]

    # --- steps ---

    def _take_source(
        self,
        source: str,
        now: datetime,
        *conditions: ColumnElement[bool],
        holder: str,
        until: datetime,
    ) -> Sync | None:
        """Take one source: the UPDATE asks again what was read, so that of two one changes it."""
        table = schema.syncs
        statement = (
            update(table)
            .where(table.c.source == source, _is_free(now, until), *conditions)
            .values(
                holder=text(holder), until=until, is_cancelled=False, started=now, read=0, new=0
            )
        )
        with self.database.write() as connection:
            row = connection.execute(statement.returning(*table.c)).one_or_none()
        return None if row is None else _sync(row)

    def _change(self, source: str, condition: ColumnElement[bool], **values: Any) -> bool:
        table = schema.syncs
        statement = update(table).where(table.c.source == name(source), condition).values(values)
        with self.database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def _change_claim(self, source: str, owner: str, /, **values: Any) -> Standing:
        table = schema.syncs
        is_owned = and_(table.c.source == name(source), table.c.holder == text(owner))
        statement = update(table).where(is_owned).values(values).returning(table.c.is_cancelled)
        with self.database.write() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            return Standing.LOST
        return Standing.CANCELLED if row.is_cancelled else Standing.HELD


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Say what is to be read: what is due and does not rest.

    A time that lies further ahead than any pause was written by a clock that was wrong.
    """
    table = schema.syncs.c
    return and_(or_(table.due <= now, table.due > now + FAR), ~table.is_paused)


def _is_free(now: datetime, until: datetime) -> ColumnElement[bool]:
    """Say what nobody reads: a claim that ran out is none, nor is one of a clock that was wrong."""
    table = schema.syncs.c
    return or_(table.holder == NOBODY, table.until <= now, table.until > until + SKEW)


def _with_day(days: str, at: datetime) -> str:
    """Return the days with that of a moment, the newest of them."""
    kept = sorted({*days.split(), at.astimezone(UTC).date().isoformat()})
    return " ".join(kept[-KEPT_DAYS:])


def _seconds(interval: timedelta | None) -> int | None:
    return None if interval is None else round(interval.total_seconds())


def _sync(row: Row[Any]) -> Sync:
    return Sync(
        source=row.source,
        due=row.due,
        holder=row.holder,
        until=row.until,
        cursor=json.loads(row.cursor),
        finished=row.finished,
        failures=row.failures,
        error=row.error,
        entered=row.entered,
        is_added=row.is_added,
        is_paused=row.is_paused,
        is_cancelled=row.is_cancelled,
        interval=None if row.interval_s is None else timedelta(seconds=row.interval_s),
        started=row.started,
        read=row.read,
        new=row.new,
        succeeded=row.succeeded,
        delivered=row.delivered,
        days=tuple(date.fromisoformat(day) for day in row.days.split()),
        requests=row.requests,
        bytes=row.bytes,
    )
