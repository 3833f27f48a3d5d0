"""How does a source fare, in words, and is one silent that should speak?

A source is silent when it delivers nothing although it should. arXiv should on the days of its
listings; any other source when its own past says so: on the weekdays on which it usually
delivers, or, where it has no such days, as often as it did at its slowest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from broadsheet.text import arxiv_calendar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.model import Scheduled, Sync

FAILED_OFTEN = 3  # failures in a row from which a source needs somebody
NEVER_AFTER = timedelta(days=3)  # without anything; a week-end alone is no silence
MISSED = 2  # usual days, or listings, without anything: one alone may be a holiday
WEEKS = 4  # that are looked at for usual weekdays
USUAL = 3  # of these weeks
SLOWEST = 2  # times the longest gap between two deliveries
LEAST_GAP = timedelta(days=7)
DAY = timedelta(days=1)
BY_CALENDAR = frozenset({"arxiv", "arxiv-oai"})
"""The sources that deliver on the days of arXiv's listings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fare:
    """How a source fares: a kind that has a shape, a word, and why, as sentences."""

    kind: str  # "ok", "warn", "bad" or "rest"
    word: str
    why: str = ""


def fare(one: Scheduled, now: datetime) -> Fare:
    """Return how a source fares; what needs somebody comes before what passes by itself."""
    sync = one.sync
    if is_read(sync, now):
        word = "ending" if sync.is_cancelled else "being read"
        return Fare(kind="ok", word=word, why=pace(sync, now))
    if sync.is_paused:
        return Fare(kind="rest", word="paused", why="It rests until it is resumed.")
    if sync.failures >= FAILED_OFTEN:
        since = f" since {_day(sync.succeeded)}" if sync.succeeded else ""
        times = f"Failed {sync.failures} times in a row{since}"
        return Fare(kind="bad", word="failing", why=f"{times}: {_ended(sync.error)}")
    if why := silence(one, now):
        return Fare(kind="bad", word="silent", why=why)
    return _ended_well(sync) or _fare_of_last_run(sync)


def _ended_well(sync: Sync) -> Fare | None:
    if sync.failures or sync.holder:
        return None
    if sync.finished is None:
        return Fare(kind="rest", word="not read yet")
    if sync.is_cancelled:
        return Fare(kind="rest", word="cancelled", why="It goes on where it was at the next read.")
    return Fare(kind="ok", word="synced" if sync.new else "nothing new")


def _fare_of_last_run(sync: Sync) -> Fare:
    if sync.holder:
        why = "The process that read it ended; the next read goes on where it was."
        return Fare(kind="warn", word="broken off", why=why)
    is_asked = "asks to come back" in sync.error or "asked for a rest" in sync.error
    word = "rate-limited" if is_asked else "late" if "is due" in sync.error else "tried again"
    return Fare(kind="warn", word=word, why=_ended(sync.error))


def is_read(sync: Sync, now: datetime) -> bool:
    """Tell whether somebody reads a source now; a claim that ran out is nobody's."""
    return bool(sync.holder) and (sync.until is None or sync.until > now)


def pace(sync: Sync, now: datetime) -> str:
    """Return how far the run that goes on has come: ``1,200 read, 7 new, 40 a second``."""
    seconds = (now - sync.started).total_seconds() if sync.started else 0.0
    rate = f", {sync.read / seconds:,.0f} a second" if seconds >= 1 and sync.read else ""
    return f"{sync.read:,} read, {sync.new:,} new{rate}"


def silence(one: Scheduled, now: datetime) -> str:
    """Return why a source is silent, as a sentence; "" when it is not, or rests."""
    sync = one.sync
    if sync.is_paused or sync.finished is None:
        return ""
    if not sync.days:
        return _never(one, now)
    last = sync.days[-1]
    said = f"Nothing new came since {_spoken(last)}"
    if sync.source in BY_CALENDAR:
        missed = _listings(last, now - one.interval)
        return f"{said}, though arXiv listed papers on {missed} days." if missed >= MISSED else ""
    today = now.astimezone(UTC).date()
    usual = usual_weekdays(sync.days)
    if usual:
        missed = sum((last + n * DAY).weekday() in usual for n in range(1, (today - last).days))
        names = " and ".join(_WEEKDAYS[day] for day in sorted(usual))
        if len(usual) > 2:  # noqa: PLR2004  # two can be read in one breath
            names = f"{len(usual)} days a week"
        return f"{said}; it usually delivers on {names}." if missed >= MISSED else ""
    gap = _longest_gap(sync.days)
    if gap and today - last > max(SLOWEST * gap, LEAST_GAP):
        return f"{said}; it was never quiet for longer than {gap.days} days."
    return ""


def usual_weekdays(days: Sequence[date]) -> frozenset[int]:
    """Return the weekdays on which a source delivers in ``USUAL`` of ``WEEKS`` weeks.

    The weeks are those that end with its last delivery: silence must not make itself usual.
    """
    if not days:
        return frozenset()
    first = days[-1] - WEEKS * 7 * DAY
    counts = [0] * 7
    for day in set(days):
        counts[day.weekday()] += day > first
    return frozenset(day for day, count in enumerate(counts) if count >= USUAL)


def _never(one: Scheduled, now: datetime) -> str:
    entered = one.sync.entered
    if entered is None or now - entered <= max(NEVER_AFTER, 2 * one.interval):
        return ""
    if one.sync.delivered is not None:
        return ""
    return f"It has delivered nothing since it was added on {_day(entered)}."


def _listings(last: date, now: datetime) -> int:
    """Return how many listings of arXiv are out at a moment that are newer than a day's."""
    newest = arxiv_calendar.newest_due(now)
    days = (last + n * DAY for n in range(1, min((newest - last).days, 60) + 1))
    return sum(not arxiv_calendar.why_none(day) for day in days)


def _longest_gap(days: Sequence[date]) -> timedelta:
    return max((later - earlier for earlier, later in pairwise(days)), default=timedelta())


_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _spoken(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _day(moment: datetime | None) -> str:
    return _spoken(moment.astimezone(UTC).date()) if moment else ""


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
