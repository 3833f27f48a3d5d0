"""What every PeopleStore promises about shelves and votes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import PaperNotFoundError
from broadsheet.model import READERS, Shelf
from tests.support import NOON
from tests.support_papers import save_papers, vote

if TYPE_CHECKING:
    from broadsheet.store import SqlStore

HOUR = timedelta(hours=1)


def test_a_shelf_exists_while_it_holds_something(store: SqlStore) -> None:
    """It is made by the first paper and leaves with the last."""
    (key,) = save_papers(store, [1])

    assert store.shelve("local", "Later", key, at=NOON)
    assert store.shelves("local") == [Shelf(reader="local", name="Later", papers=1, updated=NOON)]
    assert store.unshelve("local", "Later", key)
    assert not store.unshelve("local", "Later", key)
    assert store.shelves("local") == []


def test_a_paper_is_on_a_shelf_once(store: SqlStore) -> None:
    """Saving twice changes nothing, not even its place."""
    first, second = save_papers(store, [1, 2])
    store.shelve("local", "Later", first, at=NOON)
    store.shelve("local", "Later", second, at=NOON + HOUR)

    assert not store.shelve("local", "Later", first, at=NOON + 2 * HOUR)
    assert store.shelf_keys("local", "Later") == [second, first]


def test_names_of_shelves_ignore_case(store: SqlStore) -> None:
    """`STRASSE`, `strasse` and `Straße` are one shelf, shown as first typed."""
    first, second = save_papers(store, [1, 2])
    store.shelve("local", "Straße", first, at=NOON)
    store.shelve("local", "STRASSE", second, at=NOON + HOUR)

    assert [shelf.name for shelf in store.shelves("local")] == ["Straße"]
    assert store.shelf_keys("local", "strasse") == [second, first]
    assert store.shelved("local", [first, second]) == {first: ["Straße"], second: ["Straße"]}


def test_shelves_come_by_name_and_belong_to_their_reader(store: SqlStore) -> None:
    """Nobody sees another reader's shelves."""
    (key,) = save_papers(store, [1])
    for name in ("b", "A", "c"):
        store.shelve("ada", name, key, at=NOON)
    store.shelve("bob", "A", key, at=NOON)

    assert [shelf.name for shelf in store.shelves("ada")] == ["A", "b", "c"]
    assert store.shelved("ada", [key]) == {key: ["A", "b", "c"]}
    assert store.shelved("bob", [key]) == {key: ["A"]}
    assert (store.shelves("eve"), store.shelved("eve", [key])) == ([], {})
    assert store.shelf_keys("eve", "A") == []


def test_a_paper_that_is_gone_cannot_be_shelved(store: SqlStore) -> None:
    """The reader is told, and no empty shelf stays behind."""
    with pytest.raises(PaperNotFoundError):
        store.shelve("local", "Later", 999, at=NOON)

    assert store.shelves("local") == []


def test_a_hostile_name_is_a_name(store: SqlStore) -> None:
    """Emoji, right-to-left, NUL, half pairs and quotes are stored, never interpreted."""
    (key,) = save_papers(store, [1])
    names = ["'; DROP TABLE papers; --", "🗞️", "לקרוא", "a\0b", "a\ud800b2", "%_"]
    for name in names:
        assert store.shelve("local", name, key, at=NOON)

    assert len(store.shelves("local")) == len(names)
    for name in names:
        assert store.shelf_keys("local", name) == [key]


@pytest.mark.parametrize(
    ("values", "stands"),
    [
        pytest.param([(0, 1)], True, id="voted"),
        pytest.param([(0, 1), (1, 0)], False, id="taken back"),
        pytest.param([(0, 1), (1, 0), (2, 1)], True, id="voted again"),
        pytest.param([(0, 0), (0, 1)], True, id="of one time the larger"),
        pytest.param([], False, id="never voted"),
    ],
)
def test_the_newest_vote_stands(
    store: SqlStore, values: list[tuple[int, int]], *, stands: bool
) -> None:
    """The page shows a vote as the reader left it."""
    key, other = save_papers(store, [1, 2])
    signals = [vote(value, hours=at, origin=READERS, actor="ada") for at, value in values]
    with store.write() as writer:
        writer.append_signals({key: signals})

    assert store.voted("ada", [key, other]) == ({key} if stands else set())


def test_a_vote_is_the_readers_own(store: SqlStore) -> None:
    """Votes of other readers, of other origins and other kinds of signal do not count."""
    (key,) = save_papers(store, [1])
    with store.write() as writer:
        writer.append_signals(
            {key: [vote(1, origin=READERS, actor="bob"), vote(9), vote(1, actor="ada")]}
        )

    assert store.voted("ada", [key]) == set()
    assert store.voted("ada", []) == set()
