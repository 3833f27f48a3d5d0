"""``/healthz``: does this instance answer? For load balancers and container probes."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from broadsheet.web.context import library_of

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def check_health(request: Request) -> Response:
    """Answer 200 when the store answers, else what ``errors`` makes of its fault (503)."""
    change = library_of(request).store.last_change()
    return JSONResponse({"status": "ok", "change": change}, headers={"Cache-Control": "no-store"})
