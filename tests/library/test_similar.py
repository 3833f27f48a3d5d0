from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import PaperNotFoundError, QueryError
from broadsheet.model import Mode
from tests.library.fakes import ListSource
from tests.support import record

if TYPE_CHECKING:
    from broadsheet.library import Library

TITLES = {
    1: ("How much petrol does a car burn", "Fuel of vehicles in towns."),
    2: ("Automobile fuel consumption", "Measured on roads."),
    3: ("Counting bees", "One bee, two bees."),
    4: ("Bees in towns", "They burn no petrol."),
}


@pytest.fixture
def towns(library: Library) -> Library:
    """Four papers, indexed but not encoded."""
    library.ingest(ListSource([record(n, title=t, abstract=a) for n, (t, a) in TITLES.items()]))
    library.catch_up(is_encoding=False)
    return library


def test_the_nearest_in_meaning_comes_first_and_never_itself(towns: Library) -> None:
    """No word of the nearest title is in the paper's own."""
    towns.catch_up(is_encoding=True)

    found = towns.similar("2603.00001")

    assert found.hits[0].paper.title == "Automobile fuel consumption"
    assert len(found.hits) == 3
    assert found.mode is Mode.DENSE
    assert found.hits[0].score == found.hits[0].why.dense
    assert len(towns.similar("2603.00001", limit=1).hits) == 1


def test_without_a_vector_words_of_the_title_count(towns: Library) -> None:
    """A paper page shows something useful before the paper was encoded."""
    found = towns.similar("2603.00001")

    assert [hit.paper.title for hit in found.hits] == ["Bees in towns"]
    assert found.mode is Mode.LEXICAL
    assert found.hits[0].why.matched == ("petrol", "burn")


def test_a_title_is_no_query(library: Library) -> None:
    """A minus or a colon in a title excludes nothing."""
    library.ingest(
        ListSource([record(1, title="Bees -honey cat:zoo"), record(2, title="Honey of bees")])
    )
    library.catch_up(is_encoding=False)

    assert [hit.paper.title for hit in library.similar("2603.00001").hits] == ["Honey of bees"]


def test_an_unknown_paper_is_named(towns: Library) -> None:
    """The error is the one that pages answer with 404."""
    with pytest.raises(PaperNotFoundError, match=r"2501\.00001"):
        towns.similar("2501.00001")


def test_a_limit_out_of_range_is_refused(towns: Library) -> None:
    """As in search."""
    with pytest.raises(QueryError, match="limit must be from 1 to 1,000, not 0"):
        towns.similar("2603.00001", limit=0)
