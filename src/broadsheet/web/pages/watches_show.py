"""``/watches``: the searches that the reader keeps, and how many papers are new in each.

A GET changes nothing: looking at a search is a button, so that no program that follows links
makes what is new old.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from broadsheet.model import Watch, Wish
from broadsheet.web.context import library_of
from broadsheet.web.pages import papers_search
from broadsheet.web.pages._back import SEE_OTHER
from broadsheet.web.pages.papers_search import Asked
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)
PAGE = "/watches"


@router.get(PAGE)
def list_watches(request: Request) -> Response:
    """List the reader's watches."""
    shown = [(watch, new, url(watch), feed(watch)) for watch, new in library_of(request).watches()]
    return render(request, "watches.html", nav="watches", watches=shown)


async def _fields(request: Request) -> QueryParams:
    form = await request.form()
    return QueryParams([pair for pair in form.multi_items() if isinstance(pair[1], str)])


@router.post(PAGE)
def keep_watch(request: Request, fields: Annotated[QueryParams, Depends(_fields)]) -> Response:
    """Keep the search that the form's fields say, as an address would."""
    asked = papers_search.read(fields)
    wish = Wish(text=asked.text.strip(), filters=asked.filters, mode=asked.mode, sort=asked.sort)
    library_of(request).keep_watch(fields.get("name", ""), wish)
    return RedirectResponse(PAGE, SEE_OTHER)


@router.post(f"{PAGE}/look")
def look_at_watch(request: Request, name: Annotated[str, Form()] = "") -> Response:
    """Note that the reader looks, and go to the search."""
    return RedirectResponse(url(library_of(request).look_at_watch(name)), SEE_OTHER)


@router.post(f"{PAGE}/rename")
def rename_watch(
    request: Request, name: Annotated[str, Form()] = "", to: Annotated[str, Form()] = ""
) -> Response:
    """Give a watch another name."""
    library_of(request).rename_watch(name, to)
    return RedirectResponse(PAGE, SEE_OTHER)


@router.post(f"{PAGE}/drop")
def drop_watch(request: Request, name: Annotated[str, Form()] = "") -> Response:
    """Forget a watch."""
    library_of(request).drop_watch(name)
    return RedirectResponse(PAGE, SEE_OTHER)


def url(watch: Watch) -> str:
    """Return the address of the search."""
    return _asked(watch).url()


def feed(watch: Watch) -> str:
    """Return the query of the search's feeds."""
    return papers_search.feed_query(_asked(watch))


def _asked(watch: Watch) -> Asked:
    wish = watch.wish
    return Asked(text=wish.text, filters=wish.filters, sort=wish.sort, mode=wish.mode, page=1)
