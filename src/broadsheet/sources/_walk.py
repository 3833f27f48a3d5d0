"""A service that lists by day, page by page: where is the reading, and where does it go on?

Days are read in stretches, so that no list grows too long for the service; what was added late
to the last days is found because they are read again. Days are compared as days, in whatever
form they are written: "2026-6-30" is before "2026-07-15".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.sources import _entry
from broadsheet.sources._trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from broadsheet.model import Fault, Record

EMPTY_ATTEMPTS = 3  # a page that is empty before its time is asked for again
SLACK = 100  # entries that a service counts and never shows, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is asked for: some days, and how many of their entries to pass over."""

    first: date
    last: date  # included
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held."""

    items: tuple[Record | Fault, ...]
    rows: Sequence[Any] = ()  # entries of the answer as they came, whether or not they are wanted
    shown: int = 0  # of the list's places, how many the answer covers; 0: as many as it has entries
    total: int = 0  # entries of the whole stretch
    problem: str = ""  # why it is no answer at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a service is walked through."""

    began: date  # the first day there is
    days: int  # of one stretch
    look_back: int = 2  # days that are read again the next time
    first_days: int = 3  # how far the first reading goes back


class Walk:
    """The way through the days of one list."""

    def __init__(
        self,
        known: Mapping[str, Any],
        pace: Pace,
        *,
        today: date,
        since: date | None = None,
        is_full: bool = False,
    ) -> None:
        self._pace = pace
        self._today = today
        asked = "everything" if is_full else since.isoformat() if since else ""
        if asked and known.get("asked") != asked:  # else it goes on where it broke off
            known = {"from": (since or pace.began).isoformat(), "asked": asked}
        start = day_of(known.get("from")) or today - timedelta(days=pace.first_days)
        self._first = min(max(start, pace.began), today)
        self._last = day_of(known.get("until"))
        self._offset = int(known.get("offset", 0)) if self._last else 0
        self._asked = str(known.get("asked", ""))

    @property
    def cursor(self) -> dict[str, Any]:
        """Where to go on once all pages so far are saved."""
        found: dict[str, Any] = {"from": self._first.isoformat()}
        if self._last and self._offset:
            found |= {"until": self._last.isoformat(), "offset": self._offset}
        return found | ({"asked": self._asked} if self._asked else {})

    def pages(self, ask: Callable[[Stretch], Page]) -> Iterator[Page]:
        """Yield the pages from where the reading is to today.

        Raises:
            SourceError: the service does not answer, or shows less than it counts.
        """
        while self._first <= self._today:
            last = self._last or self._first + timedelta(days=self._pace.days - 1)
            self._last = min(last, self._today)
            yield from self._stretch(ask, self._last)
            self._first, self._last, self._offset = self._last + timedelta(days=1), None, 0
        self._first = self._today - timedelta(days=self._pace.look_back)
        self._asked = ""

    def _stretch(self, ask: Callable[[Stretch], Page], last: date) -> Iterator[Page]:
        """Yield the pages of some days.

        Raises:
            UnreachableError: a page stands at two places, so others are hidden; the next reading
                begins these days again.
        """
        total = 0
        trail = Trail(f"the list of {self._first} to {last}")
        while True:
            page = self._page(ask, last, total)
            if trail.knows(page.rows):
                self._offset = 0
                raise trail.circle()
            total = page.total or total
            yield page
            self._offset += page.shown or len(page.rows)
            if not page.rows or self._offset >= total:
                return

    def _page(self, ask: Callable[[Stretch], Page], last: date, total: int) -> Page:
        """Return a page; one that is empty although more was counted is asked for again.

        Raises:
            UnreachableError: it stays empty, or is no answer.
        """
        for _ in range(EMPTY_ATTEMPTS):
            page = ask(Stretch(first=self._first, last=last, offset=self._offset))
            if page.problem:
                raise UnreachableError(page.problem)
            missing = (page.total or total) - self._offset
            if page.rows or missing <= 0:
                return page
        if missing > SLACK:
            raise UnreachableError(
                f"the list of {self._first} to {last} ends {missing:,} entries before its end"
            )
        return page


def day_of(value: object) -> date | None:
    """Return the day that a cursor names, however it is written; None for none."""
    found = _entry.when(value)
    try:
        return date.fromisoformat(found)
    except ValueError:
        return None
