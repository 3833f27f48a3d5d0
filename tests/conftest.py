"""Fixtures that every room's tests may ask for."""

from __future__ import annotations

import os
from asyncio.events import _get_running_loop, _set_running_loop
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support import StillClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library


# How long a test takes says nothing on a busy machine; what it finds must be found again in CI.
settings.register_profile(
    "broadsheet",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("broadsheet")

# No test, and no program that one starts, asks a service outside.
os.environ["BROADSHEET_SOURCES"] = ""


@pytest.fixture(autouse=True)
def _no_loop_of_a_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """An open browser leaves its event loop marked as running: to other tests none runs."""
    loop = None if "browser" in request.fixturenames else _get_running_loop()
    if loop is None:
        yield
        return
    _set_running_loop(None)
    yield
    _set_running_loop(loop)


@pytest.fixture(autouse=True)
def _logs_as_they_come() -> Iterator[None]:
    """A program that set up its logs within a test says nothing about the next test's."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> StillClock:
    """Noon on a Wednesday."""
    return StillClock()


@pytest.fixture
def library(tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library in a folder of its own, with the real store, engine and encoder."""
    from broadsheet.assemble import open_library

    opened = open_library(tmp_path / "data", environ={}, clock=clock)
    yield opened
    opened.close()
