"""Which matches are newest, most voted or hottest? Every match is looked at, not the best few."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.library import ranking, trending
from broadsheet.library.candidates import NOTHING, Ranking, Request, nearest
from broadsheet.model import ClauseKind, Mode, Occur, Period, Query, Sort
from broadsheet.rank.fusion import CANDIDATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadsheet.library.facade import Library
    from broadsheet.model import Clause
    from broadsheet.ports import Scored

HEAT_SPAN = timedelta(days=90)
"""Older signals are cold: with a half-life of a week 90 days leave 2 ** -12.9 of a vote."""


def by_sort(library: Library, asked: Request, mode: Mode, sort: Sort, /, *, count: int) -> Ranking:
    """Return the matches by date, votes or heat, best first; ties and the rest newest first.

    A match has every word of the query; where no paper has all, any word makes one. Where no
    word is found, and in dense mode, the matches are those nearest in meaning.
    """
    everything = max(1, library.engine.status().indexed)
    depth = count if sort is Sort.DATE else everything
    newest, total, listed = _newest(library, asked, mode, depth)
    if sort is Sort.DATE:
        values: Mapping[int, float] = {}
    elif sort is Sort.VOTES:
        values = library.store.vote_totals()
    else:
        values = heats(library, newest)
    scores = np.array([values.get(key, 0.0) for key in newest], dtype=np.float64)  # (n,)
    order = np.argsort(-scores, kind="stable")[:count]
    return Ranking(
        keys=np.array(newest, dtype=np.int64)[order],
        scores=scores[order],
        total=total,
        listed=listed,
    )


def heats(library: Library, keys: list[int], /) -> dict[int, float]:
    """Return the heat of those of these papers that have any lately."""
    now = library.clock.now()
    at = trending.end_of_news(library.store, Period.WEEK, now=now, zone=library.zone)
    moment = ranking.Moment(
        period=Period.WEEK, at=at, now=now, zone=library.zone, since=at - HEAT_SPAN
    )
    signals = library.store.signals_since(at - HEAT_SPAN)
    papers = library.store.papers(sorted(set(keys) & set(signals)))
    return {paper.key: ranking.heat_of(paper, signals[paper.key], moment) for paper in papers}


def _newest(
    library: Library, asked: Request, mode: Mode, depth: int
) -> tuple[list[int], int, Request]:
    """Return the ``depth`` newest matches, how many matches there are, and what finds them all."""
    listed = all_of_them = asked
    if asked.query.clauses or asked.vector is not None:
        found = NOTHING
        if mode is not Mode.DENSE and asked.query.clauses:
            found, all_of_them = _matches(library, asked)
        if not found.total:
            found = nearest(library.engine, asked, count=CANDIDATES)
            all_of_them = Request(
                query=Query(text=""), filters=asked.filters, among=np.sort(found.keys)
            )
        listed = Request(query=Query(text=""), filters=asked.filters, among=np.sort(found.keys))
    newest = library.engine.lexical(listed.query, listed.filters, k=depth, among=listed.among)
    return newest.keys.tolist(), newest.total, all_of_them


def demands(clauses: tuple[Clause, ...], /) -> list[tuple[Clause, ...]]:
    """Return what a match is: to have every word; where none has, to have any."""
    strict = tuple(
        replace(one, occur=Occur.MUST)
        if one.occur is Occur.SHOULD and one.kind is ClauseKind.WORD
        else one
        for one in clauses
    )
    return [strict, clauses] if strict != clauses else [clauses]


def _matches(library: Library, asked: Request) -> tuple[Scored, Request]:
    """Return all papers that have every word of the query; if none has, any of its words."""
    everything = max(1, library.engine.status().indexed)
    for wanted in demands(asked.query.clauses):
        query = replace(asked.query, clauses=wanted)
        found = library.engine.lexical(query, asked.filters, k=everything, among=asked.among)
        if found.total:
            break
    return found, replace(asked, query=query)
