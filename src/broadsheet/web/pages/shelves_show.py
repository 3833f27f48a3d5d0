"""``/shelves`` and ``/shelves/{name}``: what the reader has saved."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.model import Ranked
from broadsheet.web import view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)


@router.get("/shelves")
def list_shelves(request: Request) -> Response:
    """List the reader's shelves."""
    return render(request, "shelves.html", nav="shelves", shelves=library_of(request).shelves())


@router.get("/shelves/{name:path}")
def show_shelf(request: Request, name: str) -> Response:
    """Show the papers of one shelf, last saved first."""
    library = library_of(request)
    page, size = _lists.page_number(request), library.settings.page_size
    papers = library.shelf(name)
    offset = (page - 1) * size
    shown = papers[offset : offset + size]
    url = view.shelf_url(name)
    return render(
        request,
        "shelf.html",
        nav="shelves",
        heading=name,
        total=len(papers),
        rows=[
            Ranked(rank=rank, paper=paper, heat=0.0, why="")
            for rank, paper in enumerate(shown, start=offset + 1)
        ],
        previous_url=f"{url}?page={page - 1}" if page > 1 else None,
        next_url=f"{url}?page={page + 1}" if offset + size < len(papers) else None,
        **_lists.marks(library, shown),
    )
