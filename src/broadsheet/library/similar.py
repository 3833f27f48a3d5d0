"""Which papers are like this one?"""

from __future__ import annotations

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
