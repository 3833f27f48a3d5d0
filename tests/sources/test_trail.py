"""Lists that lead back to themselves are noticed, and none that only stumbles."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import UnreachableError
from broadsheet.sources._trail import TIMES, Trail


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        pytest.param(["a1", "b2", "c3", "a1"], "the token 'a' leads back", id="a circle"),
        pytest.param(["a1", "a1"], "the token 'a' leads back", id="the same answer"),
        pytest.param(["a1", "b1", "c1"], "comes again and again", id="one page, new tokens"),
        pytest.param(["a1", "b2", "c1", "d2", "e1"], "again and again", id="two, new tokens"),
        pytest.param(["a", "a"], "the token 'a' leads back", id="nothing, and its token"),
        pytest.param(["a1", "a2", "a3"], "", id="a token that stays"),
        pytest.param(["a1", "b1", "c2"], "", id="a page that comes twice"),
        pytest.param(["a", "b", "c", "d"], "", id="pages without anything wanted"),
    ],
)
def test_circles_are_refused_and_stumbles_are_not(steps: list[str], says: str) -> None:
    """A token and a page tell where a reading is; either alone may come again."""
    trail = Trail("crossref")
    *before, last = [(step[0], tuple(step[1:])) for step in steps]
    for token, page in before:
        trail.follow(token, page)

    if says:
        with pytest.raises(UnreachableError, match=f"crossref repeats itself: .*{says}"):
            trail.follow(*last)
    else:
        trail.follow(*last)


def test_a_page_stands_at_one_place_only() -> None:
    """Where places are counted, the same page at another one hides what should be there."""
    trail = Trail("biorxiv")

    assert [trail.knows(page) for page in ("a", "b", "", "", "a")] == [False] * 4 + [True]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([(1,), (2,)])), min_size=5))
def test_no_reading_goes_on_for_ever(steps: list[tuple[str, tuple[int, ...]]]) -> None:
    """Whatever tokens come with them, two pages are followed four times at most."""
    trail = Trail("s2")

    followed = 0

    with suppress(UnreachableError):
        for token, page in steps:
            trail.follow(token, page)
            followed += 1

    assert followed <= 2 * TIMES
