"""``POST /papers/{id}/save``: put a paper on a shelf, or take it off."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from broadsheet.web import view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _back
from broadsheet.web.pieces import DEFAULT_SHELF
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)


@router.post("/papers/{name:path}/save")
def save_paper(
    request: Request,
    name: str,
    shelf: Annotated[str, Form()] = "",
    on: Annotated[str, Form()] = "1",
) -> Response:
    """Save to the named shelf, the usual one when no name is given."""
    library = library_of(request)
    chosen = shelf.strip() or DEFAULT_SHELF
    paper = library.save(name, chosen) if _back.read_switch(on) else library.unsave(name, chosen)
    if _back.is_fragment(request):
        shelves = library.shelved([paper]).get(paper.key, ())
        return render(request, "_save.html", paper=paper, shelves=shelves)
    return _back.back(request, view.paper_url(paper), anchor=f"p{paper.key}")
