"""Fixtures of the web tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from broadsheet.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadsheet.library import Library


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    """A browser's way to an empty library, at an address that the host check accepts."""
    with TestClient(create_app(library), base_url="http://127.0.0.1:8000") as opened:
        yield opened
