"""When does arXiv announce? A day's listing is complete, still to come, late, or not to be.

arXiv lists papers from Monday to Friday. The listing of a day holds what was submitted until
14:00 Eastern time of the working day before, its closing day; it goes out at 20:00 of the
evening before (Monday's on Sunday), and the feeds are built at midnight:
https://info.arxiv.org/help/availability.html. That page also names the days on which nothing is
sent out. Such a day keeps its own listing, which went out the evening before; the listing that
it would have closed is the one that is missing. After Labor Day, a Monday, Tuesday has none;
after a holiday on a Friday, Monday has none. A year of real announcements says the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
CLOSING = time(14)  # Eastern: what comes later is in the next listing
GRACE = timedelta(hours=3)  # after midnight, until a listing that is not there is late
SATURDAY = 5
FIRST_YEAR = 1991
DAY = timedelta(days=1)

NO_MAILING = {
    date(2025, 1, 1): "New Year's Day",
    date(2025, 1, 20): "Martin Luther King Day",
    date(2025, 6, 19): "Juneteenth",
    date(2025, 7, 4): "Independence Day",
    date(2025, 9, 1): "Labor Day",
    date(2025, 11, 27): "Thanksgiving",
    date(2025, 12, 25): "Christmas",
    date(2025, 12, 30): "30 December",
    date(2026, 1, 1): "New Year's Day",
    date(2026, 1, 19): "Martin Luther King Day",
    date(2026, 6, 19): "Juneteenth",
    date(2026, 7, 3): "Independence Day",
    date(2026, 9, 7): "Labor Day",
    date(2026, 11, 26): "Thanksgiving",
    date(2026, 12, 25): "Christmas",
    date(2026, 12, 29): "29 December",
    date(2026, 12, 31): "31 December",
}
"""The days of these two years on which nothing is sent out; arXiv names them a year ahead."""

KNOWN_YEARS = frozenset(day.year for day in NO_MAILING)


class Listing(StrEnum):
    """What is to be expected of a day's listing."""

    NONE = "none"  # there will never be one
    UNSURE = "unsure"  # a holiday of a year whose days without mailing are not known
    COMING = "coming"  # not out yet
    OUT = "out"  # it is there, or only just late
    DUE = "due"  # who does not have it by now is missing something


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When what a listing holds was submitted."""

    start: datetime  # inclusive, aware, UTC
    end: datetime  # exclusive


def why_none(day: date) -> str:
    """Return why arXiv lists nothing on a day, as the end of a sentence; "" when it does.

    Of a year whose days without mailing are not known a holiday gives "", for it may be none.
    """
    if day.weekday() >= SATURDAY:
        return "on Saturdays and Sundays"
    if day.year < FIRST_YEAR:
        return "before 1991, when it began"
    return _after(NO_MAILING.get(closing_day(day), ""))


def why_unsure(day: date) -> str:
    """Return why arXiv may list nothing on a day, as `why_none` does; "" where that is known."""
    if day.weekday() >= SATURDAY or day.year < FIRST_YEAR:
        return ""
    closing = closing_day(day)
    return "" if closing.year in KNOWN_YEARS else _after(us_holiday(closing))


def _after(holiday: str) -> str:
    return f"because it sends nothing out on {holiday}" if holiday else ""


def closing_day(day: date) -> date:
    """Return the working day at whose 14:00 the listing of a day was closed: Monday's on Friday."""
    before = day - DAY
    while before.weekday() >= SATURDAY:
        before -= DAY
    return before


def us_holiday(day: date) -> str:
    """Return the holiday that arXiv has kept on such a day so far, by rule; "" for none.

    A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after.
    Some days between Christmas and New Year are without mailing too; which ones is no rule.
    """
    if day.month == 12 and day.day > 26:  # noqa: PLR2004  # a date
        return f"{day.day} December"
    if day.weekday() >= SATURDAY:
        return ""
    kept = {_observed(date(day.year, *each)): name for each, name in _FIXED.items()}
    kept |= {_nth(day.year, *each): name for each, name in _MOVING.items()}
    return kept.get(day, "")


_FIXED = {
    (1, 1): "New Year's Day",
    (6, 19): "Juneteenth",
    (7, 4): "Independence Day",
    (12, 25): "Christmas",
}
_MOVING = {  # month, weekday, which of them
    (1, 0, 3): "Martin Luther King Day",
    (9, 0, 1): "Labor Day",
    (11, 3, 4): "Thanksgiving",
}


def _observed(day: date) -> date:
    return day + {5: -DAY, 6: DAY}.get(day.weekday(), timedelta())


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))


def listing(day: date, now: datetime) -> Listing:
    """Return what is to be expected of a day's listing at a moment.

    Args:
        day: As arXiv dates it, in Eastern time.
        now: Aware.
    """
    if why_none(day):
        return Listing.NONE
    if why_unsure(day):
        return Listing.UNSURE
    built = datetime.combine(day, time(), EASTERN)
    if now < built:
        return Listing.COMING
    return Listing.DUE if now >= built + GRACE else Listing.OUT


def listing_of(submitted: datetime) -> date:
    """Return the first listing that can hold what was submitted at a moment.

    A submission that moderators look at again is in a later one.

    Args:
        submitted: Aware.
    """
    local = submitted.astimezone(EASTERN)
    closing = local.date() if local.time() < CLOSING else local.date() + DAY
    while closing.weekday() >= SATURDAY or closing in NO_MAILING:
        closing += DAY
    return _next_working_day(closing)


def window(day: date) -> Window:
    """Return when the papers of a day's listing were submitted, of one that there is."""
    end = closing_day(day)
    start = closing_day(end)
    while start in NO_MAILING:
        start = closing_day(start)
    return Window(start=_closed(start), end=_closed(end))


def _closed(day: date) -> datetime:
    return datetime.combine(day, CLOSING, EASTERN).astimezone(UTC)


def _next_working_day(day: date) -> date:
    day += DAY
    while day.weekday() >= SATURDAY:
        day += DAY
    return day


def newest_due(now: datetime) -> date:
    """Return the day of the newest listing that must be out at a moment."""
    day = today(now)
    while listing(day, now) is not Listing.DUE:
        day -= DAY
    return day


def listing_days(first: date, last: date) -> list[date]:
    """Return the days of [first, last] that surely have a listing, in order."""
    all_days = (first + DAY * n for n in range((last - first).days + 1))
    return [day for day in all_days if not why_none(day) and not why_unsure(day)]


def today(now: datetime) -> date:
    """Return the day that it is at arXiv."""
    return now.astimezone(EASTERN).date()
