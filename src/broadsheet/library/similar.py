"""Which papers are like this one?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadsheet.library import candidates, spaces
from broadsheet.library.candidates import Former, Request
from broadsheet.library.examples import vector_of
from broadsheet.library.search import MAX_LIMIT, check_range, plain
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
    former = _former(library, paper)
    vector = library.engine.vectors([paper.key])[0]  # (dim,)
    if former is not None:
        vector = vector_of(library, paper, library.encoder)
    can_compare = np.isfinite(vector).all() and vector.any()
    mode = Mode.DENSE if can_compare else Mode.LEXICAL
    if mode is Mode.DENSE:
        asked = Request(
            query=Query(text=paper.title), filters=Filters(), vector=vector, former=former
        )
        ranking = candidates.by_meaning(library.engine, asked, count=limit + 1)
    else:
        asked = Request(query=plain(to_text(paper.title)), filters=Filters())
        ranking = candidates.by_words(library.engine, asked, count=limit + 1)
    is_other = ranking.keys != paper.key
    keys, scores = ranking.keys[is_other].tolist(), ranking.scores[is_other].tolist()
    score = dict(zip(keys, scores, strict=True))
    hits = tuple(
        Hit(
            paper=one,
            score=score[one.key],
            why=ranking.explain(one.key, matched=library.engine.matched_words(asked.query, one)),
        )
        for one in library.store.papers(keys[:limit])
    )
    return Results(
        query=asked.query, mode=mode, total=len(hits), hits=hits, limit=limit, vector=asked.vector
    )


def _former(library: Library, paper: Paper) -> Former | None:
    """Return the paper as the encoder before today's read it, while its vectors serve."""
    encoder = spaces.before(library)
    if encoder is None:
        return None
    return Former(space=encoder.space, vector=vector_of(library, paper, encoder))
