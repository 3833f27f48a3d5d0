"""In which formats is a list to be had, and at which addresses are its pages?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from broadsheet.publish import atom, jsonfeed, rss
from broadsheet.publish import feed as feeds
from broadsheet.web.context import base_url, library_of
from broadsheet.web.feeds import conditional

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from fastapi import Request, Response

    from broadsheet.model import Paper
    from broadsheet.publish.feed import Feed

PAGE_SIZE = 50  # entries in one document
MAX_PAGE = 200  # 10,000 entries: the depth of any search


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format of feeds."""

    ending: str
    media_type: str
    render: Callable[[Feed], bytes]


FORMATS = (
    Format(ending="atom", media_type=atom.MEDIA_TYPE, render=atom.render),
    Format(ending="rss", media_type=rss.MEDIA_TYPE, render=rss.render),
    Format(ending="json", media_type=jsonfeed.MEDIA_TYPE, render=jsonfeed.render),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of papers that is to become a page of a feed."""

    title: str
    subtitle: str
    page_path: str  # the same list as a page, with its query
    papers: Sequence[Paper]
    page: int  # from 1
    has_more: bool
    since: date | None = None  # what an empty feed gives as its date
    archive: str = ""  # query of the edition before this one


def send(request: Request, form: Format, listing: Listing) -> Response:
    """Return a list in one format; unchanged ones as 304."""
    library = library_of(request)
    base = base_url(request)
    entries = tuple(feeds.entry(paper, base) for paper in listing.papers)
    first = page_url(request, 1)
    itself = page_url(request, listing.page)
    is_alone = listing.page == 1 and not listing.has_more
    feed = feeds.Feed(
        id=feeds.feed_id(base, first.removeprefix(base).replace(f".{form.ending}", "", 1)),
        title=f"{library.settings.title}: {listing.title}",
        subtitle=listing.subtitle,
        url=base + listing.page_path,
        self_url=itself,
        entries=entries,
        updated=feeds.newest(entries, at_least=listing.since),
        first_url=None if is_alone else first,
        previous_url=page_url(request, listing.page - 1) if listing.page > 1 else None,
        next_url=page_url(request, listing.page + 1) if listing.has_more else None,
        archive_url=f"{base}{request.url.path}?{listing.archive}" if listing.archive else None,
    )
    return conditional.answer(
        request,
        form.render(feed),
        media_type=form.media_type,
        now=library.clock.now(),
        extra={"Link": f'<{itself}>; rel="self"'},
    )


def page_url(request: Request, page: int, /) -> str:
    """Return the address of a page of this feed: the same question, ``page`` only beyond 1."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "page"]
    if page > 1:
        kept.append(("page", str(page)))
    query = urlencode(kept, errors="replace")
    address = base_url(request) + request.url.path
    return f"{address}?{query}" if query else address
