"""What does the reader keep searching for, and what is new of it? ``/api/v1/watches``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from broadsheet.library import watching
from broadsheet.model import Mode, Watch, Wish
from broadsheet.web.api import models, params
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary
from broadsheet.web.pages import watches_show

if TYPE_CHECKING:
    from broadsheet.library import Library

router = APIRouter(prefix="/api/v1", tags=["readers"], generate_unique_id_function=operation_id)
_ERRORS = params.errors(400, 403, 404, 422, 429, 503)

Name = Annotated[
    str,
    Query(min_length=1, max_length=watching.MAX_NAME, description="The name it is kept under."),
]


@router.get("/watches", responses=params.errors(503))
def watches(library: TheLibrary, base: BaseUrl) -> models.WatchListAnswer:
    """Return the searches that the reader keeps, by name, each with how much is new."""
    data = [_watch(watch, new, base) for watch, new in library.watches()]
    return models.WatchListAnswer(data=data, meta=models.NoMeta())


@router.post("/watches", responses=_ERRORS)
def keep_watch(
    library: TheLibrary, base: BaseUrl, question: params.TheQuestion, name: Name
) -> models.WatchAnswer:
    """Keep a search under a name, in the place of the one that has it; nothing of it is new."""
    wish = Wish(
        text=question.q,
        filters=question.filters,
        mode=question.mode or Mode.HYBRID,
        sort=question.sort,
    )
    return _answer(library, library.keep_watch(name, wish), base)


@router.post("/watches/look", responses=_ERRORS)
def look_at_watch(library: TheLibrary, base: BaseUrl, name: Name) -> models.WatchAnswer:
    """Note that the reader has looked: nothing is new until something comes."""
    return _answer(library, library.look_at_watch(name), base)


@router.post("/watches/rename", responses=_ERRORS)
def rename_watch(library: TheLibrary, base: BaseUrl, name: Name, to: Name) -> models.WatchAnswer:
    """Give a watch another name."""
    return _answer(library, library.rename_watch(name, to), base)


@router.delete("/watches", responses=_ERRORS)
def drop_watch(library: TheLibrary, base: BaseUrl, name: Name) -> models.WatchListAnswer:
    """Forget a watch; the others are returned."""
    library.drop_watch(name)
    return watches(library, base)


def _answer(library: Library, watch: Watch, base: str) -> models.WatchAnswer:
    data = _watch(watch, watching.new(library, watch), base)
    return models.WatchAnswer(data=data, meta=models.NoMeta())


def _watch(watch: Watch, new: int, base: str) -> models.WatchOut:
    return models.WatchOut(
        name=watch.name,
        q=watch.wish.text,
        mode=watch.wish.mode,
        sort=watch.wish.sort,
        url=base + watches_show.url(watch),
        feed=f"{base}/papers.atom?{watches_show.feed(watch)}",
        new=new,
        looked=watch.looked,
    )
