"""How often every Store asks its database: as often for 20 papers as for 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import NOON
from tests.support_papers import arxiv, paper, paper_write, save, save_papers, vote
from tests.support_sql import count_statements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from broadsheet.store import SqlStore

READS: dict[str, Callable[[SqlStore, Sequence[int]], object]] = {
    "papers": lambda store, keys: store.papers(keys),
    "signals": lambda store, keys: store.signals(keys),
    "signals_since": lambda store, _: store.signals_since(NOON),
    "vote_totals": lambda store, _: store.vote_totals(),
    "shelved": lambda store, keys: store.shelved("local", keys),
    "shelf_keys": lambda store, _: store.shelf_keys("local", "Later"),
    "voted": lambda store, keys: store.voted("local", keys),
    "delivered": lambda store, keys: store.delivered(1, keys),
    "find": lambda store, keys: store.find([arxiv(number) for number in range(len(keys))]),
    "all_papers": lambda store, keys: store.all_papers(limit=len(keys)),
    "changes": lambda store, keys: store.changes(after=0, limit=len(keys)),
    "day_counts": lambda store, _: store.day_counts(NOON.date(), NOON.date()),
    "edition_keys": lambda store, _: store.edition_keys(NOON.date(), NOON.date()),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_does_not_ask_once_per_paper(store: SqlStore, name: str) -> None:
    """The number of statements does not grow with the papers on a page."""
    keys = save(store, [paper_write(number, signals=(vote(number),)) for number in range(1, 21)])
    for key in keys:
        store.shelve("local", "Later", key, at=NOON)

    with count_statements(store) as for_ten:
        READS[name](store, keys[:10])
    with count_statements(store) as for_twenty:
        READS[name](store, keys)

    assert 1 <= len(for_ten) == len(for_twenty)


def test_a_save_does_not_ask_once_per_paper(store: SqlStore) -> None:
    """Nor does a batch that is written, new, known or merged."""
    old = save_papers(store, range(1, 61))

    def batch(first: int, size: int) -> None:
        numbers = range(first, first + size)
        known = [
            paper_write(
                number,
                paper=paper(number, key=old[number - 1]),
                signals=(vote(2),),
                absorbs=(old[number + 29],),
            )
            for number in numbers
        ]
        new = [paper_write(number + 100, signals=(vote(3),)) for number in numbers]
        save(store, known + new)

    with count_statements(store) as for_ten:
        batch(1, 10)
    with count_statements(store) as for_twenty:
        batch(11, 20)

    assert len(for_ten) == len(for_twenty) < 40
    assert store.check() == []


def test_the_counter_sees_one_statement_per_paper(store: SqlStore) -> None:
    """A guard that cannot fail would guard nothing."""
    keys = save_papers(store, [1, 2, 3])

    with count_statements(store) as statements:
        for key in keys:
            store.papers([key])

    assert len(statements) == 3
