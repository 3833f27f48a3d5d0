"""Which papers are about this? ``/api/v1/search``."""

from __future__ import annotations

from fastapi import APIRouter, Request

from broadsheet.model import Counts, Mode, Reference
from broadsheet.web.api import models, params, present
from broadsheet.web.api.routes import operation_id
from broadsheet.web.context import BaseUrl, TheLibrary

router = APIRouter(prefix="/api/v1", tags=["papers"], generate_unique_id_function=operation_id)


@router.get("/papers", responses=params.errors(400, 422, 503), name="list_papers")
@router.get("/search", responses=params.errors(400, 422, 503))
def search(
    request: Request,
    library: TheLibrary,
    base: BaseUrl,
    question: params.TheQuestion,
    *,
    limit: params.Limit = 20,
    offset: params.Offset = 0,
) -> models.SearchAnswer:
    """Find papers by word and by meaning, each hit with the numbers behind its place."""
    results = library.search(
        question.q,
        mode=question.mode or Mode.HYBRID,
        filters=question.filters,
        sort=question.sort,
        limit=limit,
        offset=offset,
    )
    page = params.page_meta(
        request, total=results.total, limit=limit, offset=offset, as_of=results.as_of
    )
    meta = models.SearchMeta(
        **page.model_dump(),
        query=question.q,
        mode=results.mode,
        sort=question.sort or results.query.sort,
        as_of=results.as_of,
        instead_of=results.instead_of,
        suggestion=results.suggestion,
        notes=list(results.notes),
    )
    return models.SearchAnswer(data=present.hits(library, results, base), meta=meta)


@router.post("/similar", responses=params.errors(400, 403, 404, 422, 429, 503))
def similar_to(
    library: TheLibrary,
    base: BaseUrl,
    reference: models.ReferenceIn,
    filters: params.TheFilters,
    limit: params.Limit = 10,
) -> models.SimilarAnswer:
    """Return the papers nearest to several, or to a text, minus others; nothing is kept."""
    wanted = Reference(
        papers=tuple(reference.papers),
        text=reference.text,
        unlike=tuple(reference.unlike),
        aspect=reference.aspect,
    )
    results = library.similar(wanted, filters=filters, limit=limit)
    return models.SimilarAnswer(data=present.hits(library, results, base), meta=models.NoMeta())


@router.get("/counts", responses=params.errors(400, 422, 503))
def count(library: TheLibrary, question: params.TheQuestion) -> models.CountsAnswer:
    """Count years, categories, sources and topics over all hits of a search."""
    results = library.search(
        question.q,
        mode=question.mode or Mode.HYBRID,
        filters=question.filters,
        sort=question.sort,
        limit=1,
        is_counting=True,
    )
    counts = present.counts(results.counts or Counts())
    return models.CountsAnswer(data=counts, meta=models.NoMeta())
