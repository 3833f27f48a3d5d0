"""One database, SQLite or PostgreSQL: connections, transactions, and errors in our own words.

On SQLite every write transaction begins IMMEDIATE: it waits for its turn before it reads, so
it never fails half-way. On PostgreSQL ``write_alone`` takes an advisory lock, so that there is
one such writer there too: its keys and change numbers become visible in the order in which
they were given out, and a reader of the log that remembers the last number misses nothing.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, any_, bindparam, create_engine, event, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from broadsheet.errors import ConflictError, SettingError, StoreDownError, StoreError
from broadsheet.store.many import Many
from broadsheet.text import quick_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import (
        Column,
        ColumnElement,
        Connection,
        Engine,
        Executable,
        Select,
        Table,
    )

PATIENCE_S = 20.0  # how long a writer waits for another one
CHUNK = 500  # parameters of one statement; SQLite before 3.32 takes 999
WRITER_LOCK = 0x42524F4144  # "BROAD": PostgreSQL's advisory lock of the one writer

_POSTGRES_BUSY = {"55P03", "40P01", "40001"}  # lock timeout, deadlock, serialization
_POSTGRES_DOWN = ("08", "53", "57P", "58")  # connection, resources, shutdown, system


class Database:
    """Connections to one database; safe to share between threads."""

    def __init__(self, url: URL, *, patience_s: float = PATIENCE_S) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.patience_s = patience_s
        self._turn = threading.Lock()  # threads queue here: SQLite's own wait is no queue
        self._holder: int | None = None
        self.engine = _engine(url, patience_s)
        self._writing = self.engine.execution_options(is_writing=True)
        self._many: dict[tuple[str, ...], Many] = {}
        self._watch = Watch(url.database or "", patience_s) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction: on SQLite one snapshot, on PostgreSQL one per statement."""
        with translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a read transaction that sees one moment, however long it takes."""
        engine = self.engine
        if not self.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with translated(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a short write transaction; its statements are compare-and-set or insert-once."""
        if self.is_sqlite:
            with self.write_alone() as connection:
                yield connection
        else:
            with translated(), self.engine.begin() as connection:
                yield connection

    @contextmanager
    def write_alone(self) -> Iterator[Connection]:
        """Open the write transaction of which there is only one at a time, in all processes.

        Raises:
            ConflictError: another writer held the database for too long.
        """
        with self._queued(), translated(), self._writing.begin() as connection:
            if not self.is_sqlite:
                # READ COMMITTED: what follows the lock sees all that its last holder did.
                connection.execute(text(f"SET LOCAL lock_timeout = {int(self.patience_s * 1e3)}"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
            yield connection

    def version(self) -> str:
        """Return a text that changes with every commit, of this process or another.

        On SQLite that is a number of one connection's, read in some 20 µs. On PostgreSQL it is
        the snapshot that a statement sees: a round trip, and other databases of the same server
        change it too.
        """
        if self._watch is not None:
            try:
                return self._watch.version()
            except sqlite3.Error as error:
                raise _translate(error) from error
        with self.read() as connection:
            return str(connection.scalar(select(func.pg_current_snapshot().cast(Text))))

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return an INSERT that knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_new(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        *,
        told: Column[Any] | None = None,
    ) -> list[Any]:
        """Insert those rows that are not there yet; return one column of these (the first)."""
        if not rows:
            return []
        column = next(iter(table.c)) if told is None else told
        statement = self.insert(table).on_conflict_do_nothing().returning(column)
        return list(connection.scalars(statement, list(rows)))

    def upsert(self, table: Table, on: Iterable[str], replace: Iterable[str]) -> Any:
        """Return an INSERT that replaces some columns of the row that is there already."""
        statement = self.insert(table)
        return statement.on_conflict_do_update(
            index_elements=list(on),
            set_={column: statement.excluded[column] for column in replace},
        )

    def insert_many(
        self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert rows that all have the same columns."""
        if rows:
            columns = tuple(rows[0])
            self._prepared("insert", table, columns, table.insert).run(connection, rows)

    def upsert_many(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        *,
        on: Sequence[str],
    ) -> None:
        """Insert rows that all have the same columns; each replaces the one that is there."""
        if rows:
            columns = tuple(rows[0])
            replaced = [column for column in columns if column not in on]
            make = partial(self.upsert, table, on, replaced)
            self._prepared("upsert", table, columns, make).run(connection, rows)

    def update_many(
        self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> int:
        """Update rows by their ``key``, given as ``known``; return how many there were."""
        if not rows:
            return 0
        statement = update(table).where(table.c.key == bindparam("known"))
        prepared = self._prepared("update", table, tuple(rows[0]), lambda: statement)
        return prepared.run(connection, rows)

    def _prepared(
        self, verb: str, table: Table, columns: tuple[str, ...], make: Callable[[], Executable]
    ) -> Many:
        name = (verb, table.name, *columns)
        if name not in self._many:
            self._many[name] = Many(make(), columns, self.engine.dialect)
        return self._many[name]

    def close(self) -> None:
        """Close every connection."""
        if self._watch is not None:
            self._watch.close()
        self.engine.dispose()

    @contextmanager
    def _queued(self) -> Iterator[None]:
        me = threading.get_ident()
        if self._holder == me:
            raise StoreError("this thread has a write transaction open already: use that one")
        if not self._turn.acquire(timeout=self.patience_s):
            raise ConflictError(_busy(self.patience_s))
        self._holder = me
        try:
            yield
        finally:
            self._holder = None
            self._turn.release()


class Watch:
    """Notices commits to a SQLite file; safe to share between threads.

    SQLite counts for each connection the commits of all others (``PRAGMA data_version``), and
    this connection never writes.
    """

    def __init__(self, path: str, patience_s: float) -> None:
        self._path = path
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._line: sqlite3.Connection | None = None  # opened when first asked

    def version(self) -> str:
        """Return the number of commits seen, as a text."""
        with self._lock:
            if self._line is None:
                self._line = sqlite3.connect(
                    self._path,
                    timeout=self._patience_s,
                    isolation_level=None,
                    check_same_thread=False,
                )
            return str(self._line.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = None


def parse_url(url: str) -> URL:
    """Read a database URL; ``postgresql://`` means psycopg.

    Raises:
        SettingError: it is none, or of another database.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise SettingError(
            "database must be a URL such as sqlite:////folder/file.db or "
            f"postgresql://user@host/name: {error}",
            field="database",
        ) from error
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend not in {"sqlite", "postgresql"}:
        raise SettingError(
            f"database must be SQLite or PostgreSQL, not {backend}", field="database"
        )
    if backend == "sqlite" and (not parsed.database or parsed.database == ":memory:"):
        raise SettingError("database must name a file: sqlite:////folder/file.db", field="database")
    return parsed


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(Path(path).absolute())).render_as_string()


def chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """Cut into lists of at most ``size``: a statement takes only so many parameters."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def rows_among(
    connection: Connection,
    columns: tuple[Column[Any], ...],
    column: Column[Any],
    values: Iterable[Any],
    *,
    order: Column[Any] | None = None,
    where: ColumnElement[bool] | None = None,
) -> Iterator[Any]:
    """Yield these columns of the rows where a column is one of many texts or whole numbers.

    Args:
        connection: To either database.
        columns: What is wanted.
        column: Of the same table.
        values: Asked for in lists of at most ``CHUNK``, each one parameter.
        order: Ascending, within each list; None: any.
        where: What must hold, too.
    """
    dialect = connection.dialect.name
    statement = _select_among(dialect, columns, column, order)
    if where is not None:
        statement = statement.where(where)
    for chunk in chunks(values):
        asked = quick_json.dumps(chunk) if dialect == "sqlite" else chunk
        yield from connection.execute(statement, {"among": asked})


@cache
def _select_among(
    dialect: str,
    columns: tuple[Column[Any], ...],
    column: Column[Any],
    order: Column[Any] | None,
) -> Select[Any]:
    """Return the statement, kept: to make it takes longer than SQLite needs to answer it."""
    if dialect == "sqlite":
        each = func.json_each(bindparam("among", type_=Text())).table_valued("value")
        condition: Any = column.in_(select(each.c.value))
    else:
        asked: Any = bindparam("among", type_=postgresql.ARRAY(column.type))
        condition = column == any_(asked)
    statement = select(*columns).where(condition)
    return statement if order is None else statement.order_by(order)


@contextmanager
def translated() -> Iterator[None]:
    """Turn a database's errors into ours; the message names no values.

    Raises:
        ConflictError: another process holds what is needed; trying again may work.
        StoreDownError: nothing can be saved or read now.
        StoreError: anything else.
    """
    try:
        yield
    except DBAPIError as error:
        raise _translate(error.orig) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store cannot be used: {error}") from error


_SQLITE_FAULTS = {
    sqlite3.SQLITE_FULL: "the disk is full: nothing of this step was saved; make room",
    sqlite3.SQLITE_IOERR: "the disk failed or is full: nothing of this step was saved",
    sqlite3.SQLITE_READONLY: "the store's file or folder cannot be written: mend its permissions",
    sqlite3.SQLITE_CANTOPEN: "the store's file cannot be opened: is its folder there and writable?",
    sqlite3.SQLITE_CORRUPT: "the store's file is damaged: restore a backup",
    sqlite3.SQLITE_NOTADB: "the store's file is no SQLite database: name another, or restore",
}


def _translate(original: BaseException | None) -> StoreError:
    code: int = getattr(original, "sqlite_errorcode", None) or 0
    primary = code & 0xFF  # the rest tells which kind of it
    is_busy = primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    if is_busy or getattr(original, "sqlstate", None) in _POSTGRES_BUSY:
        return ConflictError(_busy(None))
    reason = str(original).strip()
    if primary in _SQLITE_FAULTS:
        return StoreDownError(f"{_SQLITE_FAULTS[primary]} ({reason})")
    if str(getattr(original, "sqlstate", None) or "").startswith(_POSTGRES_DOWN):
        return StoreDownError(f"the database can save nothing now: {reason}")
    return StoreError(f"the database refused: {reason}")


def _busy(seconds: float | None) -> str:
    waited = "" if seconds is None else f" for {seconds:.0f} s"
    return f"another writer held the store{waited}: try again"


def _engine(url: URL, patience_s: float) -> Engine:
    options: Mapping[str, Any] = {
        "hide_parameters": True,
        "pool_size": 8,
        "max_overflow": 64,
        "pool_use_lifo": True,  # each keeps up to 16 MB of pages: few busy ones, not all in turn
    }
    try:
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True, **options)
        engine = create_engine(url, connect_args={"timeout": patience_s}, **options)
    except (ImportError, SQLAlchemyError) as error:
        raise StoreError(
            f"no driver for {url.drivername}: pip install 'broadsheet[postgres]' ({error})"
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    try:
        mode = _into_wal(cursor)
        if mode != "wal":
            raise StoreError(
                f"the store's file stays in journal mode {mode}: WAL needs a local disk"
            )
        cursor.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_size_limit = 67108864")  # bytes; the log shrinks again
        cursor.execute("PRAGMA cache_size = -16384")  # KiB
        # Pages, 16 MB: an import writes the same pages of its indexes again and again, and what
        # is not in the file yet is in the log; a commit is as durable as ever.
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
    finally:
        cursor.close()


def _into_wal(cursor: sqlite3.Cursor) -> str:
    """Return the journal mode after asking for WAL, which the file remembers.

    Of two processes that make a file at once one is told that it is locked, without any
    waiting: SQLite's busy timeout does not cover this switch.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return str(cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
