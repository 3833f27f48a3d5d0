"""What every ListingStore promises: what sources list, and what of it is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.library.ingest import ingest
from broadsheet.model import Holding, Identifier, Listed, Scheme
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    from broadsheet.model import Fault, Record
    from broadsheet.store import SqlStore

DAY = date(2026, 3, 4)


def named(*numbers: int) -> frozenset[Identifier]:
    """Return the ids of arXiv papers."""
    return frozenset(Identifier(Scheme.ARXIV, f"2603.{number:05d}") for number in numbers)


def listed(*numbers: int, source: str = "arxiv", part: str = "cs.AI", day: date = DAY) -> Listed:
    """Return what a source lists."""
    return Listed(source=source, day=day, part=part, papers=named(*numbers))


def bring(store: SqlStore, *items: Record | Listed | Fault) -> None:
    """Read a source that yields these."""
    ingest(ListSource(items), store, StillClock(NOON))


def test_what_is_listed_and_not_here_is_missing(store: SqlStore) -> None:
    """Of a batch that came with its papers nothing is, of one that did not all is."""
    bring(store, listed(1, 2), record(1), record(2), listed(3, part="cs.CL"))

    assert store.listings(DAY, DAY) == [
        Holding(listed=listed(1, 2), total=2, missing=frozenset(), at=NOON),
        Holding(listed=listed(3, part="cs.CL"), total=1, missing=named(3), at=NOON),
    ]


def test_what_comes_later_is_not_missing_any_more(store: SqlStore) -> None:
    """Whoever brings it, and from the moment that it is there."""
    bring(store, listed(1, 2))
    bring(store, record(2, source="elsewhere", source_id="x"))

    (found,) = store.listings(DAY, DAY)

    assert found.missing == named(1)


def test_what_a_source_says_in_pieces_adds_up(store: SqlStore) -> None:
    """A feed that grows during its day, a harvest of several runs."""
    bring(store, listed(1), record(1))
    bring(store, listed(2), record(2))

    (found,) = store.listings(DAY, DAY)

    assert (found.listed.papers, found.total) == (named(1, 2), 2)


def test_a_day_without_papers_is_a_day_that_was_looked_at(store: SqlStore) -> None:
    """Nothing listed is not the same as nothing known."""
    bring(store, listed())

    assert [one.total for one in store.listings(DAY, DAY)] == [0]
    assert store.listings(DAY + timedelta(days=1), DAY + timedelta(days=9)) == []


def test_sources_and_parts_are_told_apart(store: SqlStore) -> None:
    """By day, part and source, in this order."""
    bring(
        store,
        listed(1, part="cs.CL"),
        listed(1, source="arxiv-oai"),
        listed(2),
        listed(day=DAY - timedelta(days=1), part="math.OC"),
    )

    found = [
        (one.listed.day.day, one.listed.part, one.listed.source)
        for one in store.listings(DAY - timedelta(days=1), DAY)
    ]

    assert found == [
        (3, "math.OC", "arxiv"),
        (4, "cs.AI", "arxiv"),
        (4, "cs.AI", "arxiv-oai"),
        (4, "cs.CL", "arxiv"),
    ]


def test_of_days_long_past_only_the_number_is_kept(store: SqlStore) -> None:
    """Names of thousands of papers a day would outgrow the papers; what is missing stays."""
    old = DAY - timedelta(days=90)
    bring(store, listed(1, 2, day=old), record(1), record(2))
    bring(store, listed(3, day=old, part="cs.CL"))
    bring(store, listed(4), record(4))

    held, waiting = store.listings(old, old)

    assert held.listed == replace(listed(day=old))
    assert (held.total, held.missing) == (2, frozenset())
    assert (waiting.total, waiting.missing) == (1, named(3))
