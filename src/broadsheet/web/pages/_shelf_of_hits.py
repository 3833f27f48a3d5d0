"""A list of papers that share something: one template for topics and authors."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from broadsheet.errors import NotFoundError, QueryError
from broadsheet.model import Mode, Ranked, Sort
from broadsheet.web import view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.responses import Response

    from broadsheet.model import Filters

MAX_NAME = 200  # characters
SORTS = ((Sort.DATE, "Newest"), (Sort.HEAT, "Heat"), (Sort.VOTES, "Votes"))


def show(request: Request, *, kind: str, name: str, filters: Filters, nav: str = "") -> Response:
    """Return the page of one topic or author.

    Raises:
        NotFoundError: no paper has it.
        QueryError: the name is too long, or the order is none of ``SORTS``.
    """
    if len(name) > MAX_NAME:
        raise QueryError(f"a name has at most {MAX_NAME} characters", field=kind)
    library = library_of(request)
    page, size = _lists.page_number(request), library.settings.page_size
    sort = _read_sort(request.query_params.get("sort", ""))
    offset = (page - 1) * size
    results = library.search(
        "", mode=Mode.LEXICAL, filters=filters, sort=sort, limit=size, offset=offset
    )
    if not results.total:
        raise NotFoundError(f"no paper here has the {kind} {name!r}")
    url = view.topic_url(name) if kind == "topic" else view.author_url(name)
    query = {"sort": sort.value} if sort is not Sort.DATE else {}
    papers = [hit.paper for hit in results.hits]
    more = offset + len(papers) < results.total
    return render(
        request,
        "hits.html",
        nav=nav,
        kind=kind,
        heading=name,
        url=url,
        results=results,
        rows=[
            Ranked(rank=rank, paper=hit.paper, heat=hit.why.heat or 0.0, why="")
            for rank, hit in enumerate(results.hits, start=offset + 1)
        ],
        sorts=[
            (label, url + (f"?sort={value.value}" if value is not Sort.DATE else ""), value is sort)
            for value, label in SORTS
        ],
        search=view.search_url(f'{kind}:"{name}"'),
        previous_url=f"{url}?{urlencode(query | {'page': page - 1})}" if page > 1 else None,
        next_url=f"{url}?{urlencode(query | {'page': page + 1})}" if more else None,
        **_lists.marks(library, papers),
    )


def _read_sort(text: str) -> Sort:
    known = [value.value for value, _ in SORTS]
    if text and text not in known:
        raise QueryError(f"sort can be {view.listed(known)}, not {text[:40]!r}", field="sort")
    return Sort(text or Sort.DATE.value)
