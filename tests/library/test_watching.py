"""Watches: what is new of what a reader keeps searching for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import UsageError, WatchNotFoundError
from broadsheet.library import watching
from broadsheet.model import Filters, Wish
from tests.library.fakes import ListSource
from tests.support import record

if TYPE_CHECKING:
    from broadsheet.library import Library


def arrive(library: Library, *titles: str) -> None:
    """Let papers come in, findable by word."""
    count = library.store.counts()["papers"]
    records = [record(count + n, title=title, abstract="") for n, title in enumerate(titles, 1)]
    library.ingest(ListSource(records))
    library.catch_up(is_encoding=False)


def fresh(library: Library) -> dict[str, int]:
    """Return how much is new in each watch."""
    return {watch.name: new for watch, new in library.watches()}


def test_only_what_came_since_is_new(library: Library) -> None:
    """Nothing when it is kept, then each paper with all words, then nothing after a look."""
    arrive(library, "Bees and flowers", "Wasps")
    library.keep_watch("b", Wish(text="bees flowers"))
    assert fresh(library) == {"b": 0}

    arrive(library, "Flowers for bees", "Bees", "Flowers, bees, wasps", "Ants")
    assert fresh(library) == {"b": 2}
    library.look_at_watch("B")
    assert fresh(library) == {"b": 0}


def test_the_first_paper_with_all_words_is_new(library: Library) -> None:
    """While no paper has all words any word makes a match; those of then do not count against."""
    arrive(library, "Bees", "More bees", "Flowers")
    library.keep_watch("b", Wish(text="bees flowers"))
    arrive(library, "Bees of flowers")

    assert fresh(library) == {"b": 1}


def test_filters_and_windows_hold(library: Library) -> None:
    """Those of the address and those of the query."""
    arrive(library, "Bees")
    library.keep_watch("lg", Wish(text="bees", filters=Filters(categories=("cs.LG",))))
    library.keep_watch("cl", Wish(text="cat:cs.CL bees"))
    library.keep_watch("all", Wish(text="", filters=Filters(sources=("arxiv",))))
    arrive(library, "Bees again")
    categories = library.paper("2603.00002").categories

    assert "cs.CL" not in categories
    assert fresh(library) == {"all": 1, "cl": 0, "lg": int("cs.LG" in categories)}


def test_a_search_by_meaning_alone_looks_at_the_nearest(library: Library) -> None:
    """``like:`` finds every paper, however far: what came since among the nearest is new."""
    arrive(library, "Bees and flowers", "Wasps")
    library.catch_up(is_encoding=True)
    library.keep_watch("b", Wish(text='like:"pollination"'))
    arrive(library, "Flowers for bees")
    library.catch_up(is_encoding=True)

    assert fresh(library) == {"b": 1}


def test_a_watch_without_a_name_has_its_words(library: Library) -> None:
    """Cut to what a name holds."""
    kept = library.keep_watch("", Wish(text="bees " * 40))

    assert kept.name == ("bees " * 16).strip()


def test_mistakes_name_their_field(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to search for, a name that is none, a name that is taken, too many."""
    library.keep_watch("a", Wish(text="bees"))
    library.keep_watch("b", Wish(text="bees"))
    monkeypatch.setattr(watching, "MAX_WATCHES", 2)

    with pytest.raises(UsageError, match="empty search") as nothing:
        library.keep_watch("c", Wish(text=" "))
    with pytest.raises(UsageError, match="1 to 80 characters, not 81"):
        library.keep_watch("c" * 81, Wish(text="bees"))
    with pytest.raises(UsageError, match="another search is kept as 'B'"):
        library.rename_watch("a", "B")
    with pytest.raises(UsageError, match="2 searches are kept"):
        library.keep_watch("c", Wish(text="bees"))
    assert nothing.value.field == "q"


def test_an_unknown_watch_is_named(library: Library) -> None:
    """In every call."""
    for call in (library.watch, library.look_at_watch, library.drop_watch):
        with pytest.raises(WatchNotFoundError, match="no search is kept as 'x'"):
            call("x")
    with pytest.raises(WatchNotFoundError):
        library.rename_watch("x", "y")
