"""What is known of this paper? ``/api/v1/papers/{name}`` and what lies under it."""

from __future__ import annotations

from fastapi import APIRouter

from broadsheet.model import Reference
from broadsheet.web.api import models, params, present
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

router = APIRouter(
    prefix="/api/v1/papers", tags=["papers"], generate_unique_id_function=operation_id
)
_ERRORS = params.errors(400, 404, 422, 503)

# The addresses with a last word come first: a name may hold slashes, and would swallow it.


@router.get("/{name:any}/similar", responses=_ERRORS)
def similar(
    library: TheLibrary,
    base: BaseUrl,
    name: params.PaperName,
    filters: params.TheFilters,
    *,
    aspect: params.TheAspect = None,
    limit: params.Limit = 10,
) -> models.SimilarAnswer:
    """Return the papers nearest in meaning, nearest first."""
    reference = Reference(papers=(name,), aspect=aspect)
    results = library.similar(reference, filters=filters, limit=limit)
    return models.SimilarAnswer(data=present.hits(library, results, base), meta=models.NoMeta())


@router.get("/{name:any}/records", responses=_ERRORS)
def records(library: TheLibrary, name: params.PaperName) -> models.RecordListAnswer:
    """Return what each source said about the paper, oldest first."""
    found = library.records(library.paper(name))
    return models.RecordListAnswer(
        data=[present.record(one) for one in found], meta=models.NoMeta()
    )


@router.get("/{name:any}/signals", responses=_ERRORS)
def signals(library: TheLibrary, name: params.PaperName) -> models.SignalListAnswer:
    """Return the paper's votes, comments and stars over time, oldest first."""
    found = library.signals(library.paper(name))
    return models.SignalListAnswer(
        data=[present.signal(one) for one in found], meta=models.NoMeta()
    )


@router.get("/{name:any}", responses=_ERRORS)
def paper(library: TheLibrary, base: BaseUrl, name: params.PaperName) -> models.PaperFileAnswer:
    """Return one paper and where each of its values comes from.

    Its `id` differs from the one asked for when a better one is known.
    """
    found = library.paper(name)
    return models.PaperFileAnswer(
        data=present.paper(found, base), meta=present.paper_meta(library, found)
    )
