"""What are all hits of a search? Years, categories, sources and topics, counted over every one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from broadsheet.model import Counts, Filters, Mode, Occur, Query

if TYPE_CHECKING:
    from broadsheet.library.candidates import Ranking, Request
    from broadsheet.ports import Engine


def counts(engine: Engine, asked: Request, mode: Mode, ranking: Ranking, /) -> Counts:
    """Count over all that a search lists: what words match, and what meaning adds.

    By meaning alone every paper that meets the conditions is listed, however far it is.
    """
    listed = ranking.listed or asked
    query = listed.query
    beside = np.empty(0, dtype=np.int64)
    if ranking.listed is None and mode is Mode.DENSE:
        if asked.vector is None:
            return Counts()
        conditions = tuple(one for one in query.clauses if one.occur is not Occur.SHOULD)
        query = Query(text="", clauses=conditions)
    elif ranking.listed is None and mode is Mode.HYBRID:
        beside = ranking.dense.keys
    return engine.counts(query, listed.filters, among=listed.among, beside=beside)


def counts_of(engine: Engine, keys: list[int], /) -> Counts:
    """Count over these papers."""
    among = np.array(sorted(keys), dtype=np.int64)
    nobody = np.empty(0, dtype=np.int64)
    return engine.counts(Query(text=""), Filters(), among=among, beside=nobody)
