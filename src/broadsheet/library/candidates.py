"""Which papers could be meant, and how near is each? Retrieval by word and by meaning, fused."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.model import Explanation, Filters, Occur, Query
from broadsheet.ports import Scored
from broadsheet.rank.fusion import (
    CANDIDATES,
    CITATION_WEIGHT,
    DENSE_WEIGHT,
    KEYWORD_WEIGHT,
    cited,
    fuse,
    normal,
)
from broadsheet.rank.spaces import blend
from broadsheet.text.normal import fold
from broadsheet.text.stop_words import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    import numpy.typing as npt

    from broadsheet.library.known import KnownItems
    from broadsheet.model import Paper
    from broadsheet.ports import Engine

MAX_REQUIRED = 10_000
"""Up to so many papers that meet a query's conditions, meaning is searched among just these."""

NOTHING = Scored(keys=np.empty(0, dtype=np.int64), scores=np.empty(0, dtype=np.float32), total=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The query as the encoder before today's reads it, while its vectors still serve."""

    space: str
    vector: npt.NDArray[np.float32]  # (dim of that space,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByWord:
    """What needs no meaning: it is looked up while the query is encoded."""

    scored: Scored  # the candidates
    loaded: Sequence[Paper]  # the best of them, whose titles were looked at
    first: KnownItems  # what the query names


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of the engine."""

    query: Query
    filters: Filters
    vector: npt.NDArray[np.float32] | None = None  # of the query's meaning; None: it has none
    former: Former | None = None  # None: all vectors are of today's space
    among: npt.NDArray[np.int64] | None = None  # sorted keys that alone may be found
    by_word: Future[ByWord] | None = None  # begun already
    citations: Callable[[Sequence[int]], Mapping[int, int]] | None = None  # of those cited, by key


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Papers in order, best first, with every number that put them there."""

    keys: npt.NDArray[np.int64]  # (n,)
    scores: npt.NDArray[np.float64]  # (n,), descending
    total: int  # papers that match, >= n
    listed: Request | None = None  # what finds them all, where it is not what was asked
    lexical: Scored = NOTHING
    dense: Scored = NOTHING
    words: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))  # (n,) normalised
    meaning: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))  # (n,)
    cosines: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.empty(0, dtype=np.float32)
    )  # (n,) NaN: no vector
    lexical_weight: float = 0.0  # of what citations leave
    dense_weight: float = 0.0
    citations: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.empty(0, dtype=np.int64)
    )  # (n,) 0: none, or not known
    citation_weight: float = 0.0

    @staticmethod
    def of_none() -> Ranking:
        """Return a ranking without papers."""
        return Ranking(keys=NOTHING.keys, scores=np.empty(0), total=0)

    def explain(
        self,
        key: int,
        /,
        *,
        matched: tuple[str, ...] = (),
        known_item: str = "",
        heat: float | None = None,
    ) -> Explanation:
        """Return the numbers behind a paper, with what is known from elsewhere.

        A paper that is not among the candidates has no numbers: it was named, sorted, or found
        on a page beyond them.
        """
        place = _place(self.keys, key)
        if place is None or place >= len(self.words):
            return Explanation(matched=matched, known_item=known_item, heat=heat)
        lexical, dense = _place(self.lexical.keys, key), _place(self.dense.keys, key)
        cosine, meaning = float(self.cosines[place]), float(self.meaning[place])
        has_vector = not math.isnan(cosine)
        rest = 1.0 - self.citation_weight
        times = int(self.citations[place]) if self.citation_weight else 0
        return Explanation(
            matched=matched,
            lexical=None if lexical is None else float(self.lexical.scores[lexical]),
            lexical_norm=float(self.words[place]),
            lexical_rank=None if lexical is None else lexical + 1,
            dense=cosine if has_vector else None,
            dense_norm=meaning if has_vector else 0.0,
            dense_rank=None if dense is None else dense + 1,
            lexical_weight=rest * (self.lexical_weight if has_vector else 1.0),
            dense_weight=rest * self.dense_weight if has_vector else 0.0,
            citations=times or None,
            citations_norm=float(cited(np.array(times))),
            citation_weight=self.citation_weight,
            known_item=known_item,
            heat=heat,
        )


def _place(keys: npt.NDArray[np.int64], key: int) -> int | None:
    """Return where a key stands, from 0; None where it does not."""
    found = (keys == key).nonzero()[0]
    return int(found[0]) if found.size else None


def by_words(engine: Engine, asked: Request, /, *, count: int) -> Ranking:
    """Return the ``count`` best by BM25, the best scored 1; of filters alone the newest, with 0."""
    found = engine.lexical(asked.query, asked.filters, k=count, among=asked.among)
    return Ranking(
        keys=found.keys,
        scores=normal(found.scores),
        total=found.total,
        lexical=found,
        words=normal(found.scores),
        meaning=np.zeros(len(found.keys)),
        cosines=np.full(len(found.keys), np.nan, dtype=np.float32),
        lexical_weight=1.0,
    )


def by_meaning(engine: Engine, asked: Request, /, *, count: int) -> Ranking:
    """Return the ``count`` nearest by cosine that meet the query's conditions.

    Every paper that meets them and has a vector is a match, however far it is.
    """
    found = nearest(engine, asked, count=count)
    return Ranking(
        keys=found.keys,
        scores=found.scores.astype(np.float64),
        total=max(found.total, len(found.keys)),
        dense=found,
        words=np.zeros(len(found.keys)),
        meaning=normal(found.scores),
        cosines=found.scores,
        dense_weight=1.0,
    )


def first_by_words(engine: Engine, asked: Request, /) -> Scored:
    """Return the candidates that ``by_both`` takes from the words."""
    return engine.lexical(asked.query, asked.filters, k=CANDIDATES, among=asked.among)


def by_both(engine: Engine, asked: Request, /, *, count: int) -> Ranking:
    """Fuse the best of both retrievers, and what is known of citations; then come more by words.

    Which papers are fused does not depend on ``count``, so that the pages of one answer fit
    together.
    """
    dense = nearest(engine, asked, count=CANDIDATES)
    lexical = asked.by_word.result().scored if asked.by_word else first_by_words(engine, asked)
    keys, cosines = _union(engine, asked, lexical, dense)
    weight = dense_weight(asked.query)
    fused = fuse(lexical, keys, cosines, dense_weight=weight)
    citations = _citations(asked, keys)
    share = CITATION_WEIGHT if citations.any() else 0.0
    scores = (1.0 - share) * fused.scores + share * cited(citations)
    order = np.lexsort((-keys, -scores))  # ties: the newer arrival
    ranking = Ranking(
        keys=keys[order],
        scores=scores[order],
        total=max(lexical.total, len(keys)),
        lexical=lexical,
        dense=dense,
        words=fused.words[order],
        meaning=fused.meaning[order],
        cosines=cosines[order],
        lexical_weight=1.0 - weight,
        dense_weight=weight,
        citations=citations[order],
        citation_weight=share,
    )
    return ranking if count <= len(keys) else _lengthened(engine, asked, ranking, count=count)


def _citations(asked: Request, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how often each is cited, (n,); 0: never, or nobody counted."""
    found = asked.citations(keys.tolist()) if asked.citations else {}
    return np.array([found.get(key, 0) for key in keys.tolist()], dtype=np.int64)


def dense_weight(query: Query, /) -> float:
    """Return the weight of meaning in this query's hybrid scores, in [0, 1].

    A list of keywords is known by what it lacks: sentences of English have words like "of" and
    "is". Other scripts, and wishes that name examples, count as sentences.
    """
    words = [word.strip(_MARKS) for word in fold(query.meaning).split()]
    is_sentence = not query.meaning.isascii() or any(word in STOP_WORDS for word in words)
    return DENSE_WEIGHT if is_sentence or query.examples else KEYWORD_WEIGHT


_MARKS = ".,:;!?()[]\"'"


def _union(
    engine: Engine, asked: Request, lexical: Scored, dense: Scored
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the candidates of both, ascending, and their cosines; NaN where there is no vector."""
    keys = np.union1d(lexical.keys, dense.keys)
    if asked.former is not None:
        return keys, _cosines(engine, asked, keys)
    cosines = np.full(len(keys), np.nan, dtype=np.float32)
    cosines[np.searchsorted(keys, dense.keys)] = dense.scores
    rest = np.isnan(cosines)
    if asked.vector is not None and rest.any():
        cosines[rest] = engine.similarities(asked.vector, keys[rest].tolist())
    return keys, cosines


def _lengthened(engine: Engine, asked: Request, ranking: Ranking, /, *, count: int) -> Ranking:
    """Append what matches by word beyond the candidates, scored below all of them."""
    depth = count + len(ranking.keys)
    found = engine.lexical(asked.query, asked.filters, k=depth, among=asked.among)
    is_new = ~np.isin(found.keys, ranking.keys)
    lowest = ranking.scores[-1] if len(ranking.scores) else 1.0
    weight = ranking.lexical_weight * (1.0 - ranking.citation_weight)
    scores = np.minimum(normal(found.scores)[is_new] * weight, lowest)
    return replace(
        ranking,
        keys=np.concatenate([ranking.keys, found.keys[is_new]]),
        scores=np.concatenate([ranking.scores, scores]),
    )


def nearest(engine: Engine, asked: Request, /, *, count: int) -> Scored:
    """Return the nearest papers, of those that have the required words and none forbidden.

    While vectors of two encoders serve, the nearest of either are compared on one scale.
    """
    if asked.vector is None:
        return NOTHING
    found = _nearest_in(engine, asked, asked.vector, None, count=count)
    if asked.former is None:
        return found
    before = _nearest_in(engine, asked, asked.former.vector, asked.former.space, count=count)
    keys = np.union1d(found.keys, before.keys)
    cosines = _cosines(engine, asked, keys)
    order = np.lexsort((-keys, -np.nan_to_num(cosines, nan=-1.0)))[:count]
    return Scored(
        keys=keys[order],
        scores=np.nan_to_num(cosines[order]),
        total=max(found.total, before.total),
    )


def _cosines(
    engine: Engine, asked: Request, keys: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Return cosines with the query, (n,), on one scale; NaN where a paper has no vector."""
    assert asked.vector is not None  # noqa: S101  # callers looked
    assert asked.former is not None  # noqa: S101
    today = engine.similarities(asked.vector, keys.tolist())
    space = asked.former.space
    before = engine.similarities(asked.former.vector, keys.tolist(), space=space)
    return blend(today, before)


def _nearest_in(
    engine: Engine,
    asked: Request,
    vector: npt.NDArray[np.float32],
    space: str | None,
    *,
    count: int,
) -> Scored:
    """Return the nearest by the vectors of one space.

    Few that meet the query's conditions: these are searched. Many: the nearest of all are looked
    through.
    """
    conditions = tuple(one for one in asked.query.clauses if one.occur is not Occur.SHOULD)
    if not conditions:
        return engine.dense(vector, asked.filters, k=count, among=asked.among, space=space)
    strict = replace(asked.query, clauses=conditions)
    allowed = engine.lexical(strict, asked.filters, k=MAX_REQUIRED, among=asked.among)
    if allowed.total <= MAX_REQUIRED:
        among = np.sort(allowed.keys)
        return engine.dense(vector, asked.filters, k=count, among=among, space=space)
    found = engine.dense(vector, asked.filters, k=2 * count, among=asked.among, space=space)
    fitting = engine.lexical(strict, asked.filters, k=2 * count, among=np.sort(found.keys))
    is_fitting = np.isin(found.keys, fitting.keys)
    keys, scores = found.keys[is_fitting][:count], found.scores[is_fitting][:count]
    return Scored(keys=keys, scores=scores, total=allowed.total)
