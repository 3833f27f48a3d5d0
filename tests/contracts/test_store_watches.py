"""What every WatchStore promises about the searches that readers keep."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.model import Filters, Mode, Sort, Watch, Wish
from tests.support import NOON

if TYPE_CHECKING:
    from broadsheet.store import SqlStore

EVERYTHING = Wish(
    text='sparse "worlds" ∑',
    mode=Mode.LEXICAL,
    sort=Sort.VOTES,
    filters=Filters(
        since=date(2024, 2, 29),
        until=date(2025, 1, 1),
        sources=("arxiv",),
        categories=("cs.LG", "cs"),
        topics=("vision",),
        authors=("Ada Lovelace",),
        has=("code", "data"),
    ),
)


def watch(name: str, *, text: str = "bees", reader: str = "local", seen: int = 3) -> Watch:
    """Return a watch."""
    return Watch(reader=reader, name=name, wish=Wish(text=text), seen=seen, looked=NOON)


def test_a_watch_comes_back_as_it_was_kept(store: SqlStore) -> None:
    """Words, filters, order and mode, and how far it was looked at."""
    whole = Watch(reader="local", name="All", wish=EVERYTHING, seen=7, looked=NOON)

    assert store.keep_watch(whole, limit=9)
    assert store.watch("local", "all") == whole
    assert store.watches("local") == [whole]


def test_a_name_is_one_watch_whatever_its_case(store: SqlStore) -> None:
    """Keeping again replaces the search, and the name as it is shown."""
    store.keep_watch(watch("Straße"), limit=9)
    store.keep_watch(watch("STRASSE", text="wasps"), limit=9)

    assert store.watches("local") == [watch("STRASSE", text="wasps")]


def test_watches_come_by_name_and_belong_to_their_reader(store: SqlStore) -> None:
    """Nobody sees, renames or drops another reader's."""
    for name in ("b", "A", "c"):
        store.keep_watch(watch(name), limit=9)
    store.keep_watch(watch("a", reader="ada"), limit=9)

    assert [one.name for one in store.watches("local")] == ["A", "b", "c"]
    assert store.drop_watch("local", "a")
    assert [one.name for one in store.watches("ada")] == ["a"]
    assert not store.rename_watch("ada", "b", "d")


def test_there_is_an_end_to_watches(store: SqlStore) -> None:
    """A new one above the limit is refused, one that is there is still replaced."""
    assert [store.keep_watch(watch(name), limit=2) for name in ("a", "b", "c")] == [
        *(True, True, False)
    ]
    assert store.keep_watch(watch("b", text="wasps"), limit=2)
    assert store.keep_watch(watch("c", reader="ada"), limit=2)


def test_looking_moves_on(store: SqlStore) -> None:
    """What was new is seen; a watch that is gone cannot be looked at."""
    store.keep_watch(watch("bees"), limit=9)
    later = NOON + timedelta(hours=1)

    assert store.look_at_watch("local", "BEES", seen=8, at=later)
    found = store.watch("local", "bees")
    assert found is not None
    assert (found.seen, found.looked, found.wish.text) == (8, later, "bees")
    assert not store.look_at_watch("local", "wasps", seen=8, at=later)


def test_a_watch_is_renamed_unless_the_name_is_taken(store: SqlStore) -> None:
    """Another case of its own name is free."""
    store.keep_watch(watch("bees"), limit=9)
    store.keep_watch(watch("wasps"), limit=9)

    assert not store.rename_watch("local", "bees", "Wasps")
    assert store.rename_watch("local", "bees", "Bees")
    assert store.rename_watch("local", "Bees", "ants")
    assert [one.name for one in store.watches("local")] == ["ants", "wasps"]
    assert not store.rename_watch("local", "bees", "x")


def test_a_watch_is_dropped_once(store: SqlStore) -> None:
    """The second time there is nothing to drop."""
    store.keep_watch(watch("bees"), limit=9)

    assert store.drop_watch("local", "bees")
    assert not store.drop_watch("local", "bees")
    assert store.watch("local", "bees") is None
