"""``/about/ranking``: the formulas, with the constants that the program runs with."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.web.context import library_of
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)


@router.get("/about/ranking")
def explain_ranking(request: Request) -> Response:
    """Show how heat and the order of search results are computed."""
    constants = library_of(request).ranking_constants()
    return render(request, "ranking.html", constants=constants, formulas=True)
