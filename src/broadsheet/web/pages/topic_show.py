"""``/topics`` and ``/topics/{keyword}``: what is written about, and the papers about one thing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.model import Filters
from broadsheet.web import plots
from broadsheet.web.context import library_of
from broadsheet.web.pages import _shelf_of_hits
from broadsheet.web.render import render

DAYS = 30
TOPICS = 60

router = APIRouter(include_in_schema=False)


@router.get("/topics")
def list_topics(request: Request) -> Response:
    """List the topics that gain votes."""
    topics = library_of(request).topics(days=DAYS, limit=TOPICS)
    return render(request, "topics.html", nav="topics", topics=topics, days=DAYS, spark=plots.spark)


@router.get("/topics/{keyword:path}")
def show_topic(request: Request, keyword: str) -> Response:
    """List the papers of one topic."""
    name = keyword.strip().lower()
    return _shelf_of_hits.show(
        request, kind="topic", name=name, filters=Filters(topics=(name,)), nav="topics"
    )
