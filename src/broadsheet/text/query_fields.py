"""Which conditions do a query's fields name? ``cat:cs.LG``, ``year:2020..2024``, ``has:code``."""
# ruff: noqa: RUF001  # people type dashes for ranges

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from broadsheet.model import Filters

LINK_KINDS = ("code", "data", "project", "pdf", "discussion", "doi")
"""What ``has:`` can ask for."""

_DAY = re.compile(r"(?P<year>\d{4})(?:[-/](?P<month>\d{1,2})(?:[-/](?P<day>\d{1,2}))?)?", re.ASCII)
_YEARS = re.compile(r"(?P<first>\d{4})?(?P<dots>\.\.\.?|-|–|…)?(?P<last>\d{4})?", re.ASCII)
_SPAN = re.compile(r"(?P<first>[\d/-]{4,10})?(?P<dots>\.\.\.?|…)?(?P<last>[\d/-]{4,10})?", re.ASCII)
_CATEGORY = re.compile(
    r"(?P<archive>[a-z]+(?:-[a-z]+)*)(?:\.(?P<subject>[a-z]+(?:-[a-z]+)*))?", re.IGNORECASE
)
_SUBJECT_CODE_LENGTH = 2  # "LG" in cs.LG is written in capitals, "str-el" in cond-mat.str-el is not
_WINDOW = re.compile(r"(?P<count>\d{1,4})?(?P<unit>d|w|m|y|day|week|month|year)s?", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 31, "y": 366}


def narrowed(filters: Filters, name: str, value: str) -> Filters | None:
    """Return the filters with one more condition; None when field or value make no sense."""
    narrow = _FILTERS.get(name)
    return narrow(filters, value) if narrow and value else None


def window(value: str) -> timedelta | None:
    """Read ``week``, ``7d``, ``2w``, ``3m`` or ``1y``; a month has 31 days, a year 366."""
    found = _WINDOW.fullmatch(value.lower())
    if not found or not (found["count"] or len(found["unit"]) > 1):
        return None
    days = int(found["count"] or 1) * _DAYS[found["unit"][0]]
    return timedelta(days=days) if days else None


def _author(filters: Filters, value: str) -> Filters | None:
    return replace(filters, authors=_with(filters.authors, value)) if _has_word(value) else None


def _category(filters: Filters, value: str) -> Filters | None:
    found = _CATEGORY.fullmatch(value)
    if not found:
        return None
    name, subject = found["archive"].lower(), found["subject"]
    if subject:
        is_code = len(subject) == _SUBJECT_CODE_LENGTH
        name = f"{name}.{subject.upper() if is_code else subject.lower()}"
    return replace(filters, categories=_with(filters.categories, name))


def _topic(filters: Filters, value: str) -> Filters | None:
    return (
        replace(filters, topics=_with(filters.topics, value.lower())) if _has_word(value) else None
    )


def _source(filters: Filters, value: str) -> Filters | None:
    return replace(filters, sources=_with(filters.sources, value)) if _has_word(value) else None


def _has(filters: Filters, value: str) -> Filters | None:
    kind = value.lower()
    return replace(filters, has=_with(filters.has, kind)) if kind in LINK_KINDS else None


def _year(filters: Filters, value: str) -> Filters | None:
    found = _YEARS.fullmatch(value)
    if not found or not (found["first"] or found["last"]):
        return None
    if found["last"] and found["first"] and not found["dots"]:
        return None
    first = _first_day(found["first"]) if found["first"] else None
    last = found["last"] or ("" if found["dots"] else found["first"])
    until = _last_day(last) if last else None
    if (
        (found["first"] and not first)
        or (last and not until)
        or (first and until and first > until)
    ):
        return None
    return _between(filters, since=first, until=until)


def _date(filters: Filters, value: str) -> Filters | None:
    """Read a day, month or year, or a range of them with two dots; either end may be open."""
    found = _SPAN.fullmatch(value)
    if not found or not (found["first"] or found["last"]):
        return None
    if found["first"] and found["last"] and not found["dots"]:
        return None
    last = found["last"] or ("" if found["dots"] else found["first"])
    since = _first_day(found["first"]) if found["first"] else None
    until = _last_day(last) if last else None
    if (found["first"] and not since) or (last and not until):
        return None
    return (
        None if since and until and since > until else _between(filters, since=since, until=until)
    )


def _since(filters: Filters, value: str) -> Filters | None:
    day = _first_day(value)
    return _between(filters, since=day) if day else None


def _until(filters: Filters, value: str) -> Filters | None:
    day = _last_day(value)
    return _between(filters, until=day) if day else None


def _after(filters: Filters, value: str) -> Filters | None:
    day = _last_day(value)
    return _between(filters, since=day + timedelta(days=1)) if day and day < date.max else None


def _before(filters: Filters, value: str) -> Filters | None:
    day = _first_day(value)
    return _between(filters, until=day - timedelta(days=1)) if day and day > date.min else None


_FILTERS: dict[str, Callable[[Filters, str], Filters | None]] = {
    "author": _author,
    "au": _author,
    "category": _category,
    "cat": _category,
    "topic": _topic,
    "source": _source,
    "has": _has,
    "year": _year,
    "since": _since,
    "until": _until,
    "after": _after,
    "before": _before,
    "date": _date,
}
FILTER_LABELS = {
    "author": "author",
    "au": "author",
    "category": "category",
    "cat": "category",
    "topic": "topic",
    "source": "source",
    "has": "with",
    "year": "year",
    "since": "since",
    "until": "until",
    "after": "after",
    "before": "before",
    "date": "date",
}
"""The filter fields, and how a page names them."""


def _with(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return values if value in values else (*values, value)


def _has_word(value: str) -> bool:
    return any(map(str.isalnum, value))


def _between(filters: Filters, *, since: date | None = None, until: date | None = None) -> Filters:
    """Return the filters narrowed to days that both the old and the new bounds allow."""
    if since:
        filters = replace(filters, since=max(since, filters.since or since))
    if until:
        filters = replace(filters, until=min(until, filters.until or until))
    return filters


def _first_day(value: str) -> date | None:
    """Return the first day of a year, month or day; None when there is no such."""
    found = _DAY.fullmatch(value)
    if not found:
        return None
    try:
        return date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None


def _last_day(value: str) -> date | None:
    """Return the last day of a year, month or day; None when there is no such."""
    first = _first_day(value)
    found = _DAY.fullmatch(value)
    if not first or not found or found["day"]:
        return first
    if not found["month"]:
        return date(first.year, 12, 31)
    if first.month == 12:  # noqa: PLR2004
        return date(first.year, 12, 31)
    return date(first.year, first.month + 1, 1) - timedelta(days=1)
