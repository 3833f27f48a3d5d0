"""When does arXiv announce? A day's listing is complete, still to come, late, or not to be.

arXiv lists new papers from Monday to Friday. The listing of a day goes out at 20:00 Eastern time
of the day before (Monday's on Sunday), its feeds are built at midnight Eastern:
https://info.arxiv.org/help/availability.html. The days without mailing are those of that page;
they are days of a listing, for some are Fridays, on whose evenings nothing ever goes out.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
GRACE = timedelta(hours=3)  # after midnight, until a listing that is not there is late
SATURDAY = 5

HOLIDAYS = {
    date(2026, 1, 1): "New Year's Day",
    date(2026, 1, 19): "Martin Luther King Day",
    date(2026, 6, 19): "Juneteenth",
    date(2026, 7, 3): "Independence Day",
    date(2026, 9, 7): "Labor Day",
    date(2026, 11, 26): "Thanksgiving",
    date(2026, 12, 25): "Christmas",
    date(2026, 12, 29): "the end of the year",
    date(2026, 12, 31): "the end of the year",
}
"""The days of 2026 without a listing; of other years none is known."""


class Listing(StrEnum):
    """What is to be expected of a day's listing."""

    NONE = "none"  # there will never be one
    COMING = "coming"  # not out yet
    OUT = "out"  # it is there, or only just late
    DUE = "due"  # who does not have it by now is missing something


def why_none(day: date) -> str:
    """Return why arXiv lists nothing on a day, as the end of a sentence; "" when it does."""
    if day.weekday() >= SATURDAY:
        return "on Saturdays and Sundays"
    return f"on {HOLIDAYS[day]}" if day in HOLIDAYS else ""


def listing(day: date, now: datetime) -> Listing:
    """Return what is to be expected of a day's listing at a moment.

    Args:
        day: As arXiv dates it, in Eastern time.
        now: Aware.
    """
    if why_none(day):
        return Listing.NONE
    built = datetime.combine(day, time(), EASTERN)
    if now < built:
        return Listing.COMING
    return Listing.DUE if now >= built + GRACE else Listing.OUT


def newest_due(now: datetime) -> date:
    """Return the day of the newest listing that must be out at a moment."""
    day = today(now)
    while listing(day, now) is not Listing.DUE:
        day -= timedelta(days=1)
    return day


def today(now: datetime) -> date:
    """Return the day that it is at arXiv."""
    return now.astimezone(EASTERN).date()
