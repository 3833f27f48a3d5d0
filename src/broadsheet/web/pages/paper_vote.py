"""``POST /papers/{id}/vote``: vote for a paper, or take the vote back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from broadsheet.web import view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _back
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)


@router.post("/papers/{name:path}/vote")
def vote_paper(request: Request, name: str, on: Annotated[str, Form()] = "1") -> Response:
    """Set the reader's vote; a page comes back to its place, htmx gets the button."""
    is_on = _back.read_switch(on)
    paper = library_of(request).vote(name, is_on=is_on)
    if _back.is_fragment(request):
        return render(request, "_vote.html", paper=paper, is_on=is_on)
    return _back.back(request, view.paper_url(paper), anchor=f"p{paper.key}")
