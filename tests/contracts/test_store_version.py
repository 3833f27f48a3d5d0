"""Whatever was made from the store holds exactly as long as its version stays."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import StoreError
from broadsheet.store import open_store, sqlite_url
from tests.support import NOON
from tests.support_papers import save_papers

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.store import SqlStore


def test_every_commit_has_a_version_of_its_own(store: SqlStore) -> None:
    """Papers, shelves, and what a shelf loses: a page that shows any of them is made anew."""
    seen = [store.version()]
    (key,) = save_papers(store, [1])
    seen.append(store.version())
    store.shelve("local", "Later", key, at=NOON)
    seen.append(store.version())
    store.unshelve("local", "Later", key)
    seen.append(store.version())

    assert len(set(seen)) == len(seen)


def test_reading_leaves_the_version(store: SqlStore) -> None:
    """Else nothing could be kept."""
    save_papers(store, [1, 2])
    before = store.version()
    store.papers([1, 2])
    store.shelves("local")

    assert store.version() == before


def test_the_version_tells_of_other_processes(store: SqlStore, store_url: str) -> None:
    """Commands write beside a server, and servers have several processes."""
    before = store.version()
    with closing(open_store(store_url)) as other:
        save_papers(other, [1])
        assert store.version() != before
        after = other.version()
        save_papers(store, [2])
        assert other.version() != after


def test_a_store_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """The driver's own errors reach nobody."""
    path = tmp_path / "store.db"
    with closing(open_store(sqlite_url(path))) as store:
        for name in tmp_path.iterdir():
            name.unlink()
        path.mkdir()

        with pytest.raises(StoreError):
            store.version()
