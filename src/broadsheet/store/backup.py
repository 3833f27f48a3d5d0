"""Copies of the store: one SQLite file, whatever database it comes from or goes to.

A backup is written under a temporary name beside its target and renamed when it is whole and on
the disk; a restore is one transaction. A kill or a full disk leaves nothing half-written.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, insert, select

from broadsheet.errors import StoreError
from broadsheet.store.database import Database, parse_url, sqlite_url, translated
from broadsheet.store.migrate import migrate, revision
from broadsheet.store.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

BATCH = 1000  # rows copied at a time
OWNER_ONLY = 0o600  # of a backup: it holds subscribers' addresses


def back_up(database: Database, target: Path) -> None:
    """Write a consistent copy to a new SQLite file while others read and write.

    Raises:
        StoreError: the file exists or cannot be written.
    """
    target = Path(target)
    if target.exists():
        raise StoreError(f"{target} exists already: name a new file")
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{target.name[:50]}-", dir=target.parent
        ) as folder:
            copy = Path(folder) / "copy.db"
            if database.is_sqlite:
                _vacuum_into(database, copy)
            else:
                _dump(database, copy)
            copy.chmod(OWNER_ONLY)
            _sync(copy)
            copy.rename(target)
            _sync(target.parent)
    except OSError as error:
        raise StoreError(f"the backup {target} cannot be written: {error}") from error


def restore(source: Path, target_url: str) -> None:
    """Load a backup into an empty store, of either kind, made when missing.

    Args:
        source: What ``backup`` wrote, with this program or an older one. It is not changed.
        target_url: As for ``open_store``.

    Raises:
        StoreError: the backup cannot be read, or the target holds something already.
    """
    source = Path(source)
    target = Database(parse_url(target_url))
    try:
        migrate(target)
        with target.read() as connection:
            _refuse_unless_empty(connection)
        with (
            _working_copy(source, beside=target) as backup,
            backup.snapshot() as reading,
            target.write_alone() as writing,
        ):
            _refuse_unless_empty(writing)
            _copy_rows(reading, writing)
            if not target.is_sqlite:
                _count_on(writing)
    finally:
        target.close()


def _vacuum_into(database: Database, copy: Path) -> None:
    """Copy in one read transaction: in WAL mode writers go on meanwhile."""
    with translated():
        connection = database.engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.Error as error:
        raise StoreError(f"the backup cannot be written: {error}") from error
    finally:
        connection.close()


def _dump(database: Database, copy: Path) -> None:
    file = Database(parse_url(sqlite_url(copy)))
    try:
        migrate(file)
        with database.snapshot() as reading, file.write_alone() as writing:
            _copy_rows(reading, writing)
    finally:
        file.close()  # the last to leave folds the log into the file


@contextmanager
def _working_copy(source: Path, *, beside: Database) -> Iterator[Database]:
    """Copy a backup, so that it can be brought to today's schema without touching it.

    Raises:
        StoreError: it is damaged, or not a backup of ours.
    """
    folder = str(Path(beside.url.database or ".").parent) if beside.is_sqlite else None
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as scratch:
        path = Path(scratch) / "copy.db"
        _copy_file(source, path)
        copy = Database(parse_url(sqlite_url(path)))
        try:
            with copy.read() as connection:
                if revision(connection) is None:
                    raise StoreError(f"{source} is no backup of Broadsheet: it holds no tables")
            migrate(copy)
            yield copy
        finally:
            copy.close()


def _copy_file(source: Path, path: Path) -> None:
    if not source.is_file():
        raise StoreError(f"there is no backup {source}")
    uri = f"{source.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as old, closing(sqlite3.connect(path)) as new:
            old.backup(new)
            faults = [line for (line,) in new.execute("PRAGMA integrity_check") if line != "ok"]
    except sqlite3.Error as error:
        raise StoreError(f"the backup {source} cannot be read: {error}") from error
    if faults:
        raise StoreError(f"the backup {source} is damaged: {faults[0]}")


def _refuse_unless_empty(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.scalar(select(exists().select_from(table))):
            raise StoreError(
                f"the store holds something already ({table.name}): restore into an empty one"
            )


def _copy_rows(reading: Connection, writing: Connection) -> None:
    """Copy every table, those that others refer to first."""
    for table in metadata.sorted_tables:
        rows = reading.execution_options(yield_per=BATCH).execute(select(table)).mappings()
        for batch in rows.partitions():
            writing.execute(insert(table), [dict(row) for row in batch])


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL's own numbering go on behind the numbers that were copied."""
    for table in metadata.sorted_tables:
        key = table.autoincrement_column
        if key is not None:
            highest = select(func.max(key)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, key.name)
            connection.execute(
                select(func.setval(sequence, func.coalesce(highest, 1), highest.is_not(None)))
            )


def _sync(path: Path) -> None:
    """Have a file or folder on the disk before anyone is told that it is there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
