"""Spellings of one title are told from titles of two works."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text import likeness
from tests.support_papers import texts

titles = st.lists(
    st.sampled_from(["wells", "well", "optimising", "the", "II", "2", "deep", "deeper", "naïve"]),
    max_size=5,
).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Optimising gravity wells", "Optimizing Gravity Wells"),
        ("Convolutional Self-Attention Network", "Convolutional Self-Attention Networks"),
        ("Pre-training of deep wells", "Pretraining of Deep Wells"),
        ("Decoding for sequence codes", "Decoding of sequence codes"),
        ("A Push-Pull Method in Networks", "Push-Pull Methods in Networks"),
        ("Improving the depth of wells", "Improve the depth of wells"),
        (r"On $\mathcal{O}(n)$ na\"{i}ve wells", "On O(n) naïve wells"),
    ],
)
def test_spellings_are_one_title(one: str, other: str) -> None:
    """What an editor changes does not make another work."""
    assert likeness.is_one_title(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The agreement distance of rooted networks",
            "The agreement distance of unrooted networks",
        ),
        ("The case of perfect monitoring", "The case of imperfect monitoring"),
        ("Circuits with additional memory", "Circuits without additional memory"),
        ("Qwen2.5 Technical Report", "Qwen3 Technical Report"),
        ("Private learning on networks", "Private learning on networks: Part II"),
        ("Findings of the shared task 2019", "Findings of the shared task 2020"),
        ("A significance test for wells", "Rejoinder: A significance test for wells"),
        ("Modeling reactive protocols", "Modeling proactive protocols"),
        ("Deep wells", "Deep wells in Telugu"),
    ],
)
def test_a_word_of_content_makes_another_work(one: str, other: str) -> None:
    """Seen between works of the same authors in the same year."""
    assert not likeness.is_one_title(one, other)


@given(titles, titles)
def test_both_ways_give_the_same_answer(one: str, other: str) -> None:
    """Which of two records came first must not decide."""
    assert likeness.is_one_title(one, other) == likeness.is_one_title(other, one)
    assert likeness.is_one_title(one, one)
    assert likeness.keys_are_near(one, other) == likeness.keys_are_near(other, one)


@given(st.lists(texts, max_size=3), st.lists(texts, max_size=3), st.integers(1900, 2100))
def test_any_names_make_a_team(mine: list[str], yours: list[str], year: int) -> None:
    """A number fits the column; whoever signs alike within a year is found."""
    teams = likeness.teams(mine, year)
    share = likeness.authors_shared(mine, yours)

    assert all(-(2**63) <= team < 2**63 for team in teams)
    assert share == likeness.authors_shared(yours, mine)
    assert bool(teams) == bool(mine)
    assert likeness.team(mine, year + 1) in teams or not mine


def test_names_meet_in_all_their_forms() -> None:
    """Initials, middle names and order of parts differ between sources."""
    forms = ["Noah A. Smith", "N. Smith", "Smith, Noah", "Noah Smith 0002"]

    assert {likeness.author(form) for form in forms} == {"smith n"}
    assert likeness.team(["", "x"], None) is None


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        pytest.param("searchforleptons", "searchforlepton", True, id="a letter more"),
        pytest.param("searchforleptonsat13tev", "searchforleptonsat14tev", False, id="a number"),
        pytest.param("searchforleptons", "search", False, id="half as long"),
        pytest.param("", "", False, id="nothing"),
    ],
)
def test_titles_are_compared_at_a_glance_first(one: str, other: str, is_near: object) -> None:
    """Hundreds of titles of one collaboration differ in a number or in length, seen at once."""
    assert likeness.keys_are_near(one, other) is is_near
