"""Days, weeks and months as people and URLs write them."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from broadsheet.errors import UsageError
from broadsheet.model import Period

_WEEK = re.compile(r"(\d{4})-[Ww](\d{1,2})")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def parse_period(text: str) -> tuple[Period, date]:
    """Read ``2026-08-21``, ``2026-W34`` or ``2026-08``; return the period and its first day.

    Raises:
        UsageError: of none of these forms, or no such day, week or month.
    """
    text = text.strip()
    try:
        if found := _DAY.fullmatch(text):
            return Period.DAY, date(*(int(part) for part in found.groups()))
        if found := _WEEK.fullmatch(text):
            return Period.WEEK, date.fromisocalendar(int(found[1]), int(found[2]), 1)
        if found := _MONTH.fullmatch(text):
            return Period.MONTH, date(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise UsageError(f"there is no {text}: {error}", field="date") from error
    raise UsageError(
        f"a day is written 2026-08-21, a week 2026-W34, a month 2026-08; not {text[:40]!r}",
        field="date",
    )


def bounds(period: Period, day: date) -> tuple[date, date]:
    """Return the first and the last day of the period that contains ``day``."""
    if period is Period.DAY:
        return day, day
    if period is Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + min(timedelta(days=6), date.max - first)
    first = day.replace(day=1)
    return first, day.replace(day=monthrange(day.year, day.month)[1])


def name(period: Period, day: date) -> str:
    """Write the period that contains ``day`` as ``parse_period`` reads it."""
    if period is Period.DAY:
        return day.isoformat()
    if period is Period.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return f"{day.year:04d}-{day.month:02d}"
