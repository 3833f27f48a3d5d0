"""kill -9 in the middle of syncing, again and again: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from tests.crash import harvests
from tests.servers.arxiv import Preprint, arxiv, settings
from tests.servers.daily import daily
from tests.servers.feeds import feeds
from tests.servers.repository import Article, repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from broadsheet.model import Paper
    from tests.servers.http import Server

PAPERS = 1_500
PAGE = 25
KILLS_MANY = 12
TODAY = datetime.now(UTC)  # the processes' own clock is the machine's


@dataclass(frozen=True)
class Service:
    """A service that is synced, and how."""

    server: Server
    source: str
    environ: dict[str, str]
    papers: int


@contextmanager
def preprints(source: str, count: int, *, page: int = PAGE) -> Iterator[Service]:
    """Run arXiv with so many papers of today."""
    with arxiv() as held:
        held.page = page
        held.now, held.day = TODAY, TODAY.date()
        held.add(
            *(
                Preprint(
                    id=f"2603.{n:05d}",
                    title=f"Well number {n}",
                    listed=held.day,
                    versions=(datetime(2026, 3, 2, tzinfo=UTC), TODAY - timedelta(seconds=n)),
                )
                for n in range(1, count + 1)
            )
        )
        assert held.server is not None
        yield Service(held.server, source, settings(held.server), count)


@contextmanager
def articles() -> Iterator[Service]:
    """Run a repository of Dublin Core."""
    with repository() as held:
        held.page, held.now = 20, TODAY
        held.add(*(Article(n, f"Well number {n}") for n in range(1, 401)))
        assert held.server is not None
        environ = {"BROADSHEET_ALLOW_PRIVATE_SOURCES": "1"}
        yield Service(held.server, f"oai:{held.server.url}/oai", environ, 400)


@contextmanager
def feed() -> Iterator[Service]:
    """Run a journal with a long feed."""
    with feeds() as held:
        held.titles.update({n: f"Well number {n}" for n in range(1, 1_201)})
        assert held.server is not None
        environ = {"BROADSHEET_ALLOW_PRIVATE_SOURCES": "1"}
        yield Service(held.server, f"{held.server.url}/rss", environ, 1_200)


@contextmanager
def picks() -> Iterator[Service]:
    """Run the hosted daily list, with some papers a day."""
    with daily() as held:
        days = [TODAY.date() - timedelta(days=back) for back in range(7)]
        for number in range(1, 421):
            held.pick(f"{days[number % 7]}", number, title=f"Well number {number}")
        assert held.server is not None
        environ = {"BROADSHEET_DAILY_LIST_URL": held.server.url}
        yield Service(held.server, "daily", environ, 420)


SERVICES: dict[str, Callable[[], AbstractContextManager[Service]]] = {
    "arxiv-oai": lambda: preprints("arxiv-oai", 600),
    "arxiv-api": lambda: preprints("arxiv-api:cat:cs.AI", 600),
    "oai": articles,
    "feed": feed,
    "daily": picks,
}


def papers(data: Path) -> dict[str, Paper]:
    """Return the papers by id, but for their keys; the store and its index must be sound."""
    library = open_library(data, environ={})
    try:
        assert library.check().problems == ()
        return {one.id: replace(one, key=0) for one in library.store.all_papers(limit=5_000)}
    finally:
        library.close()


def undisturbed(data: Path, service: Service) -> tuple[dict[str, Paper], float]:
    """Sync without a disturbance; return the papers, and how long it took from the first answer."""
    process = harvests.start(data, service.source, service.environ)
    began = wait_for_a_request(service, process)
    finish(process)
    return papers(data), time.monotonic() - began


def finish(process: subprocess.Popen[str]) -> None:
    """Wait until a run has come through."""
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said


def wait_for_a_request(service: Service, process: subprocess.Popen[str]) -> float:
    """Wait until the service was asked; return when that was."""
    before = len(service.server.asked)
    while len(service.server.asked) == before and process.poll() is None:
        time.sleep(0.005)
    return time.monotonic()


def kill(data: Path, service: Service, *, kills: int, seconds: float) -> None:
    """Kill so many runs, each at a random moment of its work; then let one come through."""
    chance = random.Random(f"{service.source.partition(':')[0]} {kills}")  # noqa: S311  # when
    for attempt in range(kills):
        process = harvests.start(data, service.source, service.environ, hours=attempt / 10)
        wait_for_a_request(service, process)
        time.sleep(chance.uniform(0.0, seconds))
        process.kill()
        process.communicate()
    finish(harvests.start(data, service.source, service.environ, hours=kills / 10))


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """One kill, in every run of the tests."""
    with SERVICES["arxiv-oai"]() as service:
        expected, seconds = undisturbed(tmp_path / "undisturbed", service)
        kill(tmp_path / "killed", service, kills=1, seconds=seconds)

    assert len(expected) == service.papers
    assert papers(tmp_path / "killed") == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVICES)
def test_a_run_that_is_killed_often_goes_on(name: str, tmp_path: Path) -> None:
    """A dozen kills of every family of protocols."""
    with SERVICES[name]() as service:
        expected, seconds = undisturbed(tmp_path / "undisturbed", service)
        kill(tmp_path / "killed", service, kills=KILLS_MANY, seconds=seconds)

    assert len(expected) == service.papers
    assert papers(tmp_path / "killed") == expected


@pytest.mark.slow
def test_a_kill_repeats_no_more_than_what_was_not_saved(tmp_path: Path) -> None:
    """Each run goes on where the last one was killed, and the last one ends with everything."""
    with preprints("arxiv-oai", PAPERS) as service:
        kill(tmp_path, service, kills=6, seconds=0.5)
        asked = len(service.server.asked)

    assert len(papers(tmp_path)) == PAPERS
    # A kill repeats what was not committed: at most one batch of pages, read ahead.
    assert PAPERS // PAGE <= asked <= PAPERS // PAGE + 6 * (500 // PAGE + 2)
    library = open_library(tmp_path, environ={})
    assert library.store.syncs()[0].cursor == {"cs:cs:AI": {"from": f"{TODAY:%Y-%m-%d}"}}
    library.close()


def test_of_two_processes_on_one_source_one_reads_it(tmp_path: Path) -> None:
    """The other is told so; nobody waits, and the service is asked once."""
    open_library(tmp_path, environ={}).close()
    with preprints("arxiv-oai", 600) as service:
        running = [harvests.start(tmp_path, service.source, service.environ) for _ in range(2)]
        said = [process.communicate(timeout=300)[1] for process in running]
        codes = [process.returncode for process in running]
        asked = len(service.server.asked)

    assert set(codes) <= {0, harvests.TAKEN}
    assert 0 in codes
    if harvests.TAKEN in codes:
        assert "another process reads arxiv-oai now" in said[codes.index(harvests.TAKEN)]
        assert asked == 600 // PAGE
    assert len(papers(tmp_path)) == 600


@pytest.mark.slow
def test_two_processes_on_two_sources_share_a_library(tmp_path: Path) -> None:
    """They write by turns; both come to their end."""
    open_library(tmp_path, environ={}).close()
    with SERVICES["oai"]() as first, SERVICES["daily"]() as second:
        running = [
            harvests.start(tmp_path, service.source, service.environ) for service in (first, second)
        ]
        for process in running:
            finish(process)

    assert len(papers(tmp_path)) == first.papers + second.papers


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    """Nothing goes to quarantine for it; when there is room the run goes on where it was."""
    with SERVICES["oai"]() as service:
        expected, _ = undisturbed(tmp_path / "undisturbed", service)
        data = tmp_path / "full"
        process = harvests.start(data, service.source, service.environ, limit=400_000)
        _, said = process.communicate(timeout=300)
        held = papers(data)

        assert process.returncode == harvests.NO_ROOM, said
        assert "disk" in said
        assert held.items() < expected.items()
        finish(harvests.start(data, service.source, service.environ))

    assert papers(data) == expected
    library = open_library(data, environ={})
    assert library.store.quarantined(limit=10) == []
    library.close()
