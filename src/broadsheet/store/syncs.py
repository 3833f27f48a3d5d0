"""Which source is read when, by whom, and where it goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from broadsheet.errors import NotFoundError
from broadsheet.model import Sync
from broadsheet.store import schema
from broadsheet.store.names import name, text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from broadsheet.store.database import Database

NOBODY = ""


class SyncTables:
    """The SyncStore of a database."""

    database: Database

    def schedule_syncs(self, sources: Collection[str], /, *, due: datetime) -> None:
        """Enter those sources that are not in the schedule yet."""
        fresh = {"due": due, "holder": NOBODY, "cursor": "{}", "failures": 0, "error": ""}
        rows = [fresh | {"source": name(source)} for source in sorted(set(sources))]
        with self.database.write() as connection:
            self.database.insert_new(connection, schema.syncs, rows)

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
            .where(table.due <= now, or_(table.holder == NOBODY, table.until <= now))
            .order_by(table.due, table.source)
        )
        with self.database.read() as connection:
            due = [source for source in connection.scalars(statement) if source in wanted]
        claims = (
            self._take_source(source, now, holder=holder, until=until, due=now) for source in due
        )
        return next((claim for claim in claims if claim is not None), None)

    def claim_sync(
        self, source: str, now: datetime, /, *, holder: str, until: datetime
    ) -> Sync | None:
        """Take this source whether it is due or not; None when somebody reads it now.

        Raises:
            NotFoundError: it is not in the schedule.
        """
        claim = self._take_source(name(source), now, holder=holder, until=until, due=None)
        if claim is None and all(one.source != name(source) for one in self.syncs()):
            raise NotFoundError(f"there is no source {source} in the schedule")
        return claim

    def renew_sync(self, source: str, holder: str, /, *, until: datetime) -> bool:
        """Keep a claim; tell whether it was still this holder's."""
        return self._change_claim(source, holder, until=until)

    def save_cursor(self, source: str, holder: str, cursor: Mapping[str, Any], /) -> bool:
        """Remember where to go on; tell whether the claim was still this holder's."""
        return self._change_claim(source, holder, cursor=json.dumps(cursor, sort_keys=True))

    def finish_sync(
        self, source: str, holder: str, /, *, due: datetime, at: datetime, error: str
    ) -> bool:
        """Give a claim back; tell whether it was still this holder's.

        An error counts a failure; "" clears the count.
        """
        failures = schema.syncs.c.failures + 1 if error else 0
        return self._change_claim(
            source,
            holder,
            holder=NOBODY,
            until=None,
            due=due,
            finished=at,
            failures=failures,
            error=text(error),
        )

    def syncs(self) -> list[Sync]:
        """Return the schedule, by source."""
        table = schema.syncs
        with self.database.read() as connection:
            return [
                _sync(row) for row in connection.execute(select(table).order_by(table.c.source))
            ]

    def _take_source(
        self, source: str, now: datetime, *, holder: str, until: datetime, due: datetime | None
    ) -> Sync | None:
        """Take one source: the UPDATE asks again what was read, so that of two one changes it."""
        table = schema.syncs
        is_free = or_(table.c.holder == NOBODY, table.c.until <= now)
        statement = update(table).where(table.c.source == source, is_free)
        if due is not None:
            statement = statement.where(table.c.due <= due)
        statement = statement.values(holder=text(holder), until=until)
        with self.database.write() as connection:
            row = connection.execute(statement.returning(*table.c)).one_or_none()
        return None if row is None else _sync(row)

    def _change_claim(self, source: str, owner: str, **values: Any) -> bool:
        table = schema.syncs
        is_owned = (table.c.source == name(source)) & (table.c.holder == text(owner))
        with self.database.write() as connection:
            return connection.execute(update(table).where(is_owned).values(values)).rowcount == 1


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
    )
