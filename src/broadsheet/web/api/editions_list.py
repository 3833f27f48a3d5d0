"""What matters today? ``/api/v1/editions/...``, ``/api/v1/trending``, ``/api/v1/topics``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request

from broadsheet.model import Period
from broadsheet.text import days
from broadsheet.web.api import models, params, present
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

if TYPE_CHECKING:
    from broadsheet.library import Library
    from broadsheet.model import Edition

router = APIRouter(prefix="/api/v1", tags=["editions"], generate_unique_id_function=operation_id)

When = Annotated[
    str,
    Path(
        max_length=20,
        description="`2026-08-21`, `2026-W34` or `2026-08`; `day`, `week` or `month` for the "
        "present one; `latest` for the newest day that has papers.",
    ),
]


@router.get("/editions/{when}", responses=params.errors(400, 422, 503))
def edition(
    request: Request,
    library: TheLibrary,
    base: BaseUrl,
    when: When,
    *,
    limit: params.Limit = 50,
    offset: params.Offset = 0,
) -> models.EditionAnswer:
    """Return the papers of a day, a week or a month, ranked by heat."""
    found = _find(library, when, limit=limit, offset=offset)
    page = params.page_meta(request, total=found.total, limit=limit, offset=offset)
    meta = models.EditionMeta(
        **page.model_dump(),
        period=found.period,
        first=found.first,
        last=found.last,
        state=found.state,
        standing=found.standing,
        reason=found.reason,
        announced=found.announced,
        picked=found.picked,
        previous_edition=found.previous,
        next_edition=found.next,
    )
    return models.EditionAnswer(data=[present.ranked(one, base) for one in found.papers], meta=meta)


@router.get("/trending", responses=params.errors(422, 503))
def trending(
    request: Request,
    library: TheLibrary,
    base: BaseUrl,
    *,
    window: params.Window = Period.WEEK,
    limit: params.Limit = 20,
    offset: params.Offset = 0,
) -> models.TrendingAnswer:
    """Return the hottest papers of the last day, week or month, hottest first."""
    found = library.trending(window, limit=limit, offset=offset)
    end = params.next_url(request, limit=limit, offset=offset, is_last=len(found) < limit)
    meta = models.TrendingMeta(window=window, limit=limit, offset=offset, next=end)
    return models.TrendingAnswer(data=[present.ranked(one, base) for one in found], meta=meta)


@router.get("/topics", responses=params.errors(422, 503))
def topics(
    library: TheLibrary,
    span: Annotated[int, Query(alias="days", ge=2, le=90, description="How far back.")] = 10,
    limit: Annotated[int, Query(ge=1, le=params.MAX_LIMIT, description="How many topics.")] = 6,
) -> models.TopicListAnswer:
    """Return the topics whose votes rise, fastest first."""
    found = library.topics(days=span, limit=limit)
    data = [
        models.TopicOut(name=name, votes=list(votes), change_percent=change)
        for name, votes, change in found
    ]
    return models.TopicListAnswer(data=data, meta=models.NoMeta())


def _find(library: Library, when: str, *, limit: int, offset: int) -> Edition:
    if when == "latest":
        newest = library.latest_edition(limit=limit)
        if offset == 0:
            return newest
        return library.edition(newest.first, period=newest.period, limit=limit, offset=offset)
    if when in set(Period):
        return library.edition(period=Period(when), limit=limit, offset=offset)
    period, first = days.parse_period(when)
    return library.edition(first, period=period, limit=limit, offset=offset)
