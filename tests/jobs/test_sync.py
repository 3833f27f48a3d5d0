"""The whole way: a server on loopback, the schedule, the library, a search."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from broadsheet.jobs.sync import SyncJob
from broadsheet.sources.network import plans
from tests.servers.arxiv import Arxiv, Preprint, arxiv, settings
from tests.servers.http import Said
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from tests.support import StillClock

MORNING = datetime(2026, 3, 4, 12, tzinfo=UTC)  # 7 o'clock Eastern on a Wednesday
DAY = date(2026, 3, 4)
WELL = Preprint(id="2603.00001", title="How deep is a gravity well", listed=DAY)


@pytest.fixture
def service() -> Iterator[Arxiv]:
    """Run arXiv on loopback, with one paper."""
    with arxiv() as held:
        held.add(WELL)
        yield held


@pytest.fixture
def library(service: Arxiv, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads it."""
    assert service.server is not None
    clock.time = MORNING
    opened = open_library(tmp_path / "data", environ=settings(service.server), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def job(library: Library) -> SyncJob:
    """The job, with a clock that nobody waits for."""
    return SyncJob(library, plans(library.settings, timing=FakeTime().timing), chance=lambda: 1.0)


def titles(library: Library, query: str) -> list[str]:
    """Return what a search finds by word."""
    library.catch_up(is_encoding=False)
    return [hit.paper.title for hit in library.search(query).hits]


def test_a_paper_is_announced_found_and_revised(
    service: Arxiv, library: Library, job: SyncJob, clock: StillClock
) -> None:
    """Sync, search; sync again, unchanged; version 2 comes, still one paper."""
    assert job.run_once()
    assert titles(library, "gravity well") == [WELL.title]
    assert not job.run_once()

    clock.advance(timedelta(hours=1))
    assert job.run_once()
    clock.advance(timedelta(hours=24))
    service.day += timedelta(days=1)
    service.revise(WELL.id, title="How deep a gravity well is")
    assert job.run_once()

    assert titles(library, "gravity well") == ["How deep a gravity well is"]
    paper = library.paper("arXiv:2603.00001")
    assert (paper.version, paper.announced, paper.authors) == (2, DAY, WELL.authors)
    runs = [(run.report.new, run.report.merged, run.error) for run in library.status().runs]
    assert runs == [(0, 1, ""), (0, 0, ""), (1, 0, "")]


def test_a_service_that_is_down_is_a_line_on_status(
    service: Arxiv, library: Library, job: SyncJob, clock: StillClock
) -> None:
    """The job goes on; the source rests longer and longer, and comes back by itself."""
    assert service.server is not None
    service.server.faults = [Said(status=500)] * 8
    rests = []
    for _ in range(2):
        assert job.run_once()
        rests.append(library.store.syncs()[0].due - clock.now())
        clock.advance(rests[-1])
    assert job.run_once()

    assert rests == [timedelta(minutes=5), timedelta(minutes=10)]
    assert [run.error for run in library.status().runs] == [
        "",
        "127.0.0.1: it answered 500 Internal Server Error",
        "127.0.0.1: it answered 500 Internal Server Error",
    ]
    assert titles(library, "gravity") == [WELL.title]
