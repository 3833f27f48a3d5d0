"""Readers and what belongs to them: shelves, subscriptions, digests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from broadsheet.model.query import Filters, Mode, Sort

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.model.edition import Period

LOCAL_READER = "local"
"""The one reader of an instance that has no accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A reader's named list of papers."""

    reader: str
    name: str  # as typed; unique per reader, case folded
    papers: int
    updated: datetime  # UTC, aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A search as a reader asked it: words, filters, order."""

    text: str
    filters: Filters = field(default_factory=Filters)
    mode: Mode = Mode.HYBRID
    sort: Sort | None = None  # None: as the words say


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A search that a reader keeps under a name, to see what is new."""

    reader: str
    name: str  # as typed; unique per reader, case folded
    wish: Wish
    seen: int  # the key of the last paper that had arrived when it was last looked at
    looked: datetime  # UTC, aware


class SubscriptionState(StrEnum):
    """How far a subscription has come."""

    PENDING = "pending"  # waits for its address to be confirmed
    ACTIVE = "active"
    ENDED = "ended"  # unsubscribed


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An address that gets a digest."""

    key: int
    email: str
    period: Period  # day or week
    hour: int  # of the day, 0 to 23, in `timezone`
    timezone: str  # IANA name
    state: SubscriptionState
    created: datetime  # UTC, aware
    due: datetime | None  # when the next digest is to be sent; None unless active
    failures: int = 0  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One claimed mailing: whoever holds it sends it, nobody else."""

    key: int
    subscription: Subscription
    due: datetime  # the moment it was due; with the subscription it names the digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a digest."""

    digest: int
    state: str  # "claimed", "sent", "empty", "failed"
    at: datetime
    papers: int = 0
    detail: str = ""
