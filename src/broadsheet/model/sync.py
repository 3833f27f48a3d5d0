"""Where the reading of a source that is read again and again has come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta

KEPT_DAYS = 60  # days with something new that the schedule remembers of a source


class Standing(StrEnum):
    """What became of a claim, as its holder is told whenever it saves or renews."""

    HELD = "held"  # go on
    CANCELLED = "cancelled"  # somebody wants the run to end: save, and give the claim back
    LOST = "lost"  # somebody else reads the source now, or it was removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come when it saves."""

    at: datetime
    read: int = 0  # pieces, by this run
    new: int = 0  # papers, by this run
    requests: int = 0  # since the run saved last
    bytes: int = 0  # as they came, since the run saved last


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One source's place in the schedule."""

    source: str
    due: datetime  # when it is read next
    holder: str = ""  # who reads it now; "" for nobody
    until: datetime | None = None  # when the holder's claim ends unless it is renewed
    cursor: Mapping[str, Any] = field(
        default_factory=dict
    )  # where to go on: JSON, the source's own
    finished: datetime | None = None  # when the last run ended, well or not
    failures: int = 0  # in a row
    error: str = ""  # of the last run; "" when it ended well
    entered: datetime | None = None  # when it came into the schedule
    is_added: bool = False  # by the administrator, not by the settings
    is_paused: bool = False
    is_cancelled: bool = False  # the run that goes on is to end; or the last one was to
    interval: timedelta | None = None  # chosen by the administrator; None: as the settings say
    started: datetime | None = None  # the run that goes on, or the last one
    read: int = 0  # pieces, by that run
    new: int = 0  # papers, by that run
    succeeded: datetime | None = None  # the end of the last run without an error
    delivered: datetime | None = None  # when anything new came last
    days: tuple[date, ...] = ()  # on which anything new came, in UTC, oldest first
    requests: int = 0  # in all its runs
    bytes: int = 0  # in all its runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A source that is read by itself, and how it fares."""

    sync: Sync
    interval: timedelta  # between two runs, whoever chose it
    is_in_settings: bool

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.sync.source
