"""How is a long list read, page by page and run after run?

A pass reads what is new since a day. Each page comes with a token that asks for the next one; after
each page the cursor knows it, so a run that breaks off goes on there. A token that the service no
longer knows begins the pass again. The next pass begins some days before this one began, for
services learn of things late; what comes twice says nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.sources import _entry
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json_source import problem_of
from broadsheet.sources._trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from broadsheet.model import Fault, Observation, Record
    from broadsheet.sources._plan import Reading

    Ask = Callable[[date | None, str], "Page"]
    """Takes the day to read from (None: all there is) and the token of a page ("": the first)."""

BROKEN_ATTEMPTS = 3  # to read an answer that is none

_NO_TOKEN = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held."""

    items: tuple[Record | Observation | Fault, ...] = ()
    token: str = ""  # for the next page; "" when this was the last
    problem: str = ""  # why it is no answer at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """From when on a list is read."""

    today: date
    since: date | None = None  # None: from where the cursor says
    is_full: bool = False  # all there is
    first_days: int  # how far the first pass goes back
    look_back: int  # days before a pass began that the next one reads again


class Pass:
    """One list, read from its first page to its last."""

    def __init__(self, name: str, ask: Ask, *, cursor: Mapping[str, Any], extent: Extent) -> None:
        self._name = name
        self._ask = ask
        self._extent = extent
        self._cursor = dict(cursor)
        if extent.since or extent.is_full:
            self._begin_at(extent.since.isoformat() if extent.since else "")

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The day from which this pass reads, the token of its next page, the day it began."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what is new, page by page.

        Raises:
            SourceError: the service does not answer, or not to this, or goes in a circle.
        """
        has_restarted = False
        trail = Trail(self._name)
        while True:
            known = self._cursor or {"from": self._first_day()}
            try:
                page = self._page(known)
            except UnreachableError as error:
                if error.status not in _NO_TOKEN or not known.get("token") or has_restarted:
                    raise
                has_restarted = True
                trail = Trail(self._name)  # the same pages come again, and rightly so
                self._cursor = {name: known[name] for name in ("from", "asked") if name in known}
                continue
            yield from page.items
            begun = known.get("begun") or self._extent.today.isoformat()
            if not page.token:
                self._cursor = {"from": self._before(begun)}
                return
            trail.follow(page.token, page.items)
            self._cursor = {**known, "token": page.token, "begun": begun}

    def _begin_at(self, start: str) -> None:
        """Read from this day on; a pass that was asked for and broke off goes on where it was."""
        asked = start or "everything"
        if self._cursor.get("asked") != asked:
            self._cursor = {"from": start, "asked": asked}

    def _first_day(self) -> str:
        return (self._extent.today - timedelta(days=self._extent.first_days)).isoformat()

    def _before(self, day: str) -> str:
        return (date.fromisoformat(day) - timedelta(days=self._extent.look_back)).isoformat()

    def _page(self, known: Mapping[str, Any]) -> Page:
        since = date.fromisoformat(known["from"]) if known["from"] else None
        for _ in range(BROKEN_ATTEMPTS):
            page = self._ask(since, known.get("token", ""))
            if not page.problem:
                return page
        raise UnreachableError(f"{self._name}: {page.problem}")


def reading_pass(name: str, ask: Ask, reading: Reading, *, first_days: int, look_back: int) -> Pass:
    """Return a list as one run reads it; the days are those of an `Extent`."""
    found = extent(reading, first_days=first_days, look_back=look_back)
    return Pass(name, ask, cursor=reading.cursor, extent=found)


def extent(reading: Reading, *, first_days: int, look_back: int) -> Extent:
    """Return from when on a run reads."""
    return Extent(
        today=reading.now.astimezone(UTC).date(),
        since=reading.since,
        is_full=reading.is_full,
        first_days=first_days,
        look_back=look_back,
    )


def records(
    objects: Iterable[Any],
    to_record: Callable[[dict[str, Any]], Record],
    *,
    source: str,
    where: str,
) -> list[Record | Fault]:
    """Return the record of each object; what is none becomes a fault."""
    found: list[Record | Fault] = []
    for number, item in enumerate(objects, start=1):
        place = f"{where} item {number}"
        problem: Exception | str = problem_of(item)
        if not problem:
            try:
                found.append(to_record(item))
                continue
            except FieldError as error:
                problem = error
        found.append(_entry.fault(source, place, problem, str(item)[: _entry.SHOWN]))
    return found
