"""Topics rise when their share of attention does."""

from __future__ import annotations

from math import log2, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.rank.topics import PRIOR, rising


def test_a_rise_is_the_formula() -> None:
    """Expected values are spelt as the formula, so a reader can check them by eye."""
    [rise] = rising([(["agents"], [1, 7]), (["agents"], [1, 3]), (["proteins"], [7, 0])])
    older, newer = log2(1 + 1) + log2(1 + 1), log2(1 + 7) + log2(1 + 3)
    expected = (older + PRIOR) * (newer + PRIOR) / (older + log2(1 + 7) + PRIOR)

    assert rise.topic == "agents"
    assert list(rise.counts) == [2, 10]
    assert rise.change == pytest.approx(100 * ((newer + PRIOR) / expected - 1))
    assert rise.surety == pytest.approx((newer + PRIOR - expected) / sqrt(newer + PRIOR + expected))


def test_one_paper_of_many_votes_raises_no_topic_above_many_papers() -> None:
    """A topic is what many papers are about."""
    star = [(["star"], [0, 900]), (["star"], [0, 1])]
    field = [(["field"], [0, 30])] * 6

    assert [rise.topic for rise in rising([*star, *field, (["old"], [999, 0])])] == [
        "field",
        "star",
    ]


def test_a_day_on_which_everything_doubles_raises_nothing() -> None:
    """A Monday after a Sunday makes no topic rise."""
    rows = [([topic], [30, 60]) for topic in ("a", "a", "b", "b")]

    assert all(rise.change < 2 for rise in rising(rows))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no papers"),
        pytest.param([(["x"], [0, 99])], id="one paper is no topic"),
        pytest.param([(["x"], [0, 1]), (["x"], [0, 1])], id="a handful of votes"),
        pytest.param([(["x"], []), (["x"], [])], id="no days"),
        pytest.param([(["x"], [9, 0]), (["x"], [9, 0]), (["y"], [0, 9])], id="falling"),
        pytest.param([([], [0, 50]), ([], [0, 50])], id="no topics"),
    ],
)
def test_nothing_rises(rows: list[tuple[list[str], list[float]]]) -> None:
    """The box stays away when there is nothing to say."""
    assert rising(rows) == []


def test_a_sure_rise_comes_before_a_steep_one() -> None:
    """From nothing to 6 votes is steeper than from 40 to 200, and says less."""
    big = [(["big"], [1, 15])] * 12
    small = [(["small"], [0, 3])] * 2
    found = rising([*big, *small, *[(["rest"], [31, 15])] * 20])

    assert [rise.topic for rise in found] == ["big", "small"]


def test_an_odd_number_of_days_leaves_out_the_oldest() -> None:
    """Both halves are equally long."""
    [with_one_more] = rising([(["x"], [99, 1, 3])] * 2 + [(["y"], [99, 7, 0])])
    [without] = rising([(["x"], [1, 3])] * 2 + [(["y"], [7, 0])])

    assert with_one_more.change == without.change


def test_a_topic_named_twice_by_one_paper_counts_once() -> None:
    """Sources repeat keywords."""
    rows = [(["x", "x"], [0, 9]), (["y"], [9, 0])]

    assert rising(rows) == []


rows_of_papers = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcd"), max_size=3),
        st.lists(st.floats(0, 1e6), min_size=6, max_size=6),
    ),
    max_size=20,
)


@given(rows_of_papers)
def test_rises_are_finite_and_in_order(rows: list[tuple[list[str], list[float]]]) -> None:
    """Whatever was voted, the list is ordered and each change can be shown."""
    found = rising(rows)

    assert [rise.surety for rise in found] == sorted((r.surety for r in found), reverse=True)
    assert all(0 < rise.change < float("inf") for rise in found)
