"""``/similar``: papers like one, like several, or like a pasted text, minus others.

Papers alone fit into an address, so they may be asked for by GET. A text does not, and belongs
to its writer: it is sent by POST, read, answered on the spot, and neither kept nor cached.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from broadsheet.errors import PaperNotFoundError, UsageError
from broadsheet.library.similar import MAX_TEXT
from broadsheet.model import Aspect, Hit, Reference
from broadsheet.web import view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists, papers_search
from broadsheet.web.render import render

SHOWN = 40  # papers: the nearest; there is no end to what is similar
MOST_SHOWN = 200  # beyond, papers are hardly nearer than any others
COUNTS = {str(count): count for count in range(SHOWN, MOST_SHOWN + 1, SHOWN)}  # to ask for
ASPECTS = (
    (None, "as a whole"),
    (Aspect.TASK, "in the task"),
    (Aspect.METHOD, "in the method"),
    (Aspect.DATA, "in the data"),
    (Aspect.RESULT, "in the result"),
)

router = APIRouter(include_in_schema=False)


@router.get("/similar")
def similar_to_papers(request: Request) -> Response:
    """Show what is like the papers of an address; without any, the form."""
    return _answer(request, request.query_params, {})


async def _fields(request: Request) -> QueryParams:
    form = await request.form()
    return QueryParams([pair for pair in form.multi_items() if isinstance(pair[1], str)])


@router.post("/similar")
def similar_to_text(request: Request, fields: Annotated[QueryParams, Depends(_fields)]) -> Response:
    """Show what is like the papers and the text of a form."""
    return _answer(request, fields, {"Cache-Control": "no-store"})


def _answer(request: Request, fields: QueryParams, headers: dict[str, str]) -> Response:
    """Answer a form; a mistake in it shows it again with what was typed."""
    library = library_of(request)
    reference = read(fields)
    filters = papers_search.read(fields).filters
    shown = COUNTS.get(fields.get("show", ""), SHOWN)
    values: dict[str, Any] = {
        "reference": reference,
        "filters": filters,
        "max_text": MAX_TEXT,
        "results": None,
        "shown": (),
        "error": None,
        "more": None,
        "bars": bars,
        "choices": [(one, name, one is reference.aspect) for one, name in ASPECTS],
    }
    status, papers = 200, []
    if reference.papers or reference.text.strip() or reference.unlike:
        try:
            results = library.similar(reference, filters=filters, limit=shown)
        except (UsageError, PaperNotFoundError) as error:
            values["error"] = str(error)
            status = 400 if isinstance(error, UsageError) else 404
        else:
            papers = [hit.paper for hit in results.hits]
            lights = library.highlights(results)
            values |= {"results": results, "shown": list(zip(results.hits, lights, strict=True))}
            if len(papers) == shown < MOST_SHOWN:
                values["more"] = shown + SHOWN
    return render(
        request,
        "similar.html",
        status=status,
        headers=headers,
        nav="search",
        **values,
        **_lists.marks(library, papers),
    )


def read(fields: QueryParams) -> Reference:
    """Read what papers are to be like; several identifiers in one field stand apart by spaces.

    Raises:
        UsageError: there is no such aspect.
    """
    aspect = fields.get("aspect", "")
    known = [one.value for one in Aspect]
    if aspect and aspect not in known:
        raise UsageError(f"aspect can be {view.listed(known)}, not {aspect[:40]!r}", field="aspect")
    return Reference(
        papers=_names(fields, "to"),
        text=fields.get("text", ""),
        unlike=_names(fields, "unlike"),
        aspect=Aspect(aspect) if aspect else None,
    )


def _names(fields: QueryParams, field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for typed in fields.getlist(field) for name in typed.split()))


def bars(hit: Hit) -> list[tuple[str, float]]:
    """Return what makes a hit near, each in [0, 1]: the whole paper, and what it says."""
    found = [("whole", hit.why.dense)] if hit.why.dense is not None else []
    found += [("aspect", hit.why.aspect)] if hit.why.aspect is not None else []
    return found
