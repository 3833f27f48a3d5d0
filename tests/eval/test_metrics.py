from __future__ import annotations

import math

import pytest

from broadsheet.eval.metrics import average_precision, ndcg, percentile, recall

GRADES = {"a": 3, "b": 0, "c": 1}


def test_ndcg_is_the_formula() -> None:
    """Linear gain over the logarithm of rank + 1, as trec_eval's ndcg_cut."""
    found = ndcg(["b", "c", "x", "a"], GRADES, k=10)

    gain = 1 / math.log2(3) + 3 / math.log2(5)
    assert found == pytest.approx(gain / (3 / math.log2(2) + 1 / math.log2(3)))


def test_ndcg_looks_at_the_first_k() -> None:
    """The ideal order is cut as well: one relevant document in one place is perfect."""
    assert ndcg(["a", "c"], GRADES, k=1) == 1.0
    assert ndcg(["x", "a"], GRADES, k=1) == 0.0


def test_recall_counts_relevant_documents() -> None:
    """A judged miss is neither found nor missing."""
    assert recall(["b", "a"], GRADES, k=2) == 1 / 2
    assert recall(["x", "y", "a", "c"], GRADES, k=3) == 1 / 2


def test_average_precision_is_the_formula() -> None:
    """Precision at each relevant document; what is not found counts 0."""
    assert average_precision(["x", "a", "c"], GRADES) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert average_precision(["a"], GRADES) == 1 / 2


@pytest.mark.parametrize("measure", [lambda r, g: ndcg(r, g, k=10), average_precision])
@pytest.mark.parametrize(
    ("ranking", "grades"),
    [([], GRADES), (["a"], {}), (["a"], {"a": 0}), (["a"], {"a": -1})],
    ids=["nothing found", "nothing judged", "nothing relevant", "worse than irrelevant"],
)
def test_nothing_is_zero(measure: object, ranking: list[str], grades: dict[str, int]) -> None:
    """No division by zero, and a negative grade is no loss."""
    assert callable(measure)
    assert measure(ranking, grades) == 0.0
    assert recall(ranking, grades, k=10) == 0.0


def test_percentiles_are_values() -> None:
    """Nearest rank: of twenty values the 95th percentile is the nineteenth."""
    values = [float(number) for number in range(20, 0, -1)]

    assert percentile(values, 0.95) == 19.0
    assert percentile(values, 0.5) == 10.0
    assert percentile(values, 1.0) == 20.0
    assert percentile([], 0.5) == 0.0
