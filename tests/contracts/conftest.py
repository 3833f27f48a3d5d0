"""Every engine behind a port, for the suites that all of them must pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadsheet.store import open_store, sqlite_url
from tests.support_sql import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.store import SqlStore


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, one per test process."""
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of an empty, migrated database; copying it takes less time than migrating."""
    name = postgres.create()
    open_store(postgres.url(name)).close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, of each kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "store.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create(template=request.getfixturevalue("migrated"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(store_url: str) -> Iterator[SqlStore]:
    """An empty store, of each kind."""
    opened = open_store(store_url)
    yield opened
    opened.close()
