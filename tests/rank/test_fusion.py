from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.ports import Scored
from broadsheet.rank.fusion import OFTEN, Fused, cited, fuse, normal

NAN = math.nan
SCORES = st.floats(-50, 50, width=32)


def lexical(**scores: float) -> Scored:
    """Return a lexical answer: ``k3=1.5`` is paper 3 with BM25 1.5."""
    best = sorted(((value, int(name[1:])) for name, value in scores.items()), reverse=True)
    return Scored(
        keys=np.array([key for _, key in best], dtype=np.int64),
        scores=np.array([value for value, _ in best], dtype=np.float32),
        total=len(best),
    )


def fused(words: Scored, cosines: dict[int, float], *, k: int = 200, weight: float = 0.5) -> Fused:
    """Fuse a lexical answer with the cosines of all candidates, by key."""
    keys = np.array(sorted(cosines), dtype=np.int64)
    values = np.array([cosines[key] for key in sorted(cosines)], dtype=np.float32)
    return fuse(words, keys, values, k=k, dense_weight=weight)


def by_key(result: Fused) -> dict[int, float]:
    """Return the fused scores by paper."""
    return dict(zip(result.keys.tolist(), result.scores.tolist(), strict=True))


def test_scores_are_the_formula() -> None:
    """Expected values are spelt as the formula, so a reader can check them by eye."""
    found = fused(lexical(k1=8.0, k2=4.0), {1: 0.25, 2: 0.5, 3: 0.125}, weight=0.25)

    assert by_key(found) == pytest.approx(
        {
            1: 0.75 * 8 / 8 + 0.25 * 0.25 / 0.5,
            2: 0.75 * 4 / 8 + 0.25 * 0.5 / 0.5,
            3: 0.75 * 0 + 0.25 * 0.125 / 0.5,
        }
    )


def test_a_list_that_was_cut_leaves_its_last_score_to_the_rest() -> None:
    """What is not among the k best may have scored up to what the last of them did."""
    found = fused(lexical(k1=8.0, k2=4.0), {1: 0.5, 2: 0.5, 3: 0.5}, k=2)

    assert by_key(found)[3] == by_key(found)[2] == 0.5 * 4 / 8 + 0.5 * 1


def test_a_paper_without_a_vector_is_judged_by_words_alone() -> None:
    """It has just arrived: to be unread must not push it down the page."""
    found = fused(lexical(k1=8.0, k2=6.0, k3=6.0), {1: 0.1, 2: NAN, 3: 0.4})

    assert by_key(found) == pytest.approx({1: 0.5 + 0.5 * 0.25, 2: 6 / 8, 3: 0.5 * 6 / 8 + 0.5})
    assert np.isnan(found.meaning[1])


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([], [], id="no hit"),
        pytest.param([7.0], [1.0], id="one hit"),
        pytest.param([2.0, 2.0], [1.0, 1.0], id="all equal"),
        pytest.param([0.0, 0.0], [0.0, 0.0], id="filters alone"),
        pytest.param([0.5, -0.5], [1.0, 0.0], id="one points away"),
        pytest.param([-0.1, -0.5], [0.0, 0.0], id="all point away"),
        pytest.param([0.5, NAN, 0.25], [1.0, NAN, 0.5], id="one unknown"),
        pytest.param([NAN, NAN], [NAN, NAN], id="all unknown"),
    ],
)
def test_normal(scores: list[float], expected: list[float]) -> None:
    """The edges where min-max would divide by zero."""
    np.testing.assert_allclose(normal(np.array(scores, dtype=np.float32)), expected)


@pytest.mark.parametrize(
    ("words", "cosines"),
    [
        pytest.param(lexical(), {}, id="nothing found"),
        pytest.param(lexical(), {1: 0.5, 2: 0.25}, id="only by meaning"),
        pytest.param(lexical(k1=2.0, k2=1.0), {1: NAN, 2: NAN}, id="only by word"),
    ],
)
def test_one_retriever_alone_keeps_its_order(words: Scored, cosines: dict[int, float]) -> None:
    """A library without vectors, or a query without a known word."""
    found = by_key(fused(words, cosines))

    assert sorted(found, key=lambda key: -found[key]) == sorted(cosines)


@given(st.dictionaries(st.integers(1, 30), st.tuples(SCORES, SCORES | st.just(NAN)), min_size=1))
def test_scores_stay_in_range(papers: dict[int, tuple[float, float]]) -> None:
    """Whatever comes in, a score is a number from 0 to 1."""
    words = lexical(**{f"k{key}": abs(score) for key, (score, _) in papers.items()})
    found = fused(words, {key: cosine for key, (_, cosine) in papers.items()})

    assert np.isfinite(found.scores).all()
    assert ((found.scores >= 0) & (found.scores <= 1 + 1e-9)).all()


@given(st.lists(st.tuples(st.floats(0, 40, width=32), st.floats(0, 1, width=32)), min_size=2))
def test_who_is_better_by_both_is_better(scores: list[tuple[float, float]]) -> None:
    """Fusion never turns around an order that both retrievers agree on."""
    words = lexical(**{f"k{key}": score for key, (score, _) in enumerate(scores)})
    found = by_key(fused(words, {key: cosine for key, (_, cosine) in enumerate(scores)}))

    for (one, first), (other, second) in pairwise(enumerate(scores)):
        if first[0] >= second[0] and first[1] >= second[1]:
            assert found[one] >= found[other]


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_citations_count_by_their_logarithm(counts: list[int]) -> None:
    """From 0 for none to 1 for very many; who is cited more never counts less."""
    worth = cited(np.array(sorted(counts), dtype=np.int64))

    assert all(0.0 <= one <= 1.0 for one in worth)
    assert all(one <= other for one, other in pairwise(worth))
    assert cited(np.array([0, 99, OFTEN, 10**9])) == pytest.approx([0.0, 0.5, 1.0, 1.0], abs=1e-4)
