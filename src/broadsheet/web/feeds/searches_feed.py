"""What is new about this? Every search, every topic and every author as a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from broadsheet.model import Filters, Mode, Sort
from broadsheet.text.query import parse
from broadsheet.web.api import params
from broadsheet.web.context import TheLibrary
from broadsheet.web.feeds import formats
from broadsheet.web.feeds.formats import FORMATS, PAGE_SIZE, Format, Listing

if TYPE_CHECKING:
    from broadsheet.library import Library

router = APIRouter(include_in_schema=False)
Page = Annotated[int, Query(ge=1, le=formats.MAX_PAGE)]
Name = Annotated[str, Path(max_length=300)]
_SUBTITLES = {
    Sort.RELEVANCE: "What matches, best first.",
    Sort.DATE: "What matches, newest first.",
    Sort.VOTES: "What matches, most voted first.",
    Sort.HEAT: "What matches, hottest first.",
}


def _add(form: Format) -> None:
    @router.api_route(f"/papers.{form.ending}", methods=["GET", "HEAD"])
    def search(
        request: Request, library: TheLibrary, question: params.TheQuestion, page: Page = 1
    ) -> Response:
        title = f"papers about “{question.q}”" if question.q.strip() else "papers"
        kept = [(k, v) for k, v in request.query_params.multi_items() if k != "page"]
        path = "/papers?" + urlencode(kept, errors="replace")
        listing = _listing(library, question, title=title, path=path, page=page)
        return formats.send(request, form, listing)

    @router.api_route(f"/topics/{{name:any}}.{form.ending}", methods=["GET", "HEAD"])
    def topic(request: Request, library: TheLibrary, name: Name, page: Page = 1) -> Response:
        question = _only(Filters(topics=(name,)))
        path = f"/topics/{quote(name, safe='', errors='replace')}"
        listing = _listing(library, question, title=f"topic {name}", path=path, page=page)
        return formats.send(request, form, listing)

    @router.api_route(f"/authors/{{name:any}}.{form.ending}", methods=["GET", "HEAD"])
    def author(request: Request, library: TheLibrary, name: Name, page: Page = 1) -> Response:
        question = _only(Filters(authors=(name,)))
        path = f"/authors/{quote(name, safe='', errors='replace')}"
        listing = _listing(library, question, title=f"papers by {name}", path=path, page=page)
        return formats.send(request, form, listing)


def _only(filters: Filters) -> params.Question:
    return params.Question(q="", mode=None, sort=None, filters=filters)


def _listing(
    library: Library, question: params.Question, *, title: str, path: str, page: int
) -> Listing:
    """Return a page of a search, newest first unless the question or its query says otherwise."""
    asked = parse(question.q)
    named = asked.sort if asked.sort is not Sort.RELEVANCE else Sort.DATE
    sort = question.sort or named
    results = library.search(
        asked,
        mode=question.mode or Mode.HYBRID,
        filters=question.filters,
        sort=sort,
        limit=PAGE_SIZE,
        offset=(page - 1) * PAGE_SIZE,
    )
    return Listing(
        title=title,
        subtitle=_SUBTITLES[sort],
        page_path=path,
        papers=[hit.paper for hit in results.hits],
        page=page,
        has_more=page < formats.MAX_PAGE and page * PAGE_SIZE < results.total,
    )


for _form in FORMATS:
    _add(_form)
