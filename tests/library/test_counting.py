"""Counts beside the results are of all hits: those that paging through would find."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from broadsheet.model import Filters, Mode, Sort
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library
    from broadsheet.model import Paper

SUBJECTS = ("bees", "soil", "sparse attention", "gravity wells", "petrol")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Sixty papers of five subjects, three years and two sources."""
    opened = open_library(tmp_path_factory.mktemp("shelf"), environ={}, clock=StillClock())
    opened.ingest(
        ListSource(
            [
                record(
                    n,
                    title=f"About {SUBJECTS[n % 5]}",
                    abstract=f"We study {SUBJECTS[n % 5]} and {SUBJECTS[n * 7 % 4]}.",
                    categories=("cs.LG", "cs.CL", "math.CO")[n % 3 :],
                    topics=(f"topic {n % 4}",),
                    source=("arxiv", "acl")[n % 2],
                    published=NOON.date().replace(year=2020 + n % 3),
                )
                for n in range(1, 61)
            ]
        )
    )
    opened.catch_up(is_encoding=True)
    yield opened
    opened.close()


QUERIES = ["bees", "automobile fuel", "bees -soil", "(bees OR petrol) AND cat:cs.LG", "", "-bees"]
QUERIES += ["gravity cat:math.CO", "like:2603.00005", "bees like:2603.00005", "2603.00004", "zzz9"]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("sort", [None, Sort.DATE, Sort.VOTES])
@pytest.mark.parametrize("query", QUERIES)
def test_counts_are_those_of_all_pages(
    shelf: Library, query: str, mode: Mode, sort: Sort | None
) -> None:
    """Whatever is asked, however it is ordered: each hit counts once, with each of its values."""
    counted = shelf.search(query, mode=mode, sort=sort, limit=1, is_counting=True)
    every = [hit.paper for hit in shelf.search(query, mode=mode, sort=sort, limit=500).hits]
    counts = counted.counts

    assert counts is not None
    assert counts.total == counted.total == len(every)
    assert dict(counts.years) == years_of(every)
    assert dict(counts.categories) == Counter(c for p in every for c in set(p.categories))
    assert dict(counts.sources) == Counter(c for p in every for c in set(p.sources))
    assert dict(counts.topics) == Counter(c for p in every for c in set(p.topics))


def years_of(papers: list[Paper]) -> dict[int, int]:
    """Return how many of the papers each year has."""
    return Counter(paper.published.year for paper in papers if paper.published)


def test_filters_of_the_page_narrow_the_counts(shelf: Library) -> None:
    """Each count says what a click would leave."""
    wide = shelf.search("bees", is_counting=True).counts
    assert wide is not None
    for category, papers in wide.categories:
        narrow = shelf.search("bees", filters=Filters(categories=(category,)), is_counting=True)

        assert narrow.counts is not None
        assert dict(narrow.counts.categories)[category] == narrow.total >= 1
        assert papers <= wide.total


def test_nothing_is_counted_unasked(shelf: Library) -> None:
    """A feed has no use for it."""
    assert shelf.search("bees").counts is None
