"""Every source, every fault: what is saved stays, the schedule waits, and the next run gets it all.

A source is read twice, on two instances: from a service without a fault, and from one that has
one. After the fault is gone both libraries must hold the same papers, each once, and a paper that
appears later must reach both.
"""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from broadsheet.config import Settings, load
from broadsheet.jobs.sync import SyncJob
from broadsheet.library.ingest import ingest
from broadsheet.sources.network import listed, plans
from broadsheet.store import open_store
from broadsheet.store.database import sqlite_url
from tests.servers import faults
from tests.support import StillClock
from tests.support_services import WAYS
from tests.support_time import FakeTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from broadsheet.library import Library
    from broadsheet.model import Paper, Sync
    from broadsheet.ports import Store
    from tests.servers.faults import Fault
    from tests.servers.http import Asked, Said
    from tests.support_services import Service

MORNING = datetime(2026, 3, 4, 12, tzinfo=UTC)
LATE = 99  # the number of the paper that appears later


@dataclass
class Instance:
    """Store, clock and settings of an instance: what syncing needs of a library."""

    store: Store
    clock: StillClock
    settings: Settings

    def ingest(self, source: Any, /, **options: Any) -> Any:
        """Take in what a source yields."""
        return ingest(source, self.store, self.clock, **options)

    def papers(self) -> dict[str, Paper]:
        """Return the papers by id, but for their keys."""
        return {one.id: replace(one, key=0) for one in self.store.all_papers(limit=1000)}

    def sync(self, source: str) -> Sync:
        """Return where a source stands."""
        return next(one for one in self.store.syncs() if one.source == source)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the file of an empty store, once."""
    file = tmp_path_factory.mktemp("empty") / "broadsheet.db"
    open_store(sqlite_url(file)).close()
    return file


class World:
    """A service, an instance that reads it, and another source beside it."""

    def __init__(
        self, service: Service, folder: Path, empty: Path, fake: FakeTime, rest: timedelta
    ) -> None:
        folder.mkdir()
        self.rest = rest  # before something new can come
        shutil.copy(empty, folder / "broadsheet.db")
        environ = service.environ | {"BROADSHEET_ALLOW_PRIVATE_SOURCES": "1"}
        self.service = service
        self.fake = fake
        self.instance = Instance(
            open_store(sqlite_url(folder / "broadsheet.db")),
            StillClock(MORNING),
            load(folder, environ=environ),
        )
        self.names = [service.source]

    def run(self) -> None:
        """Let the job read what is due."""
        for _ in range(3 * len(WAYS)):
            names = [*self.names, *listed(self.names, self.instance.store.syncs())]
            found = plans(self.instance.settings, names, timing=self.fake.timing)
            if not SyncJob(cast("Library", self.instance), found, chance=lambda: 0.5).run_once():
                return
        raise AssertionError("a source is due again and again")

    def wait(self, by: timedelta) -> None:
        """Let time pass, for the schedule and for the client."""
        self.instance.clock.advance(by)
        self.fake.now += by.total_seconds()

    def sync(self) -> Sync:
        """Return where the source stands."""
        return self.instance.sync(self.service.source)

    def finish(self) -> dict[str, Paper]:
        """Take the fault away, make it good, let a paper appear, read it too; return all papers."""
        self.service.server.spoil = None
        if self.sync().error:
            self.wait(self.sync().due - self.instance.clock.now())
            self.run()
        assert self.sync().error == ""
        self.service.publish(LATE)
        self.wait(max(self.sync().due - self.instance.clock.now(), self.rest))
        self.run()
        assert (self.sync().error, self.sync().failures, self.sync().holder) == ("", 0, "")
        return self.instance.papers()


@pytest.fixture(scope="module")
def undisturbed(
    empty: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Paper]]:
    """Return what a library holds that never saw a fault, by service; each is read once."""
    known: dict[str, dict[str, Paper]] = {}

    def read(name: str) -> dict[str, Paper]:
        if name not in known:
            folder = tmp_path_factory.mktemp("undisturbed") / "data"
            with WAYS[name].open() as service:
                world = World(
                    service, folder, empty, FakeTime(now=MORNING.timestamp()), rest=WAYS[name].rest
                )
                world.run()
                known[name] = world.finish()
                world.instance.store.close()
        assert len(known[name]) == 6
        return known[name]

    return read


def told(papers: dict[str, Paper]) -> dict[str, tuple[Any, ...]]:
    """Return what the papers say, without what depends on when they came."""
    return {
        name: (one.title, one.abstract, one.authors, one.published, one.identifiers, one.votes)
        for name, one in papers.items()
    }


@contextmanager
def disturbed(name: str, folder: Path, empty: Path) -> Iterator[World]:
    """Run a service and an instance that reads it."""
    with WAYS[name].open() as service:
        world = World(
            service, folder / "data", empty, FakeTime(now=MORNING.timestamp()), rest=WAYS[name].rest
        )
        try:
            yield world
        finally:
            world.instance.store.close()


def spoiler(
    service: Service, fault: Fault, *, first: int, last: int
) -> Callable[[Asked, Said], Said]:
    """Return what spoils the answers from one number to another, counted from 1."""
    count = 0
    tls = service.server.url.replace("http:", "https:")

    def spoil(_asked: Asked, said: Said) -> Said:
        nonlocal count
        count += 1
        if not first <= count <= last or said.status != 200:
            return said
        return fault.spoil(replace(said, headers=said.headers | {"x-tls": tls}))

    return spoil


def http_faults() -> list[Fault]:
    """Return the faults of any service."""
    return faults.of_http(FakeTime(now=MORNING.timestamp()))


NAMES = [fault.name for fault in http_faults()]
SAYS = {  # what these services mean by a status
    ("openreview", "404"): "OpenReview shows no submissions of Wells",
    ("acl", "404"): "the ACL Anthology has no http",
}


def fault_of(name: str, fake: FakeTime) -> Fault:
    """Return a fault by its name."""
    return next(one for one in faults.of_http(fake) if one.name == name)


def some_of(pairs: list[tuple[str, str]]) -> list[Any]:
    """Return all pairs of a service and a fault; every fault meets two services in each run.

    `make test-slow` lets all of them meet.
    """
    found = []
    for service, fault in pairs:
        turn = list(WAYS).index(service)
        first = sum(map(ord, fault)) % len(WAYS)
        is_in = turn in {first, (first + 3) % len(WAYS)}
        marks = () if is_in else pytest.mark.slow
        found.append(pytest.param(service, fault, marks=marks, id=f"{service}-{fault}"))
    return found


@pytest.mark.parametrize(("name", "fault_name"), some_of([(s, f) for f in NAMES for s in WAYS]))
def test_a_fault_that_stays_fails_the_run_and_nothing_else(
    name: str,
    fault_name: str,
    tmp_path: Path,
    empty: Path,
    undisturbed: Callable[[str], dict[str, Paper]],
) -> None:
    """It is said, waited for, and made good; what is good is neither lost nor doubled."""
    with disturbed(name, tmp_path, empty) as world:
        fault = fault_of(fault_name, world.fake)
        world.service.server.spoil = spoiler(world.service, fault, first=1, last=10**6)
        world.run()

        stands = world.sync()
        rest = (stands.due - world.instance.clock.now()).total_seconds()
        assert re.search(SAYS.get((name, fault_name), fault.says), stands.error), stands.error
        place = "127.0.0.1" in stands.error or world.service.source[:4] in stands.error.lower()
        assert place, stands.error
        assert (stands.holder, stands.failures) == ("", 1)
        assert max(225.0, fault.rest_s - 1) <= rest <= max(300.0, fault.rest_s + 1)
        allowed = undisturbed(name)
        assert told(world.instance.papers()).items() <= told(allowed).items()
        assert world.finish() == allowed


@pytest.mark.parametrize(
    ("name", "fault_name"),
    some_of([(s, f.name) for f in http_faults() if f.passes for s in WAYS]),
)
def test_a_fault_that_passes_is_got_over(
    name: str,
    fault_name: str,
    tmp_path: Path,
    empty: Path,
    undisturbed: Callable[[str], dict[str, Paper]],
) -> None:
    """In the same run; where there is a second answer it is that one, else the first."""
    at = 1 if WAYS[name].is_one_answer else 2
    with disturbed(name, tmp_path, empty) as world:
        fault = fault_of(fault_name, world.fake)
        world.service.server.spoil = spoiler(world.service, fault, first=at, last=at)
        world.run()

        assert world.sync().error == ""
        assert len(world.instance.papers()) == 5
        assert world.finish() == undisturbed(name)


COSTS_THE_ANSWER = {  # it is said, nothing is lost, but nothing of this answer is read till it ends
    ("rss", "UTF-8, said to be Latin-1"),  # read, but as it says: names are garbled
    ("atom", "UTF-8, said to be Latin-1"),
    ("opml", "UTF-8, said to be Latin-1"),
}


def is_of(name: str, said: Said) -> bool:
    """Tell whether an answer is good, and in the language in which papers come."""
    is_xml = said.body.lstrip()[:1] == b"<"
    return said.status == 200 and is_xml == (WAYS[name].speaks == "xml")


@pytest.mark.parametrize(
    ("name", "blemish_name"),
    some_of(
        [
            (service, one.name)
            for service in WAYS
            for one in faults.blemishes(WAYS[service].speaks)
            if (service, one.name) not in COSTS_THE_ANSWER
        ]
    ),
)
def test_a_blemish_costs_no_more_than_itself(
    name: str,
    blemish_name: str,
    tmp_path: Path,
    empty: Path,
    undisturbed: Callable[[str], dict[str, Paper]],
) -> None:
    """The run is good, its papers are all there, what cannot be used is in quarantine and why."""
    blemish = next(one for one in faults.blemishes(WAYS[name].speaks) if one.name == blemish_name)
    with disturbed(name, tmp_path, empty) as world:
        world.service.server.spoil = lambda _asked, said: (
            replace(said, body=blemish.change(said.body)) if is_of(name, said) else said
        )
        world.run()

        assert world.sync().error == ""
        held = told(world.instance.papers())
        allowed = told(undisturbed(name))
        assert {one: held[one] for one in held if not blemish.adds or blemish.adds not in one} == {
            one: allowed[one] for one in allowed if f"{LATE}" not in one
        }
        reasons = [one.fault.reason for one in world.instance.store.quarantined(limit=50)]
        if blemish.quarantined and not re.search(blemish.quarantined, ""):
            assert reasons
        assert all(re.search(blemish.quarantined or "nothing", reason) for reason in reasons)
        finished = told(world.finish())
        assert {one: finished[one] for one in finished if one in allowed} == allowed


@pytest.mark.parametrize(
    ("name", "bomb_name"),
    some_of([(s, b.name) for s in WAYS if WAYS[s].speaks == "xml" for b in faults.bombs()]),
)
def test_a_bomb_is_not_read(
    name: str,
    bomb_name: str,
    tmp_path: Path,
    empty: Path,
    undisturbed: Callable[[str], dict[str, Paper]],
) -> None:
    """It is refused and said; feedparser strips it from feeds, and reads what is left."""
    bomb = next(one for one in faults.bombs() if one.name == bomb_name)
    with disturbed(name, tmp_path, empty) as world:
        world.service.server.spoil = lambda _asked, said: (
            bomb.spoil(said) if is_of(name, said) else said
        )
        world.run()

        error = world.sync().error
        assert "not read" in error or name in {"rss", "atom"}
        shown = str(world.instance.papers())
        assert "root:" not in shown
        assert len(shown) < 100_000
        finished = told(world.finish())
        if error:
            assert finished == told(undisturbed(name))


def test_other_sources_are_read_meanwhile(tmp_path: Path, empty: Path) -> None:
    """All at once: each service fails in another way, and the one that does not is read."""
    with ExitStack() as running:
        services = {name: running.enter_context(WAYS[name].open()) for name in WAYS}
        good = services.pop("rss")
        every = len(NAMES) // len(services)
        for service, fault in zip(services.values(), http_faults()[::every], strict=False):
            service.server.spoil = spoiler(service, fault, first=1, last=10**6)
        world = World(
            good, tmp_path / "data", empty, FakeTime(now=MORNING.timestamp()), rest=timedelta()
        )
        running.callback(world.instance.store.close)
        for service in services.values():
            world.service.environ.update(service.environ)
        world.instance.settings = load(
            tmp_path / "data",
            environ=world.service.environ | {"BROADSHEET_ALLOW_PRIVATE_SOURCES": "1"},
        )
        world.names = [*(one.source for one in services.values()), good.source]
        world.run()

        assert world.sync().error == ""
        assert len(world.instance.papers()) >= 5
        assert sum(bool(one.error) for one in world.instance.store.syncs()) >= 9
        assert {one.holder for one in world.instance.store.syncs()} == {""}
