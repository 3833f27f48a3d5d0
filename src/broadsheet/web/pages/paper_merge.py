"""``POST /papers/{id}/merge`` and ``/unmerge``: the administrator says what is one paper."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from broadsheet.web import view
from broadsheet.web.administrator import ADMINISTRATOR
from broadsheet.web.context import library_of
from broadsheet.web.pages import _back

router = APIRouter(include_in_schema=False)


@router.post("/papers/{name:path}/merge", dependencies=[ADMINISTRATOR])
def merge_papers(request: Request, name: str, other: Annotated[str, Form()]) -> Response:
    """Make the named paper and another one; lead to what they are now."""
    library = library_of(request)
    paper = library.unite(name, other)
    return RedirectResponse(f"{view.paper_url(paper)}#work", _back.SEE_OTHER)


@router.post("/papers/{name:path}/unmerge", dependencies=[ADMINISTRATOR])
def part_papers(request: Request, name: str, merge: Annotated[int, Form()]) -> Response:
    """Undo one merge of the named paper; lead back to it."""
    library = library_of(request)
    kept, _ = library.part(merge, of=library.paper(name))
    return RedirectResponse(f"{view.paper_url(kept)}#work", _back.SEE_OTHER)
