"""Fixtures of the web tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog
from starlette.testclient import TestClient

from broadsheet.jobs.logs import configure
from broadsheet.web.app import create_app
from tests.support import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library

HOME = "http://127.0.0.1:8000"
"""An address that the host check accepts."""

HERE = ("127.0.0.1", 50_000)
"""Where a browser on this machine asks from."""


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    """A browser's way to an empty library."""
    with TestClient(create_app(library), base_url=HOME, client=HERE) as opened:
        yield opened


@pytest.fixture(scope="session")
def specimens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The specimen edition, indexed: for tests that only read. Made once per process."""
    from broadsheet.assemble import open_library

    folder = tmp_path_factory.mktemp("specimens")
    opened = open_library(folder, environ={}, clock=StillClock())
    opened.load_specimens()
    opened.catch_up(is_encoding=True)
    yield opened
    opened.close()


@pytest.fixture
def reader(specimens: Library) -> Iterator[TestClient]:
    """A browser's way to the specimen edition."""
    with TestClient(create_app(specimens), base_url=HOME, client=HERE) as opened:
        yield opened


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> Iterator[None]:
    """Log like the program does: the default draws every local variable of a traceback."""
    configure("error")
    yield
    structlog.reset_defaults()
