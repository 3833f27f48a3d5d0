"""How good is a ranking? The measures of TREC's trec_eval, one formula each.

A ranking is a list of document ids, best first; judgements map ids to grades, and a grade above
0 is relevant. Documents that nobody judged count as irrelevant.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], /, *, k: int) -> float:
    """Return the discounted gain of the first ``k`` over that of the best order; 0 if none is.

    Linear gain, ``sum(grade / log2(rank + 1))``, rank from 1, as trec_eval's ``ndcg_cut``: the
    measure of Järvelin and Kekäläinen, ACM TOIS 20(4), 2002, doi:10.1145/582415.582418.
    """
    best = _gain(sorted(grades.values(), reverse=True)[:k])
    return _gain([grades.get(document, 0) for document in ranking[:k]]) / best if best else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def recall(ranking: Sequence[str], grades: Mapping[str, int], /, *, k: int) -> float:
    """Return which share of the relevant documents is among the first ``k``; 0 if there is none."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def average_precision(ranking: Sequence[str], grades: Mapping[str, int], /) -> float:
    """Return the mean, over the relevant documents, of the precision where each one is found.

    One that is not found counts 0. ``map`` is the mean of this over queries.
    """
    relevant = sum(grade > 0 for grade in grades.values())
    found = 0
    total = 0.0
    for rank, document in enumerate(ranking, start=1):
        if grades.get(document, 0) > 0:
            found += 1
            total += found / rank
    return total / relevant if relevant else 0.0


def percentile(values: Sequence[float], share: float, /) -> float:
    """Return the smallest value that at least this share of the values do not exceed; 0 of none.

    The nearest-rank definition: always one of the values. ``share`` in (0, 1].
    """
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0
