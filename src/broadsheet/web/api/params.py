"""What may be asked? The parameters that several addresses share, with their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Path, Query, Request

from broadsheet.model import Aspect, Filters, Mode, Period, Sort
from broadsheet.web.api import models, paths
from broadsheet.web.context import base_url

paths.register()

MAX_LIMIT = 100
MAX_OFFSET = 1_000_000  # a page costs what all pages before it do
MAX_KEY = 1 << 31
MAX_QUERY = 2_000  # characters; longer ones are nobody's question
MAX_VALUES = 50  # of one filter

_ERROR_TEXTS = {
    400: "The question makes no sense; `error.field` names the parameter.",
    403: "Another site's page asked for a change.",
    404: "Nothing of this name is here.",
    422: "A parameter has the wrong form; `error.field` names it.",
    429: "Too many changes in one minute; `Retry-After` says when to come back.",
    503: "The store or an index cannot answer just now, or too many ask at once: then "
    "`Retry-After` says when to come back.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry of each error, all of one shape."""
    return {
        status: {"model": models.ErrorAnswer, "description": _ERROR_TEXTS[status]}
        for status in statuses
    }


Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Papers on one page.")]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET, description="Papers to skip.")]
Window = Annotated[Period, Query(description="How far back to look.")]
PaperName = Annotated[
    str,
    Path(
        max_length=500,
        description="Any form of the identifier that people type: `2401.01234`, "
        "`arxiv:2401.01234v2`, `doi:10.1000/xyz`, `acl:2020.acl-main.1`.",
    ),
]


def _values(text: str) -> Any:
    """Return a parameter that may be repeated."""
    return Query(max_length=MAX_VALUES, description=text)


_NONE: list[str] = []  # FastAPI copies it; a factory's signature it looks up at each request


def _filters(  # noqa: PLR0913  # parameters of an address
    *,
    since: Annotated[date | None, Query(description="First day of publication.")] = None,
    until: Annotated[date | None, Query(description="Last day of publication.")] = None,
    source: Annotated[list[str], _values("Any of these sources.")] = _NONE,
    category: Annotated[list[str], _values("Any of these: `cs.LG`, or `cs` for all.")] = _NONE,
    cat: Annotated[list[str], Query(max_length=MAX_VALUES, include_in_schema=False)] = _NONE,
    topic: Annotated[list[str], _values("Any of these topics.")] = _NONE,
    author: Annotated[list[str], _values("Any of these authors.")] = _NONE,
    has: Annotated[list[str], _values("All of these links: `code`, `data`.")] = _NONE,
    as_of: Annotated[
        int | None,
        Query(
            ge=0,
            le=MAX_KEY,
            description="Only papers that had arrived by then: `meta.as_of` of the first page. "
            "`next` sets it, so that new papers push nothing from page to page.",
        ),
    ] = None,
) -> Filters:
    return Filters(
        since=since,
        until=until,
        sources=tuple(source),
        categories=(*category, *cat),  # as pages call it, and so their feeds' addresses
        topics=tuple(topic),
        authors=tuple(author),
        has=tuple(has),
        last_key=as_of,
    )


TheFilters = Annotated[Filters, Depends(_filters)]
TheAspect = Annotated[
    Aspect | None,
    Query(description="Alike in what is said of the task, method, data or result; none: whole."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A search as it is asked over the web: by the API, and by every feed of a search."""

    q: str
    mode: Mode | None
    sort: Sort | None
    filters: Filters


def _question(
    *,
    filters: TheFilters,
    q: Annotated[
        str,
        Query(max_length=MAX_QUERY, description="The query; its language is shown on `/papers`."),
    ] = "",
    mode: Annotated[
        Mode | None, Query(description="By word, by meaning, or both (the default).")
    ] = None,
    sort: Annotated[Sort | None, Query(description="Wins over `sort:` in the query.")] = None,
) -> Question:
    return Question(q=q, mode=mode, sort=sort, filters=filters)


TheQuestion = Annotated[Question, Depends(_question)]


def next_url(
    request: Request, *, limit: int, offset: int, is_last: bool, as_of: int | None = None
) -> str | None:
    """Return the address of the next page: the same question at a higher offset, as of then."""
    following = offset + limit
    if is_last or following > MAX_OFFSET:
        return None
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in {"limit", "offset"}]
    if as_of is not None and "as_of" not in request.query_params:
        kept.append(("as_of", str(as_of)))
    query = urlencode([*kept, ("limit", limit), ("offset", following)], errors="replace")
    return f"{base_url(request)}{request.url.path}?{query}"


def page_meta(
    request: Request, *, total: int, limit: int, offset: int, as_of: int | None = None
) -> models.PageMeta:
    """Return where in a list of known length a page is."""
    is_last = offset + limit >= total
    end = next_url(request, limit=limit, offset=offset, is_last=is_last, as_of=as_of)
    return models.PageMeta(total=total, limit=limit, offset=offset, next=end)
