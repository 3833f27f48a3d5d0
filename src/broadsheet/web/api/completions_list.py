"""What may somebody be typing? ``/api/v1/complete``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from broadsheet.library.completing import MAX_SUGGESTIONS
from broadsheet.text import latex
from broadsheet.web import view
from broadsheet.web.api import models, params
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

if TYPE_CHECKING:
    from broadsheet.model import Suggestion

router = APIRouter(prefix="/api/v1", tags=["papers"], generate_unique_id_function=operation_id)


@router.get("/complete", responses=params.errors(400, 422, 503))
def complete(
    library: TheLibrary,
    base: BaseUrl,
    *,
    q: Annotated[
        str, Query(max_length=params.MAX_QUERY, description="What was typed so far.")
    ] = "",
    limit: Annotated[
        int, Query(ge=1, le=MAX_SUGGESTIONS, description="The most of each kind.")
    ] = 4,
) -> models.SuggestionListAnswer:
    """Complete what is being typed by titles, authors and topics."""
    found = library.complete(q, limit=limit)
    data = [_suggestion(one, base) for one in found]
    return models.SuggestionListAnswer(data=data, meta=models.NoMeta())


def _suggestion(one: Suggestion, base: str) -> models.SuggestionOut:
    if one.paper is not None:
        path = view.paper_url(one.paper)
    else:
        path = view.author_url(one.text) if one.kind == "author" else view.topic_url(one.text)
    text = latex.to_text(one.text)
    return models.SuggestionOut(kind=one.kind, text=text, papers=one.papers, url=f"{base}{path}")
