"""``/authors/{name}``: the papers of everybody who goes by a name."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.model import Filters
from broadsheet.web.pages import _shelf_of_hits

router = APIRouter(include_in_schema=False)


@router.get("/authors/{name:path}")
def show_author(request: Request, name: str) -> Response:
    """List the papers with an author who has every word of the name."""
    shown = " ".join(name.split())
    return _shelf_of_hits.show(
        request, kind="author", name=shown, filters=Filters(authors=(shown,))
    )
