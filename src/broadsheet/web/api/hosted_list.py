"""Which papers are on the daily list? Its order and its pages, over days that never end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.model import Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library
    from broadsheet.model import Paper

_SPAN = timedelta(days=366)  # of days counted by one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list."""

    size: int
    number: int  # from 0

    @property
    def start(self) -> int:
        """How many papers come before it."""
        return self.size * self.number


def listed(
    library: Library, period: Period, first: date, *, page: Page, sort: str | None
) -> list[Paper]:
    """Return a page of the list of one period: by heat, or newest day first when so sorted."""
    if sort != "publishedAt":
        edition = library.edition(first, period=period, limit=page.size, offset=page.start)
        return [one.paper for one in edition.papers]
    papers = [one.paper for one in library.edition(first, period=period).papers]
    papers.sort(key=_newness, reverse=True)
    return papers[page.start : page.start + page.size]


def newest(library: Library, *, page: Page) -> list[Paper]:
    """Return a page of all days' lists, newest day first, each by heat."""
    skip, wanted = page.start, page.size
    found: list[Paper] = []
    for day, count in _days(library):
        if skip >= count:
            skip -= count
            continue
        edition = library.edition(day, limit=wanted, offset=skip)
        found += [one.paper for one in edition.papers]
        skip, wanted = 0, page.size - len(found)
        if wanted <= 0:
            break
    return found


def _newness(paper: Paper) -> tuple[date, date, str]:
    return (paper.day or date.min, paper.published or date.min, paper.id)


def _days(library: Library) -> Iterator[tuple[date, int]]:
    """Yield each day that has papers and how many, newest first; counts a year at a time."""
    latest = library.latest_edition(limit=1)
    last: date | None = latest.last if latest.total else None
    while last is not None:
        first = last - min(_SPAN, last - date.min)
        counts = library.day_counts(first, last)
        for one in sorted(counts, key=lambda count: count.day, reverse=True):
            if one.papers:
                yield one.day, one.papers
        last = library.edition(first, limit=1).previous
