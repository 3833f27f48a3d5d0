"""A list of feeds as a source: each feed has its own schedule, and a dead one stops no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.assemble import open_library
from broadsheet.errors import SettingError, SourceError
from broadsheet.jobs.sync import SyncJob, sync
from broadsheet.sources import opml
from broadsheet.sources.network import plans
from broadsheet.sources.opml import names
from broadsheet.sources.schedule import Schedule, scheduled
from tests.servers.feeds import Feeds, feeds, listing
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from tests.support import StillClock


@pytest.fixture
def service() -> Iterator[Feeds]:
    """Run a server with two feeds and a list of them."""
    with feeds() as held:
        both = [
            held.put_feed("/a", "On deep wells here"),
            held.put_feed("/b", "On wide wells here"),
        ]
        held.put_list("/list.opml", both)
        yield held


@pytest.fixture
def library(service: Feeds, tmp_path: Path, clock: StillClock) -> Iterator[Library]:
    """An empty library that reads the list."""
    environ = {
        "BROADSHEET_SOURCES": "opml:" + service.address("/list.opml"),
        "BROADSHEET_ALLOW_PRIVATE_SOURCES": "true",
    }
    opened = open_library(tmp_path / "data", environ=environ, clock=clock)
    yield opened
    opened.close()


def new_job(library: Library) -> SyncJob:
    """Return the job as a program that has just started makes it."""
    job = SyncJob(library, chance=lambda: 1.0)
    job._schedule = Schedule(library.settings, FakeTime().timing)  # a clock nobody waits for
    return job


def run_all(job: SyncJob) -> int:
    """Read all that is due; return how many sources that were."""
    return next(count for count in range(99) if not job.run_once())


def paths(service: Feeds) -> list[str]:
    """Return what was asked for, and forget it."""
    assert service.server is not None
    asked = [one.path for one in service.server.asked]
    service.server.asked.clear()
    return asked


def test_each_feed_of_a_list_is_a_source_of_its_own(service: Feeds, library: Library) -> None:
    """Name, schedule, cursor and run: as if the settings named it."""
    assert run_all(new_job(library)) == 3

    rows = {one.source: one for one in library.store.syncs()}
    a, b = service.address("/a"), service.address("/b")
    assert set(rows) == {a, b, "opml:" + service.address("/list.opml")}
    assert rows[a].cursor.keys() == {"etag", "last_modified"}
    assert rows[a].due < rows["opml:" + service.address("/list.opml")].due
    assert library.status().papers == 2


def test_a_dead_feed_stops_no_other(service: Feeds, library: Library) -> None:
    """It rests longer and longer; the others are read as ever."""
    service.dead.add("/a")

    assert run_all(new_job(library)) == 3

    errors = {one.source: bool(one.error) for one in library.store.syncs()}
    assert errors[service.address("/a")]
    assert not errors[service.address("/b")]
    assert library.status().papers == 1


def test_a_list_that_changes_changes_the_schedule(
    service: Feeds, library: Library, clock: StillClock
) -> None:
    """What it names no more is not asked any more; what is new is read at once."""
    job = new_job(library)
    run_all(job)
    service.put_list("/list.opml", [service.address("/b"), service.put_feed("/c", "On old wells")])
    clock.advance(timedelta(hours=7))
    run_all(job)
    paths(service)
    clock.advance(timedelta(hours=1))

    run_all(job)

    assert sorted(paths(service)) == ["/b", "/c"]
    assert library.status().papers == 3


def test_feeds_are_known_after_a_restart(
    service: Feeds, library: Library, clock: StillClock
) -> None:
    """From the list's cursor, without asking for the list; which may be gone by then."""
    run_all(new_job(library))
    paths(service)
    clock.advance(timedelta(hours=1))

    run_all(new_job(library))
    assert sorted(paths(service)) == ["/a", "/b"]
    service.dead.add("/list.opml")
    clock.advance(timedelta(hours=7))
    run_all(new_job(library))

    assert sorted(set(paths(service))) == ["/a", "/b", "/list.opml"]


def test_a_list_is_asked_only_for_changes(
    service: Feeds, library: Library, clock: StillClock
) -> None:
    """It answers 304, and the feeds stay."""
    run_all(new_job(library))
    clock.advance(timedelta(hours=7))

    assert run_all(new_job(library)) == 3

    assert service.server is not None
    (asked,) = [one for one in service.server.asked[3:] if one.path == "/list.opml"]
    assert "if-none-match" in asked.headers
    assert len(library.store.syncs()) == 3


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        pytest.param(b"<html>Sorry", "no XML", id="a page"),
        pytest.param(listing([]), "names no feed", id="empty"),
        pytest.param(
            b'<!DOCTYPE o [<!ENTITY a "b">]><opml>&a;</opml>',
            "entities, which are not read",
            id="a bomb",
        ),
    ],
)
def test_a_broken_list_keeps_its_feeds(
    service: Feeds, library: Library, clock: StillClock, page: bytes, reason: str
) -> None:
    """A fault of the list is on /status; the feeds go on."""
    run_all(new_job(library))
    service.pages["/list.opml"] = page
    paths(service)
    clock.advance(timedelta(hours=7))

    assert run_all(new_job(library)) == 3

    row = next(one for one in library.store.syncs() if one.source.startswith("opml:"))
    assert reason in row.error
    assert sorted(paths(service)) == ["/a", "/b", "/list.opml"]


def test_a_list_in_a_file(service: Feeds, library: Library, tmp_path: Path) -> None:
    """As a feed reader exported it."""
    path = tmp_path / "feeds.opml"
    path.write_bytes(listing([service.address("/a")]))
    settings = replace(library.settings, sources=f"opml:{path}")
    job = SyncJob(library)
    job._schedule = Schedule(settings, FakeTime().timing)

    assert run_all(job) == 2
    path.unlink()
    (plan,) = plans(settings, timing=FakeTime().timing).values()
    with pytest.raises(SourceError, match="No such file"):
        sync(library, plan)


@pytest.mark.parametrize(
    "name", ["opml:feeds.opml", "opml:", "opml:ftp://x.example/", "opml:http://"]
)
def test_a_name_of_no_list_is_refused(library: Library, name: str) -> None:
    """A path that depends on where the program was started is none."""
    with pytest.raises(SettingError, match="sources"):
        plans(library.settings, [name])


def test_a_list_leads_into_no_private_network(service: Feeds, library: Library) -> None:
    """Whoever writes a public list does not choose what this machine may reach."""
    settings = replace(library.settings, allow_private_sources=False)
    names_ = [settings.sources, service.address("/a")]

    for plan in plans(settings, names_, timing=FakeTime().timing).values():
        with pytest.raises(SourceError, match="allow_private_sources"):
            sync(library, plan)

    assert paths(service) == []


@pytest.mark.parametrize("cursor", [{}, {"feeds": None}, {"feeds": [7, None]}, {"feeds": "x"}])
def test_a_cursor_without_feeds_names_none(cursor: dict[str, object]) -> None:
    """Before the first reading, and where a cursor is damaged."""
    assert names(cursor) == []


@pytest.mark.parametrize(
    "url", ["http://[::1", "ftp://x.example/", "http://a@x.example/", "http://", "/etc/x", "a b"]
)
def test_an_address_that_only_looks_like_one_is_left_out(url: str) -> None:
    """The other feeds of the list are read."""
    good = "https://wells.example/feed"

    assert [feed.url for feed in opml.feeds(listing([url, good]))] == [good]


def test_feeds_of_a_list_are_shown_as_of_the_settings(service: Feeds, library: Library) -> None:
    """They can be paused, and only the list can take them away."""
    run_all(new_job(library))

    shown = scheduled(library.settings, library.store.syncs(), now=library.clock.now())

    assert {one.sync.source for one in shown} == {one.source for one in library.store.syncs()}
    assert all(one.is_in_settings for one in shown)
