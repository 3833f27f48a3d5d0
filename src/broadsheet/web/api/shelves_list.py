"""What has the reader kept, and voted for? Shelves, votes, saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query

from broadsheet.web.api import models, params, present
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

if TYPE_CHECKING:
    from broadsheet.library import Library
    from broadsheet.model import Paper

router = APIRouter(prefix="/api/v1", tags=["readers"], generate_unique_id_function=operation_id)
_ERRORS = params.errors(400, 403, 404, 422, 429, 503)

_LONGEST = 80  # characters of a shelf's name
ShelfPath = Annotated[str, Path(max_length=_LONGEST, description="The shelf's name.")]
ShelfQuery = Annotated[
    str, Query(min_length=1, max_length=_LONGEST, description="The shelf; made when missing.")
]


@router.get("/shelves", responses=params.errors(503))
def shelves(library: TheLibrary) -> models.ShelfListAnswer:
    """Return the reader's shelves, by name."""
    data = [present.shelf(one) for one in library.shelves()]
    return models.ShelfListAnswer(data=data, meta=models.NoMeta())


@router.get("/shelves/{shelf:any}", responses=params.errors(404, 422, 503))
def shelf(library: TheLibrary, base: BaseUrl, shelf: ShelfPath) -> models.PaperListAnswer:
    """Return the papers on a shelf, last saved first."""
    data = [present.paper(one, base) for one in library.shelf(shelf)]
    return models.PaperListAnswer(data=data, meta=models.NoMeta())


@router.post("/papers/{name:any}/vote", responses=_ERRORS)
def vote(library: TheLibrary, name: params.PaperName) -> models.OpinionAnswer:
    """Vote for a paper; voting twice counts once."""
    return _opinion(library, library.vote(name))


@router.delete("/papers/{name:any}/vote", responses=_ERRORS)
def unvote(library: TheLibrary, name: params.PaperName) -> models.OpinionAnswer:
    """Take the vote back; without a vote nothing happens."""
    return _opinion(library, library.vote(name, is_on=False))


@router.post("/papers/{name:any}/save", responses=_ERRORS)
def save(library: TheLibrary, name: params.PaperName, shelf: ShelfQuery) -> models.OpinionAnswer:
    """Put a paper on a shelf; saving twice keeps one."""
    return _opinion(library, library.save(name, shelf))


@router.delete("/papers/{name:any}/save", responses=_ERRORS)
def unsave(library: TheLibrary, name: params.PaperName, shelf: ShelfQuery) -> models.OpinionAnswer:
    """Take a paper off a shelf; a shelf without papers is gone."""
    return _opinion(library, library.unsave(name, shelf))


def _opinion(library: Library, paper: Paper) -> models.OpinionAnswer:
    data = models.OpinionOut(
        id=paper.id,
        votes=paper.votes,
        is_voted=paper.key in library.voted([paper]),
        shelves=list(library.shelved([paper]).get(paper.key, ())),
    )
    return models.OpinionAnswer(data=data, meta=models.NoMeta())
