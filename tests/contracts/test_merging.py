"""What readers keep when papers become one, in any order, and two again, in any other order."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.library.merging import part
from tests.support import NOON
from tests.support_merging import (
    DAY,
    HOUR,
    PAPERS,
    Held,
    House,
    assert_each_is_the_sum_of_its_parts,
    helds,
    paper_numbers,
)

if TYPE_CHECKING:
    from broadsheet.store import SqlStore

HOUSES = count()  # each example has its own in the one store


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    held=st.tuples(*[helds] * PAPERS),
    steps=st.lists(
        st.tuples(paper_numbers, paper_numbers) | st.integers(0, 5), min_size=1, max_size=8
    ),
    last=st.randoms(use_true_random=False),
)
def test_every_undo_gives_back_what_each_paper_had(
    store: SqlStore, held: tuple[Held, ...], steps: list[tuple[int, int] | int], last: Any
) -> None:
    """Votes, shelves and links come through merges and undos, in whatever order these happen."""
    house = House(store, held, first=next(HOUSES) * PAPERS)
    house.furnish()
    before, order, got = house.state(), house.order(), house.delivered()
    for hours, step in enumerate(steps):
        at = NOON + DAY + hours * HOUR
        if isinstance(step, tuple):
            house.unite(*step, at=at)
        elif merges := house.open_merges():
            part(store, merges[step % len(merges)], at=at)
        assert_each_is_the_sum_of_its_parts(house, before)
    while merges := house.open_merges():
        part(store, last.choice(merges), at=NOON + 2 * DAY)
        assert_each_is_the_sum_of_its_parts(house, before)

    assert house.state() == before
    assert house.order() == order
    assert got <= house.delivered()
    assert store.check() == []
