"""Fusion: one order from two retrievers, one of words and one of meaning.

The formula, as ``/about/ranking`` shows it::

    score = (1 - w) * words + w * meaning
    words   = BM25 / (best BM25 of this query)
    meaning = max(cosine, 0) / (best cosine of this query)

This is the convex combination with theoretical minima of Bruch, Gai and Ingber, "An Analysis of
Fusion Functions for Hybrid Retrieval", ACM TOIS 42(1), 2023, doi:10.1145/3596512: BM25 cannot
fall below 0, and a cosine below 0 says no less than 0 does. Measured at equal weights on the
train split of SciFact (809 queries, nDCG@10): words .701, meaning .632, this .730. In a
prototype with words at .703 this had .734, min-max over the candidates .732 and reciprocal ranks
.710, each at its own best weight; docs/decisions/0004-fusion.md has the tables.

Who is missing from a list is not worth nothing there:

* Words: a full list was cut, so a paper that is not on it may have scored up to what the last
  one did, and gets that (recall@100 .961 against .952 with 0). A list that is not full names
  every match, so the rest gets 0.
* Meaning: a paper that has no vector yet is judged by its words alone; they count whole. With
  half the papers encoded that keeps .711, where 0 in its place drops to .472.

Where any candidate is known to be cited, how often counts for a tenth::

    score     = (1 - c) * (what is above) + c * citations
    citations = log(1 + times cited) / log(1 + 10,000), at most 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from broadsheet.ports import Scored

CANDIDATES = 200  # of each retriever; 1,000 gain nothing on that split
KEYWORD_WEIGHT = 0.2
"""Of meaning, where a query is a list of keywords: who names things wants these things.

On dev queries of two or three keywords of daily papers (600 queries): words .904, this .882,
0.5 .740; with the papers' own keywords left out of the index .815, .793, .657. On those 52 of
SciFact's train queries that have no function word: words .613, this .633, 0.5 .609.
"""

DENSE_WEIGHT = 0.45
"""Of meaning, for all other queries. On SciFact's train split .4, .45 and .5 give .722, .721 and
.718 with drafts, .730, .730 and .731 with the encoder at 128 tokens, .729, .729 and .723 at 64.
"""

CITATION_WEIGHT = 0.1
"""Of how often a paper is cited. On the 50 development queries of S2 search, ranked within their
pools: 0 .782, .05 .802, .1 .820, .15 .816, .2 .820, .3 .795 (docs/decisions/0018-citations.md).
"""

OFTEN = 10_000  # times cited: as much as counts


@dataclass(frozen=True, slots=True)
class Fused:
    """Candidates of both retrievers with their scores, by ascending key: arrays of one length."""

    keys: npt.NDArray[np.int64]  # (n,)
    scores: npt.NDArray[np.float64]  # (n,) in [0, 1]
    words: npt.NDArray[np.float64]  # (n,) in [0, 1]
    meaning: npt.NDArray[np.float64]  # (n,) in [0, 1]; NaN: the paper has no vector


def fuse(
    lexical: Scored,
    keys: npt.NDArray[np.int64],
    cosines: npt.NDArray[np.float32],
    /,
    *,
    k: int = CANDIDATES,
    dense_weight: float = DENSE_WEIGHT,
) -> Fused:
    """Combine BM25 and cosine by the formula above.

    Args:
        lexical: The lexical candidates, asked for with this ``k``.
        keys: (n,) every candidate of either retriever, ascending; all of ``lexical.keys``.
        cosines: (n,) of each with the query; NaN where a paper has no vector.
        k: How many candidates the lexical list may hold.
        dense_weight: In [0, 1].
    """
    words = np.full(len(keys), _floor(lexical, k))  # (n,)
    words[np.searchsorted(keys, lexical.keys)] = normal(lexical.scores)
    meaning = normal(cosines)  # (n,)
    known = np.where(np.isnan(meaning), words, meaning)
    scores = (1.0 - dense_weight) * words + dense_weight * known
    return Fused(keys=keys, scores=scores, words=words, meaning=meaning)


def cited(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return what being cited so often is worth, in [0, 1]; of counts >= 0; not known is 0."""
    worth: npt.NDArray[np.float64] = np.minimum(np.log1p(counts) / np.log1p(OFTEN), 1.0)
    return worth


def normal(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Divide by the best, in [0, 1]; what is below 0 becomes 0; NaN stays; best 0: all 0."""
    scores64 = np.maximum(scores.astype(np.float64), 0.0)  # keeps NaN
    best = np.fmax.reduce(scores64, initial=0.0)  # over what is no NaN
    return scores64 / best if best > 0 else scores64


def _floor(lexical: Scored, k: int) -> float:
    """Return the normalised score that a paper outside the lexical list may have had."""
    if len(lexical.keys) < k or lexical.scores[0] <= 0:
        return 0.0
    return float(lexical.scores[-1] / lexical.scores[0])
