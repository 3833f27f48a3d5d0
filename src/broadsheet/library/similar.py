"""Which papers are like this one?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.library import candidates
from broadsheet.library.candidates import Request
from broadsheet.library.search import MAX_LIMIT, check_range, is_of_one_space, plain
from broadsheet.model import Filters, Hit, Mode, Query, Results
from broadsheet.text.latex import to_text

if TYPE_CHECKING:
    from broadsheet.library.facade import Library
    from broadsheet.model import Paper


def similar(library: Library, paper: Paper, /, *, limit: int = 10) -> Results:
    """Return the papers nearest in meaning, without the paper itself.

    While it has no vector, those that share the most telling words with its title.

    Raises:
        QueryError: limit is out of range.
    """
    check_range("limit", limit, 1, MAX_LIMIT)
    library.engine.refresh()
    vector = library.engine.vectors([paper.key])[0]  # (dim,)
    can_compare = np.isfinite(vector).all() and vector.any()
    can_compare = can_compare and is_of_one_space(library, library.engine.status())
    mode = Mode.DENSE if can_compare else Mode.LEXICAL
    if mode is Mode.DENSE:
        asked = Request(query=Query(text=paper.title), filters=Filters(), vector=vector)
        ranking = candidates.by_meaning(library.engine, asked, count=limit + 1)
    else:
        asked = Request(query=plain(to_text(paper.title)), filters=Filters())
        ranking = candidates.by_words(library.engine, asked, count=limit + 1)
    is_other = ranking.keys != paper.key
    places = dict(zip(ranking.keys[is_other].tolist(), np.flatnonzero(is_other), strict=True))
    found = library.store.papers(list(places)[:limit])
    hits = tuple(_hit(library, asked, ranking, int(places[one.key]), one) for one in found)
    return Results(query=asked.query, mode=mode, total=len(hits), hits=hits, limit=limit)


def _hit(
    library: Library, asked: Request, ranking: candidates.Ranking, place: int, paper: Paper
) -> Hit:
    matched = library.engine.matched_words(asked.query, paper)
    why = replace(ranking.explain(place), matched=matched)
    return Hit(paper=paper, score=float(ranking.scores[place]), why=why)
