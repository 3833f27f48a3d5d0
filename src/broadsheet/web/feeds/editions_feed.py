"""What is new today, and what is hot? ``/feeds/daily.*`` and ``/feeds/trending.*``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from broadsheet.errors import UsageError
from broadsheet.model import Period
from broadsheet.text import days
from broadsheet.web.context import TheLibrary
from broadsheet.web.feeds import formats
from broadsheet.web.feeds.formats import FORMATS, PAGE_SIZE, Format, Listing

if TYPE_CHECKING:
    from broadsheet.library import Library
    from broadsheet.model import Edition

router = APIRouter(include_in_schema=False)
Page = Annotated[int, Query(ge=1, le=formats.MAX_PAGE)]
_WORDS = {Period.DAY: "day", Period.WEEK: "week", Period.MONTH: "month"}


def _add(form: Format) -> None:
    @router.api_route(f"/feeds/daily.{form.ending}", methods=["GET", "HEAD"])
    def daily(
        request: Request,
        library: TheLibrary,
        date: Annotated[str, Query(max_length=10)] = "",
        page: Page = 1,
    ) -> Response:
        found = _edition(library, date, page=page)
        return formats.send(request, form, _daily(found, page))

    @router.api_route(f"/feeds/trending.{form.ending}", methods=["GET", "HEAD"])
    def trending(
        request: Request, library: TheLibrary, window: Period = Period.WEEK, page: Page = 1
    ) -> Response:
        # One more than a page holds tells whether there is another page.
        offset = (page - 1) * PAGE_SIZE
        found = library.trending(window, limit=PAGE_SIZE + 1, offset=offset)
        listing = Listing(
            title=f"trending this {_WORDS[window]}",
            subtitle=f"The hottest papers of the last {_WORDS[window]}, hottest first.",
            page_path=f"/papers/trending?window={window}",
            papers=[one.paper for one in found[:PAGE_SIZE]],
            page=page,
            has_more=len(found) > PAGE_SIZE,
        )
        return formats.send(request, form, listing)


def _edition(library: Library, date: str, *, page: int) -> Edition:
    """Return a page of the newest edition that has papers, or of the one that is named."""
    offset = (page - 1) * PAGE_SIZE
    if date:
        period, first = days.parse_period(date)
        if period is not Period.DAY:
            raise UsageError(f"date is a day, written 2026-08-21, not {date!r}", field="date")
        return library.edition(first, limit=PAGE_SIZE, offset=offset)
    newest = library.latest_edition(limit=PAGE_SIZE)
    if page == 1:
        return newest
    return library.edition(newest.first, limit=PAGE_SIZE, offset=offset)


def _daily(edition: Edition, page: int) -> Listing:
    name = edition.first.isoformat()
    return Listing(
        title="the daily papers",
        subtitle=edition.told,
        page_path=f"/papers/date/{name}",
        papers=[one.paper for one in edition.papers],
        page=page,
        has_more=page * PAGE_SIZE < edition.total,
        since=edition.first,
        archive=f"date={edition.previous.isoformat()}" if edition.previous else "",
    )


for _form in FORMATS:
    _add(_form)
