"""Who gets a digest, what was claimed, and what was ever delivered to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from broadsheet.errors import NotFoundError
from broadsheet.model import Delivery, Digest, Period, Subscription, SubscriptionState
from broadsheet.store import schema
from broadsheet.store.database import chunks
from broadsheet.store.names import name, text
from broadsheet.store.rows import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from broadsheet.store.database import Database

CLAIMED = "claimed"


class SubscriptionTables:
    """The SubscriptionStore of a database."""

    database: Database

    def subscribe(
        self, email: str, /, *, period: Period, hour: int, timezone: str, at: datetime
    ) -> Subscription:
        """Return the address's subscription: made PENDING, or as it is when there is one.

        An ENDED or PENDING one is PENDING with the new wishes; an ACTIVE one stays as it is
        until `activate` brings the wishes that its owner confirmed. Addresses are compared
        casefolded.
        """
        table = schema.subscriptions
        wishes = {"period": period.value, "hour": hour, "timezone": text(timezone)}
        pending = {"state": SubscriptionState.PENDING.value, "due": None, "failures": 0}
        made = {"email": text(email), "folded": name(email.casefold()), "created": at}
        is_here = table.c.folded == made["folded"]
        is_active = table.c.state == SubscriptionState.ACTIVE.value
        row = made | wishes | pending
        with self.database.write() as connection:
            self.database.insert_new(connection, table, [row])
            connection.execute(update(table).where(is_here, ~is_active).values(wishes | pending))
            return _subscription(connection.execute(select(table).where(is_here)).one())

    def subscription(self, key: int, /) -> Subscription | None:
        """Return a subscription by key."""
        table = schema.subscriptions
        with self.database.read() as connection:
            row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
        return None if row is None else _subscription(row)

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions, by key."""
        table = schema.subscriptions
        with self.database.read() as connection:
            return [
                _subscription(row)
                for row in connection.execute(select(table).order_by(table.c.key))
            ]

    def use_token(self, token_id: str, /, *, at: datetime) -> bool:
        """Mark a signed link as used; tell whether this was its first use."""
        used = {"id": name(token_id), "used": at}
        with self.database.write() as connection:
            return bool(self.database.insert_new(connection, schema.tokens, [used]))

    def activate(
        self, key: int, /, *, period: Period, hour: int, timezone: str, due: datetime
    ) -> None:
        """Make a subscription ACTIVE with these wishes, its first digest due at ``due``.

        Raises:
            NotFoundError: there is none of this key.
        """
        table = schema.subscriptions
        statement = (
            update(table)
            .where(table.c.key == key)
            .values(
                state=SubscriptionState.ACTIVE.value,
                due=due,
                failures=0,
                period=period.value,
                hour=hour,
                timezone=text(timezone),
            )
        )
        with self.database.write() as connection:
            if connection.execute(statement).rowcount != 1:
                raise NotFoundError(f"there is no subscription {key}")

    def end(self, key: int, /) -> bool:
        """End a subscription; tell whether it was not ended before."""
        table = schema.subscriptions
        ended = SubscriptionState.ENDED.value
        statement = (
            update(table)
            .where(table.c.key == key, table.c.state != ended)
            .values(state=ended, due=None)
        )
        with self.database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def claim_due_digest(
        self, now: datetime, /, *, next_due: Callable[[Subscription], datetime]
    ) -> Digest | None:
        """Take one active subscription whose digest is due, or None; longest due first.

        The UPDATE repeats the ``due`` that was read: of two workers only one changes a row.
        The other one looks again, and so do both when this ``due`` was claimed before.

        Raises:
            ValueError: ``next_due`` does not move forward.
        """
        while True:
            found = self._longest_due(now)
            if found is None or found.due is None:
                return None
            later = next_due(found)
            if later <= found.due:
                raise ValueError(f"the next digest must be due after {found.due}, not {later}")
            claimed = self._claim(found, found.due, next_due=later, at=now)
            if claimed is not None:
                return claimed

    def delivered(self, subscription: int, keys: Collection[int], /) -> Collection[int]:
        """Return those of these papers that were ever delivered to this subscription."""
        table = schema.ledger.c
        found: set[int] = set()
        with self.database.read() as connection:
            for chunk in chunks(dict.fromkeys(keys)):
                statement = select(table.paper).where(
                    table.subscription == subscription, table.paper.in_(chunk)
                )
                found.update(connection.scalars(statement))
        return found

    def finish_digest(
        self, digest: int, /, *, state: str, papers: Sequence[int], at: datetime, detail: str
    ) -> None:
        """Note a digest's end ("sent", "empty", "failed"); when sent, its papers join the ledger.

        "failed" counts a failure; "sent" and "empty" clear the count. A paper that was absorbed
        since it was read joins the ledger as the paper that it became.

        Raises:
            NotFoundError: there is none of this key.
        """
        table, owners = schema.digests, schema.subscriptions
        with self.database.write_alone() as connection:
            owner = connection.scalar(select(table.c.subscription).where(table.c.key == digest))
            if owner is None:
                raise NotFoundError(f"there is no digest {digest}")
            connection.execute(
                update(table)
                .where(table.c.key == digest)
                .values(state=state, at=at, papers=len(papers), detail=text(detail))
            )
            failures = owners.c.failures + 1 if state == "failed" else 0
            connection.execute(
                update(owners).where(owners.c.key == owner).values(failures=failures)
            )
            if state == "sent":
                self._enter(connection, owner, digest, papers)

    def postpone(self, subscription: int, /, *, due: datetime) -> None:
        """Make a subscription due again at ``due``, when a digest could not be sent.

        One that was ended meanwhile stays ended.
        """
        table = schema.subscriptions
        is_active = table.c.state == SubscriptionState.ACTIVE.value
        statement = update(table).where(table.c.key == subscription, is_active).values(due=due)
        with self.database.write() as connection:
            connection.execute(statement)

    def deliveries(self, *, limit: int) -> list[Delivery]:
        """Return deliveries, newest first."""
        table = schema.digests
        statement = select(table).order_by(table.c.key.desc()).limit(limit)
        with self.database.read() as connection:
            return [
                Delivery(
                    digest=row.key,
                    state=row.state,
                    at=row.at,
                    papers=row.papers,
                    detail=row.detail,
                )
                for row in connection.execute(statement)
            ]

    def _longest_due(self, now: datetime) -> Subscription | None:
        table = schema.subscriptions
        statement = (
            select(table)
            .where(table.c.state == SubscriptionState.ACTIVE.value, table.c.due <= now)
            .order_by(table.c.due, table.c.key)
            .limit(1)
        )
        with self.database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else _subscription(row)

    def _claim(
        self, found: Subscription, due: datetime, *, next_due: datetime, at: datetime
    ) -> Digest | None:
        table = schema.subscriptions
        moved = (
            update(table)
            .where(
                table.c.key == found.key,
                table.c.due == due,
                table.c.state == SubscriptionState.ACTIVE.value,
            )
            .values(due=next_due)
        )
        row = {
            "subscription": found.key,
            "due": due,
            "state": CLAIMED,
            "at": at,
            "papers": 0,
            "detail": "",
        }
        with self.database.write() as connection:
            if connection.execute(moved).rowcount != 1:
                return None
            keys = self.database.insert_new(connection, schema.digests, [row])
        return Digest(key=keys[0], subscription=found, due=due) if keys else None

    def _enter(
        self, connection: Connection, owner: int, digest: int, papers: Sequence[int]
    ) -> None:
        present = dict.fromkeys(resolve(connection, papers).values())
        values = [{"subscription": owner, "paper": key, "digest": digest} for key in present]
        self.database.insert_new(connection, schema.ledger, values)


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        key=row.key,
        email=row.email,
        period=Period(row.period),
        hour=row.hour,
        timezone=row.timezone,
        state=SubscriptionState(row.state),
        created=row.created,
        due=row.due,
        failures=row.failures,
    )
