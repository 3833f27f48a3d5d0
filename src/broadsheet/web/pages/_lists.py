"""What do all list pages need? The reader's marks, page numbers, days out of addresses."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UsageError
from broadsheet.web.pieces import DEFAULT_SHELF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request

    from broadsheet.library import Library
    from broadsheet.model import Paper

FIRST_YEAR, LAST_YEAR = 1900, 2199  # editions outside are nobody's question
MAX_PAGE = 50_000


def marks(library: Library, papers: Sequence[Paper]) -> dict[str, Any]:
    """Return what the reader did with these papers: two statements, however many there are."""
    return {
        "voted": library.voted(papers),
        "shelved": library.shelved(papers),
        "default_shelf": DEFAULT_SHELF,
    }


def page_number(request: Request) -> int:
    """Return the ``page`` of an address, from 1.

    Raises:
        UsageError: it is no whole number from 1 to ``MAX_PAGE``.
    """
    return read_page(request.query_params.get("page", ""))


def read_page(text: str) -> int:
    """Read the number of a page; empty: the first.

    Raises:
        UsageError: it is no whole number from 1 to ``MAX_PAGE``.
    """
    text = text or "1"
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 1 <= int(text) <= MAX_PAGE:
        raise UsageError(
            f"page must be a whole number from 1 to {MAX_PAGE:,}, not {text[:40]!r}", field="page"
        )
    return int(text)


def read_day(text: str, *, field: str = "day") -> date:
    """Read ``2026-08-21``; ``field`` is what an error calls it.

    Raises:
        UsageError: there is no such day.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        year, month, day = (int(part) for part in text.split("-"))
        return _made(text, field, "2026-08-21", (year, month, day))
    raise _no_such(field, text, "2026-08-21")


def read_month(text: str) -> date:
    """Read ``2026-08`` as its first day.

    Raises:
        UsageError: there is no such month.
    """
    if re.fullmatch(r"\d{4}-\d{2}", text, re.ASCII):
        year, month = (int(part) for part in text.split("-"))
        return _made(text, "month", "2026-08", (year, month, 1))
    raise _no_such("month", text, "2026-08")


def read_week(text: str) -> date:
    """Read ``2026-W34``, an ISO week, as its Monday.

    Raises:
        UsageError: that year has no such week.
    """
    match = re.fullmatch(r"(\d{4})-W(\d{2})", text, re.ASCII | re.IGNORECASE)
    if match is None:
        raise _no_such("week", text, "2026-W34")
    year, week = int(match[1]), int(match[2])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _no_such("week", text, "2026-W34")
    try:
        return date.fromisocalendar(year, week, 1)
    except ValueError:
        raise _no_such("week", text, "2026-W34") from None


def month_end(first: date) -> date:
    """Return the last day of the month that begins at ``first``."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _made(text: str, what: str, example: str, parts: tuple[int, int, int]) -> date:
    if not FIRST_YEAR <= parts[0] <= LAST_YEAR:
        raise _no_such(what, text, example)
    try:
        return date(*parts)
    except ValueError:
        raise _no_such(what, text, example) from None


def _no_such(what: str, text: str, example: str) -> UsageError:
    kind = what if what in {"week", "month"} else "day"
    return UsageError(
        f"there is no {kind} {text[:40]!r}; a {kind} is written like {example}, "
        f"from {FIRST_YEAR} to {LAST_YEAR}",
        field=what,
    )
