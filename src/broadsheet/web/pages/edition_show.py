"""``/``, ``/papers/date``, ``/papers/week``, ``/papers/month``: an edition."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from broadsheet.library import ranking
from broadsheet.model import Edition, Period
from broadsheet.web import plots, view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.library import Library
    from broadsheet.model import DayCount, Paper

FRONT = 3  # a lead and two seconds stand above the rows
FIELDS = 8  # in the list of fields beside the papers

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the small calendar beside the papers."""

    label: str
    url: str
    papers: int
    picked: int
    first: date
    is_current: bool


@router.get("/")
def show_latest(request: Request) -> Response:
    """Show today's edition, or the newest that has papers."""
    library = library_of(request)
    page = _lists.page_number(request)
    if page > 1:
        newest = library.latest_edition(limit=1)
        return RedirectResponse(f"{edition_url(newest)}?{urlencode({'page': page})}", 302)
    return _show(request, library.latest_edition(limit=_length(library)))


@router.get("/papers/date")
def find_day() -> Response:
    """Lead to the newest edition."""
    return RedirectResponse("/", 302)


@router.get("/papers/date/{day}")
def show_day(request: Request, day: str) -> Response:
    """Show the edition of one day."""
    return _show(request, _edition(request, _lists.read_day(day), Period.DAY))


@router.get("/papers/week")
def find_week(request: Request) -> Response:
    """Lead to the week of the newest edition."""
    newest = library_of(request).latest_edition(limit=1)
    return RedirectResponse(period_url(newest.first, Period.WEEK), 302)


@router.get("/papers/week/{week}")
def show_week(request: Request, week: str) -> Response:
    """Show the edition of one ISO week."""
    return _show(request, _edition(request, _lists.read_week(week), Period.WEEK))


@router.get("/papers/month")
def find_month(request: Request) -> Response:
    """Lead to the month of the newest edition."""
    newest = library_of(request).latest_edition(limit=1)
    return RedirectResponse(period_url(newest.first, Period.MONTH), 302)


@router.get("/papers/month/{month}")
def show_month(request: Request, month: str) -> Response:
    """Show the edition of one month."""
    return _show(request, _edition(request, _lists.read_month(month), Period.MONTH))


def period_url(day: date, period: Period) -> str:
    """Return the address of the edition of a period that contains a day."""
    if period is Period.DAY:
        return f"/papers/date/{day.isoformat()}"
    if period is Period.WEEK:
        return f"/papers/week/{view.week_name(day)}"
    return f"/papers/month/{day:%Y-%m}"


def edition_url(edition: Edition) -> str:
    """Return the address of an edition that stays."""
    return period_url(edition.first, edition.period)


def _length(library: Library) -> int:
    return library.settings.page_size + FRONT


def _edition(request: Request, day: date, period: Period) -> Edition:
    library = library_of(request)
    limit = _length(library)
    offset = (_lists.page_number(request) - 1) * limit
    return library.edition(day, period=period, limit=limit, offset=offset)


def _show(request: Request, edition: Edition) -> Response:
    library = library_of(request)
    page = _lists.page_number(request)
    length = _length(library)
    papers = [ranked.paper for ranked in edition.papers]
    front = edition.papers[:FRONT] if page == 1 else ()
    values: dict[str, Any] = {
        "edition": edition,
        "nav": edition.period.value,
        "heading": heading(edition),
        "number": edition.first.timetuple().tm_yday,
        "front": front,
        "rows": edition.papers[len(front) :],
        "opening": view.copyfit(papers[0], papers[1:FRONT]) if front else 0,
        "clock": _clock(library, papers[0]) if front else None,
        "fields": fields(papers),
        "sources": sorted({source for paper in papers for source in paper.sources}),
        "turns": turns(edition),
        "links": {period.value: period_url(edition.first, period) for period in Period},
        "calendar": calendar(library, edition),
        "today": library.today(),
        "topics": library.topics(),
        "spark": plots.spark,
        "worth": worth_a_look(library, edition),
        **_pages(edition, page=page, length=length),
    }
    shown = papers + [ranked.paper for ranked in values["worth"]]
    return render(request, "edition.html", **values, **_lists.marks(library, shown))


def heading(edition: Edition) -> str:
    """Return what an edition is called: its day, its week's days, its month."""
    if edition.period is Period.DAY:
        return view.long_day(edition.first)
    if edition.period is Period.MONTH:
        return view.month_name(edition.first)
    first = view.full_day(edition.first)
    if edition.first.year == edition.last.year:
        is_one_month = edition.first.month == edition.last.month
        first = str(edition.first.day) if is_one_month else first.rpartition(" ")[0]
    return f"{first} to {view.full_day(edition.last)}"


def turns(edition: Edition) -> dict[str, tuple[str, str]]:
    """Return (address, label) of the ``prev`` and ``next`` edition that has papers."""
    found = {}
    for side, day in (("prev", edition.previous), ("next", edition.next)):
        if day is not None:
            label = {
                Period.DAY: view.turn_day(day),
                Period.WEEK: f"week {day.isocalendar().week}",
                Period.MONTH: view.month_name(day).partition(" ")[0],
            }[edition.period]
            found[side] = (period_url(day, edition.period), label)
    return found


def calendar(library: Library, edition: Edition) -> list[Entry]:
    """Return the days of the week around a day or week, or the weeks of a month."""
    if edition.period is Period.MONTH:
        return _weeks(library.day_counts(edition.first, edition.last), edition)
    counts = {row.day: row for row in edition.days}
    monday = edition.first - timedelta(days=edition.first.weekday())
    days = [monday + timedelta(days=i) for i in range(7)]
    return [
        Entry(
            label=view.turn_day(day),
            url=period_url(day, Period.DAY),
            papers=counts[day].papers if day in counts else 0,
            picked=counts[day].picked if day in counts else 0,
            first=day,
            is_current=edition.period is Period.DAY and day == edition.first,
        )
        for day in days
    ]


def _weeks(rows: Sequence[DayCount], edition: Edition) -> list[Entry]:
    """Return the ISO weeks that touch a month, each with what the month has of it."""
    first = edition.first - timedelta(days=edition.first.weekday())
    found = []
    while first <= edition.last:
        last = first + timedelta(days=6)
        inside = [row for row in rows if first <= row.day <= last]
        found.append(
            Entry(
                label=f"week {first.isocalendar().week}",
                url=period_url(first, Period.WEEK),
                papers=sum(row.papers for row in inside),
                picked=sum(row.picked for row in inside),
                first=first,
                is_current=False,
            )
        )
        first += timedelta(days=7)
    return found


def fields(papers: list[Paper]) -> list[tuple[str, int]]:
    """Return the first categories of these papers with their counts, most first, then by name."""
    counted = Counter(paper.categories[0] for paper in papers if paper.categories)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:FIELDS]


def worth_a_look(library: Library, edition: Edition) -> list[Any]:
    """Return what is hot this week when an edition has nothing of its own."""
    if edition.papers or edition.total:
        return []
    return library.trending(Period.WEEK, limit=8)


def _clock(library: Library, paper: Paper) -> plots.Bars | None:
    born = ranking.born(paper, library.zone)
    return plots.clock(library.signals(paper), born=born, now=library.clock.now())


def _pages(edition: Edition, *, page: int, length: int) -> dict[str, Any]:
    first = (page - 1) * length + 1
    last = first + len(edition.papers) - 1
    url = edition_url(edition)
    return {
        "page": page,
        "first": first,
        "last": last,
        "previous_url": f"{url}?page={page - 1}" if page > 1 else None,
        "next_url": f"{url}?page={page + 1}" if last < edition.total and edition.papers else None,
    }
