"""Backups: consistent, whole or not there, and good for either database."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from broadsheet.errors import StoreError
from broadsheet.model import Period
from broadsheet.store import SqlStore, migrate, open_store, restore, sqlite_url
from broadsheet.store.database import Database, parse_url
from broadsheet.store.schema import metadata
from tests.support import NOON
from tests.support_papers import paper_write, save, save_papers, vote
from tests.support_rows import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support_sql import Postgres


@pytest.fixture(params=["into sqlite", "into postgresql"])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of another empty store, of each kind."""
    if request.param == "into sqlite":
        yield sqlite_url(tmp_path / "restored.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create(template=request.getfixturevalue("migrated"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def filled(store: SqlStore) -> SqlStore:
    """A store with a row in every table, and text that is hard to carry."""
    with store.database.write_alone() as connection:
        fill(connection)
    hostile = "🗞️ \0 \ud800 'לקרוא'"
    save(store, [paper_write(5, title_key=hostile, signals=(vote(3, origin=hostile),))])
    return store


def content(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with store.database.snapshot() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }


def test_a_restored_store_holds_the_same(filled: SqlStore, target_url: str, tmp_path: Path) -> None:
    """From either kind into either kind, row for row, and it counts on from there."""
    filled.backup(tmp_path / "copy.db")

    restore(tmp_path / "copy.db", target_url)

    restored = open_store(target_url)
    before, after = content(filled), content(restored)
    assert after == before
    assert all(after.values())
    assert restored.check() == []
    (key,) = save_papers(restored, [9])
    assert key == max(row[0] for row in before["changes"]) + 1
    run = restored.start_run("again", at=NOON)
    assert run == max(row[0] for row in before["runs"]) + 1
    made = restored.subscribe("b@c.d", period=Period.DAY, hour=1, timezone="UTC", at=NOON)
    assert made.key == max(row[0] for row in before["subscriptions"]) + 1
    restored.close()


def test_a_backup_of_an_empty_store_restores_to_an_empty_store(
    store: SqlStore, target_url: str, tmp_path: Path
) -> None:
    """Numbering starts at 1 then, on PostgreSQL too."""
    store.backup(tmp_path / "copy.db")

    restore(tmp_path / "copy.db", target_url)

    restored = open_store(target_url)
    assert restored.start_run("first", at=NOON) == 1
    restored.close()


def test_a_backup_is_one_moment_of_a_busy_store(store: SqlStore, tmp_path: Path) -> None:
    """Batches that are written meanwhile are in as a whole or not at all."""
    is_done = threading.Event()

    def work() -> None:
        first = 1
        while not is_done.is_set():
            save(
                store,
                [paper_write(number, signals=(vote(2),)) for number in range(first, first + 50)],
            )
            first += 50

    importer = threading.Thread(target=work)
    importer.start()
    for number in range(3):
        store.backup(tmp_path / f"copy{number}.db")
    is_done.set()
    importer.join()

    for number in range(3):
        copy = open_store(sqlite_url(tmp_path / f"copy{number}.db"))
        assert copy.check() == []
        assert copy.counts()["papers"] % 50 == 0
        copy.close()
    assert store.counts()["papers"] >= 50


def test_a_backup_is_one_file_and_nothing_beside_it(store: SqlStore, tmp_path: Path) -> None:
    """It can be copied away by any tool: no log, no half-written twin."""
    folder = tmp_path / "backups"
    folder.mkdir()
    save_papers(store, [1])

    store.backup(folder / "copy.db")

    assert [file.name for file in folder.iterdir()] == ["copy.db"]


def test_a_backup_never_overwrites(store: SqlStore, tmp_path: Path) -> None:
    """Yesterday's backup is not lost by a typing error."""
    target = tmp_path / "copy.db"
    target.write_text("yesterday")

    with pytest.raises(StoreError, match=r"copy\.db exists already"):
        store.backup(target)

    assert target.read_text() == "yesterday"


def test_a_backup_into_nowhere_says_so(store: SqlStore, tmp_path: Path) -> None:
    """A folder that is not there, or that is a file."""
    (tmp_path / "file").write_text("")
    for folder in ("nowhere", "file"):
        with pytest.raises(StoreError, match="cannot be written"):
            store.backup(tmp_path / folder / "copy.db")


def test_a_restore_never_overwrites(filled: SqlStore, target_url: str, tmp_path: Path) -> None:
    """One row of anything is enough to refuse."""
    filled.backup(tmp_path / "copy.db")
    other = open_store(target_url)
    other.use_token("one", at=NOON)

    with pytest.raises(StoreError, match=r"holds something already \(tokens\)"):
        restore(tmp_path / "copy.db", target_url)

    assert other.counts()["papers"] == 0
    other.close()


@pytest.mark.parametrize("revision", migrate.REVISIONS)
def test_a_backup_of_an_older_version_restores(
    target_url: str, tmp_path: Path, revision: str
) -> None:
    """It is brought forward on the way; the file itself stays as it is."""
    path = tmp_path / "old.db"
    database = Database(parse_url(sqlite_url(path)))
    with database.write_alone() as connection:
        migrate.upgrade(connection, revision)
        fill(connection)
    database.close()
    before = path.read_bytes()

    restore(path, target_url)

    restored = open_store(target_url)
    assert (restored.counts()["papers"], restored.check()) == (1, [])
    restored.close()
    assert path.read_bytes() == before


def test_what_is_no_backup_is_refused(target_url: str, tmp_path: Path) -> None:
    """Nothing, text, a database of something else, an empty one: each says what it is."""
    (tmp_path / "text.db").write_text("no database " * 100)
    for name, statement in (("other.db", "CREATE TABLE recipes (name)"), ("empty.db", "")):
        with closing(sqlite3.connect(tmp_path / name)) as database:
            database.execute(statement)

    for name, reason in (
        ("missing.db", "there is no backup"),
        ("text.db", "not a database"),
        ("other.db", "something else"),
        ("empty.db", "no tables"),
    ):
        with pytest.raises(StoreError, match=reason):
            restore(tmp_path / name, target_url)

    target = open_store(target_url)
    assert target.counts()["papers"] == 0
    target.close()


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    """A file that lost its second half must not become half a library."""
    store = open_store(sqlite_url(tmp_path / "store.db"))
    save_papers(store, range(1, 200))
    store.backup(tmp_path / "copy.db")
    store.close()
    whole = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "half.db").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(StoreError, match=r"half\.db (is damaged|cannot be read)"):
        restore(tmp_path / "half.db", sqlite_url(tmp_path / "restored.db"))
