"""SQLite's own troubles: journals, full disks, files that are none, odd paths."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event, text

from broadsheet.errors import SettingError, StoreDownError, StoreError
from broadsheet.store import open_store, sqlite_url
from broadsheet.store.database import parse_url
from tests.support import ROOT
from tests.support_papers import paper_write, save, save_papers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.store import SqlStore

NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the store's file is."""
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path) -> Iterator[SqlStore]:
    """An empty store."""
    opened = open_store(sqlite_url(file))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        pytest.param("journal_mode", "wal", id="readers and a writer at once"),
        pytest.param("synchronous", 2, id="a commit survives a power cut"),
        pytest.param("foreign_keys", 1, id="no row without its paper"),
        pytest.param("wal_autocheckpoint", 4000, id="an import writes a page once, not thrice"),
    ],
)
def test_every_connection_keeps_the_promises(store: SqlStore, pragma: str, value: object) -> None:
    """These are set per connection, and forgotten by default."""
    with store.database.read() as first, store.database.read() as second:
        for connection in (first, second):
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist"])
def test_a_file_of_another_journal_mode_is_taken_over(file: Path, mode: str) -> None:
    """A tool or a restore may have left it so; its content stays."""
    with closing(open_store(sqlite_url(file))) as store:
        keys = save_papers(store, [1])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")

    with closing(open_store(sqlite_url(file))) as store:
        assert [paper.key for paper in store.papers(keys)] == list(keys)
        with store.database.read() as reading:
            assert reading.scalar(text("PRAGMA journal_mode")) == "wal"


def test_a_write_transaction_begins_at_once(store: SqlStore, file: Path) -> None:
    """One that began as a reader could fail half-way when it wants to write."""
    with (
        store.write(),
        closing(sqlite3.connect(file, timeout=0)) as other,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


@pytest.mark.parametrize(
    "name",
    ["a b.db", "100%.db", "what?.db", "number #1.db", "קובץ 🗞️.db", "a&b=c;d.db", "a%20b.db"],
)
def test_any_path_is_a_path(tmp_path: Path, name: str) -> None:
    """A folder may be called anything; the file is made there and nowhere else."""
    with closing(open_store(sqlite_url(tmp_path / name))) as store:
        save_papers(store, [1])

    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that changes its folder later still finds its store."""
    monkeypatch.chdir(tmp_path)

    assert sqlite_url(Path("store.db")) == sqlite_url(tmp_path / "store.db")


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    """A wrong path must not destroy somebody's thesis."""
    thesis = "Chapter 1. " * 1000
    file.write_text(thesis)

    with pytest.raises(StoreError, match="no SQLite database"):
        open_store(sqlite_url(file))

    assert file.read_text() == thesis


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """So is a path that is a folder."""
    for path in (tmp_path / "nowhere" / "store.db", tmp_path):
        with pytest.raises(StoreError, match="cannot be opened"):
            open_store(sqlite_url(path))


def test_a_full_disk_loses_the_batch_and_nothing_else(store: SqlStore) -> None:
    """The message says so; the next batch works once there is room."""
    save_papers(store, [1])
    size = "PRAGMA max_page_count = {}"
    with store.database.read() as connection:
        pages = int(connection.scalar(text("PRAGMA page_count")) or 0)
        connection.exec_driver_sql(size.format(pages + 20))

    with pytest.raises(StoreDownError, match="disk is full"):
        save(store, [paper_write(number) for number in range(2, 2000)])

    assert (store.counts()["papers"], store.check()) == (1, [])
    with store.database.read() as connection:
        connection.exec_driver_sql(size.format(2**30))
    save_papers(store, [2])
    assert store.counts()["papers"] == 2


def test_a_backup_that_does_not_fit_leaves_nothing(
    store: SqlStore, file: Path, tmp_path: Path
) -> None:
    """Half a backup under the right name would be worse than none."""
    save_papers(store, range(1, 300))
    (tmp_path / "backups").mkdir()
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from broadsheet.errors import StoreError\n"
        "from broadsheet.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try:\n"
        "    store.backup(Path(sys.argv[2]))\n"
        "except StoreError as error:\n"
        "    print('StoreError:', error)\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", script, sqlite_url(file), str(tmp_path / "backups" / "copy.db")],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert told.startswith("StoreError: the backup cannot be written")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A store of another user, or one on a read-only disk: a sentence, not a traceback."""
    folder = tmp_path / "locked"
    folder.mkdir()
    with closing(open_store(sqlite_url(folder / "store.db"))) as store:
        save_papers(store, [1])
    for path in (folder / "store.db", folder):
        path.chmod(path.stat().st_mode & ~0o222)

    told = open_as_nobody(sqlite_url(folder / "store.db"))

    assert told.startswith("StoreError: the store's file")
    assert "permissions" in told or "writable" in told


def open_as_nobody(url: str) -> str:
    """Open a store without the rights of root; return the error."""
    script = (
        "import os, sys\n"
        "from broadsheet.errors import StoreError\n"
        "from broadsheet.store import migrate, open_store, papers, writer\n"
        "if os.getuid() == 0:\n"
        f"    os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try:\n"
        "    with open_store(sys.argv[1]).write():\n"
        "        print('written')\n"
        "except StoreError as error:\n"
        "    print('StoreError:', error)\n"
    )
    if os.getuid() == 0:  # the way to the file, which a temporary folder bars to others
        for parent in Path(url.removeprefix("sqlite:///")).parents[1:]:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(
        [sys.executable, "-c", script, url], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("", "must be a URL", id="empty"),
        pytest.param("broadsheet.db", "must be a URL", id="a path"),
        pytest.param("mysql://localhost/x", "SQLite or PostgreSQL, not mysql", id="another"),
        pytest.param("nosuch://localhost/x", "or PostgreSQL, not nosuch", id="no such database"),
        pytest.param("sqlite://", "must name a file", id="memory"),
        pytest.param("sqlite:///:memory:", "must name a file", id="memory by name"),
    ],
)
def test_a_url_that_cannot_be_used_names_its_setting(url: str, reason: str) -> None:
    """The message says which setting to mend and how."""
    with pytest.raises(SettingError, match=reason) as caught:
        open_store(url)

    assert caught.value.field == "database"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_is_reached_by_psycopg(scheme: str) -> None:
    """Both spellings that providers hand out mean the driver that we ship."""
    assert parse_url(f"{scheme}://ada@db/papers").drivername == "postgresql+psycopg"


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    """The message goes to logs and terminals."""
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://ada:hunter2@127.0.0.1:1/papers")

    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_that_nobody_is_cited_is_known_from_an_index(store: SqlStore, file: Path) -> None:
    """Each search asks: a look through 100,000 papers would take 150 ms."""
    keys = save_papers(store, [1])
    asked: list[tuple[str, Any]] = []

    def note(*told: Any) -> None:
        asked.append((told[2], told[3]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        store.citations(keys)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    ((statement, values),) = [one for one in asked if "citations" in one[0]]
    with closing(sqlite3.connect(file)) as connection:
        (step,) = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    assert "USING COVERING INDEX ix_papers_citations" in step[3]
