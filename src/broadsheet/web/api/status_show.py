"""How is the library? ``/api/v1/status``, and ``/metrics`` for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from broadsheet import __version__
from broadsheet.web.api import metrics, models, params, present
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import TheLibrary

router = APIRouter(generate_unique_id_function=operation_id)


@router.get("/api/v1/status", tags=["library"], responses=params.errors(503))
def status(library: TheLibrary) -> models.StatusAnswer:
    """Return what is here, who delivered it, and how far the indexes have come."""
    data = present.status(library.status(), __version__, library.standings())
    return models.StatusAnswer(data=data, meta=models.NoMeta())


@router.get("/metrics", include_in_schema=False)
def prometheus(request: Request) -> Response:
    """Send every metric in Prometheus' text format."""
    body, media_type = metrics.exposition(request.app)
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})
