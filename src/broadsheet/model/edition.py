"""Editions: the papers of one day, week or month, ranked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from broadsheet.model.paper import Paper


class Period(StrEnum):
    """How long an edition, a digest or a trend looks."""

    DAY = "day"
    WEEK = "week"  # ISO week, Monday to Sunday
    MONTH = "month"


class EditionState(StrEnum):
    """What is known of an edition."""

    COMPLETE = "complete"  # its period has ended and it has all that is known to be in it
    OPEN = "open"  # its period has not ended, and nothing is missing so far
    PARTIAL = "partial"  # something that belongs in it is not here; `Edition.standing` says what
    LATE = "late"  # what should be listed by now has not come
    EMPTY = "empty"  # no papers; `Edition.standing` says why
    SPECIMEN = "specimen"  # made of papers written for show

    @property
    def is_plain(self) -> bool:
        """Whether an edition in this state has nothing to explain."""
        return self in {EditionState.COMPLETE, EditionState.OPEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A paper at its place in a list."""

    rank: int  # from 1
    paper: Paper
    heat: float  # >= 0
    why: str  # one clause, no full stop: what put the paper here


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """How many papers one day has."""

    day: date
    papers: int  # whose edition this is
    announced: int
    picked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The papers of one period, ranked by heat; ties by newer, then by id."""

    period: Period
    first: date
    last: date  # inclusive
    papers: tuple[Ranked, ...]  # one page of them
    total: int
    announced: int
    picked: int
    state: EditionState
    standing: str = ""  # a sentence or two: what is known of its being complete
    stand_in: str = ""  # a sentence or two, where it is shown for a newer day without papers
    previous: date | None = None  # first day of the nearest earlier edition that has papers
    next: date | None = None
    days: tuple[DayCount, ...] = field(default_factory=tuple)  # the week around it

    @property
    def told(self) -> str:
        """All that there is to say of it, in the words that every face uses."""
        return f"{self.standing} {self.stand_in}".strip()

    @property
    def reason(self) -> str:
        """What of that explains something: why it is not whole, not there, or not today's."""
        return self.stand_in if self.state.is_plain else self.told
