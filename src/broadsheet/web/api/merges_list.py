"""Why is this one paper, and who says otherwise? Merges, made and undone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from broadsheet.web.administrator import ADMINISTRATOR
from broadsheet.web.api import models, params, present
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

router = APIRouter(prefix="/api/v1", tags=["papers"], generate_unique_id_function=operation_id)
_ERRORS = params.errors(400, 403, 404, 422, 429, 503)
_LARGEST = 2**53
MergePath = Annotated[int, Path(ge=1, le=_LARGEST, description="From the list of merges.")]
OtherQuery = Annotated[
    str, Query(min_length=1, max_length=500, description="The other paper, by any of its ids.")
]


@router.get("/papers/{name:any}/merges", responses=params.errors(404, 422, 503))
def paper_merges(library: TheLibrary, name: params.PaperName) -> models.MergeListAnswer:
    """Return what made a paper of several, newest first, undone ones too."""
    data = [present.merge(one) for one in library.merges(library.paper(name))]
    return models.MergeListAnswer(data=data, meta=models.NoMeta())


@router.post("/papers/{name:any}/merge", responses=_ERRORS, dependencies=[ADMINISTRATOR])
def merge_papers(
    library: TheLibrary, base: BaseUrl, name: params.PaperName, other: OtherQuery
) -> models.PaperAnswer:
    """Make two papers one, by hand; for the administrator."""
    paper = library.unite(name, other)
    return models.PaperAnswer(data=present.paper(paper, base), meta=models.NoMeta())


@router.delete("/merges/{merge}", responses=_ERRORS, dependencies=[ADMINISTRATOR])
def unmerge(library: TheLibrary, base: BaseUrl, merge: MergePath) -> models.PaperListAnswer:
    """Undo a merge and return the two papers; for the administrator."""
    data = [present.paper(paper, base) for paper in library.part(merge)]
    return models.PaperListAnswer(data=data, meta=models.NoMeta())
