"""What do clients of the hosted site ask? Its papers API, as ``huggingface_hub`` calls it.

``HfApi(endpoint=...)`` and ``HF_ENDPOINT=... hf papers ls|search|info|read`` work unmodified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from broadsheet.errors import UsageError
from broadsheet.model import Period, Sort
from broadsheet.text import days
from broadsheet.web.api import hosted_list, hosted_present, params
from broadsheet.web.api.hosted_models import HostedError, HostedInfo, HostedItem
from broadsheet.web.api.routes import HostedRoute, hosted_operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

router = APIRouter(
    prefix="/api",
    tags=["hosted site's API"],
    route_class=HostedRoute,
    generate_unique_id_function=hosted_operation_id,
)
_ERRORS: dict[int | str, dict[str, object]] = {
    "4XX": {"model": HostedError, "description": "`error` says what happened."}
}

Date = Annotated[str | None, Query(max_length=10, description="`2026-08-21`.")]
Week = Annotated[str | None, Query(max_length=8, description="ISO week: `2026-W34`.")]
Month = Annotated[str | None, Query(max_length=7, description="`2026-08`.")]
Submitter = Annotated[
    str | None,
    Query(max_length=200, description="Who put it on the list; nobody does here, so none."),
]
Order = Annotated[
    Literal["publishedAt", "trending"] | None,
    Query(description="By day on the list, or by heat. A day's list alone is by heat."),
]
Page = Annotated[int, Query(ge=0, le=100_000, description="The page, from 0.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Papers on one page.")]


@router.get("/daily_papers", responses=_ERRORS, response_model_exclude_none=True)
def daily_papers(
    library: TheLibrary,
    *,
    date: Date = None,
    week: Week = None,
    month: Month = None,
    submitter: Submitter = None,
    sort: Order = None,
    p: Page = 0,
    limit: Limit = 50,
) -> list[HostedItem]:
    """Return the papers put on the daily list on a day, in a week or a month, or the newest."""
    asked = _period({"date": date, "week": week, "month": month})
    if submitter is not None:
        return []
    page = hosted_list.Page(size=limit, number=p)
    if asked is not None:
        period, first = asked
        found = hosted_list.listed(library, period, first, page=page, sort=sort)
    elif sort == "trending":
        ranked = library.trending(Period.MONTH, limit=limit, offset=p * limit)
        found = [one.paper for one in ranked]
    else:
        found = hosted_list.newest(library, page=page)
    return [hosted_present.item(paper) for paper in found]


@router.get("/papers/search", responses=_ERRORS, response_model_exclude_none=True)
def search(
    library: TheLibrary,
    q: Annotated[str, Query(max_length=250, description="The query.")] = "",
    limit: Annotated[int, Query(ge=1, le=120, description="At most so many.")] = 20,
) -> list[HostedItem]:
    """Find papers by word and by meaning; without a query the newest."""
    results = library.search(q, limit=limit, sort=None if q.strip() else Sort.DATE)
    return [hosted_present.item(hit.paper) for hit in results.hits]


@router.get("/papers", responses=_ERRORS, response_model_exclude_none=True)
def papers(
    request: Request,
    response: Response,
    library: TheLibrary,
    base: BaseUrl,
    *,
    cursor: Annotated[
        int, Query(ge=0, le=2**62, description="Where the page before this one ended.")
    ] = 0,
    limit: Limit = 50,
) -> list[HostedInfo]:
    """Return every paper, oldest arrival first; the header `Link` names the next page."""
    found = library.store.all_papers(after=cursor, limit=limit)
    if len(found) == limit:
        following = f"{base}{request.url.path}?cursor={found[-1].key}&limit={limit}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return [hosted_present.info(paper) for paper in found]


@router.get("/papers/{name:any}", responses=_ERRORS, response_model_exclude_none=True)
def paper(library: TheLibrary, name: params.PaperName) -> HostedInfo:
    """Return one paper by its arXiv id, or by any other identifier."""
    return hosted_present.info(library.paper(name))


def _period(asked: Mapping[str, str | None]) -> tuple[Period, dt.date] | None:
    """Return the one period that is asked for; None: the newest."""
    given = {name: text for name, text in asked.items() if text is not None}
    if not given:
        return None
    if len(given) > 1:
        names = " and ".join(given)
        raise UsageError(f"give one of date, week and month, not {names}", field=names)
    (name, text), *_ = given.items()
    wanted = {"date": Period.DAY, "week": Period.WEEK, "month": Period.MONTH}[name]
    period, first = days.parse_period(text)
    if period is not wanted:
        forms = {"date": "2026-08-21", "week": "2026-W34", "month": "2026-08"}
        raise UsageError(f"{name} is written {forms[name]}, not {text!r}", field=name)
    return period, first
