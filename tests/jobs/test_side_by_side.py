"""Several sources at once: none waits for another, none is read twice, each can be ended."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.errors import ConflictError, StoreError
from broadsheet.jobs.ending import Ending
from broadsheet.jobs.runner import Runner
from broadsheet.jobs.sync import CLAIM, SLICE, SyncJob, sync
from broadsheet.sources._http import Meter
from broadsheet.sources.network import Plan, Reading
from tests import support
from tests.support import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from broadsheet.library import Library
    from broadsheet.model import Record, Sync
    from tests.support import StillClock

HOUR = timedelta(hours=1)
PATIENCE_S = 20.0


@dataclass
class Spring:
    """A source of numbered records that remembers where it is, and calls between them."""

    name: str
    first: int = 1
    count: int = 6
    between: Callable[[int], None] = lambda _number: None
    cursor: Mapping[str, Any] = field(default_factory=dict)
    opened: int = 0
    open_now: int = 0
    most: int = 0  # runs at once
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self) -> Plan:
        """Return how it is read."""
        return Plan(name=self.name, interval=HOUR, open=self.open, meter=Meter())

    def open(self, reading: Reading) -> Spring:
        """Begin a run where the cursor says."""
        self.opened += 1
        self.cursor = dict(reading.cursor)
        return self

    def read(self) -> Iterator[Record]:
        """Yield a record for each number that the cursor has not seen."""
        with self.lock:
            self.open_now += 1
            self.most = max(self.most, self.open_now)
        try:
            for number in range(self.cursor.get("next", 0), self.count):
                self.between(number)
                yield record(self.first + number)
                self.cursor = {"next": number + 1}
        finally:
            with self.lock:
                self.open_now -= 1


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save after every second record, and look often whether to end."""
    monkeypatch.setattr("broadsheet.library.ingest.BATCH", 2)
    monkeypatch.setattr("broadsheet.jobs.sync.BEAT_S", 0.02)


def job_of(library: Library, *springs: Spring) -> SyncJob:
    """Return the job that reads these."""
    return SyncJob(library, {one.name: one.plan() for one in springs}, chance=lambda: 1.0)


until = partial(support.until, within_s=PATIENCE_S, pause_s=0.01)


def row(library: Library, name: str) -> Sync:
    """Return a source's place in the schedule."""
    return next(one for one in library.store.syncs() if one.source == name)


def papers(library: Library) -> int:
    """Return how many papers there are."""
    return library.store.counts()["papers"]


# --- side by side ---


def test_a_slow_source_keeps_no_other_waiting(library: Library) -> None:
    """A harvest of hours, and a feed that is there in a moment."""
    gate = threading.Event()

    def wait(_number: int) -> None:
        gate.wait(PATIENCE_S)

    slow = Spring("slow", between=wait)
    quick = Spring("quick", first=100)
    job = job_of(library, slow, quick)
    runner = Runner({"sync 1": job, "sync 2": job}, idle_s=0.01)
    runner.start()
    try:
        until(lambda: papers(library) == 6)
        until(lambda: row(library, "quick").finished is not None)
        assert (papers(library), row(library, "slow").finished) == (6, None)
    finally:
        gate.set()
    until(lambda: row(library, "slow").finished is not None)
    assert runner.stop()
    assert papers(library) == 12


def test_one_source_is_never_read_twice_at_once(library: Library) -> None:
    """However many readers there are; and the readers bound how many sources are open."""
    springs = [Spring(f"s{number}", first=100 * number) for number in range(1, 6)]
    running: list[int] = []

    def note(_number: int) -> None:
        running.append(sum(one.open_now for one in springs))
        time.sleep(0.005)

    for one in springs:
        one.between = note
    job = job_of(library, *springs)
    runner = Runner({f"sync {n}": job for n in range(3)}, idle_s=0.01)
    runner.start()
    until(lambda: papers(library) == 30)
    until(lambda: all(one.finished and not one.holder for one in library.store.syncs()))
    assert runner.stop()

    assert {one.most for one in springs} == {1}
    assert max(running) <= 3
    assert [one.opened for one in springs] == [1] * 5


def test_a_long_run_gives_way_and_goes_on_behind(library: Library, clock: StillClock) -> None:
    """More long harvests than readers must not starve a feed."""
    long = Spring("a long one", between=lambda n: clock.advance(SLICE * 1.1) if n == 1 else None)
    other = Spring("b", first=100)
    job = job_of(library, long, other)

    assert job.run_once()
    assert row(library, long.name).cursor["next"] < long.count
    assert (row(library, long.name).due, row(library, long.name).error) == (clock.now(), "")
    assert [job.run_once() for _ in range(3)] == [True, True, False]

    assert (long.opened, other.opened, papers(library)) == (2, 1, 12)


def test_a_long_run_goes_on_while_nobody_waits(library: Library, clock: StillClock) -> None:
    """Beginning again costs a page."""
    long = Spring("long", between=lambda n: clock.advance(SLICE * 1.1) if n == 1 else None)

    assert job_of(library, long).run_once()

    assert (long.opened, papers(library)) == (1, 6)


# --- ending ---


def test_a_run_is_cancelled_at_its_next_batch(library: Library, clock: StillClock) -> None:
    """What was read is saved; it is no failure, and the next run goes on there."""
    spring = Spring("one", between=lambda n: _cancel(library) if n == 2 else None)
    job = job_of(library, spring)

    assert job.run_once()

    told = row(library, "one")
    assert (told.error, told.failures, told.holder) == ("", 0, "")
    assert (told.is_cancelled, told.due) == (True, clock.now() + HOUR)
    assert 2 <= papers(library) < 6
    spring.between = lambda _n: None
    clock.advance(HOUR)
    assert job.run_once()
    assert (papers(library), row(library, "one").is_cancelled) == (6, False)


def _cancel(library: Library) -> None:
    assert library.store.cancel_sync("one")


def test_a_run_that_waits_is_cancelled_too(library: Library) -> None:
    """A Retry-After of five minutes is no reason to wait with it."""
    ending = Ending()
    spring = Spring("one", between=lambda n: ending.wait(300) if n == 2 else None)
    done = threading.Thread(target=lambda: sync(library, spring.plan(), ending=ending))
    began = time.monotonic()
    done.start()
    until(lambda: bool(library.store.syncs()) and row(library, "one").read == 2)

    assert library.store.cancel_sync("one")
    done.join(PATIENCE_S)

    assert not done.is_alive()
    assert time.monotonic() - began < PATIENCE_S
    assert (row(library, "one").error, row(library, "one").is_cancelled) == ("", True)


def test_a_source_that_is_removed_ends_its_run(library: Library) -> None:
    """Its claim is lost with its row, and it does not come back."""
    spring = Spring("one", between=lambda n: library.store.remove_sync("one") if n == 2 else None)  # type: ignore[arg-type]
    library.store.add_sync("one", due=library.clock.now(), interval=None)

    with pytest.raises(ConflictError, match="taken one over"):
        job_of(library, spring).run_once()

    assert library.store.syncs() == []


def test_a_holder_that_slept_ends_when_it_wakes(library: Library, clock: StillClock) -> None:
    """The lid was closed; another process has taken over and its cursor must stand."""

    def sleep(number: int) -> None:
        if number == 2:
            clock.advance(timedelta(hours=8))
            now = clock.now()
            assert library.store.claim_sync("one", now, holder="heir", until=now + CLAIM)

    spring = Spring("one", between=sleep)
    with pytest.raises(ConflictError, match="taken one over"):
        sync(library, spring.plan())

    assert (row(library, "one").holder, row(library, "one").cursor) == ("heir", {"next": 1})


def test_a_holder_that_slept_alone_goes_on(library: Library, clock: StillClock) -> None:
    """Nobody took its source, so nothing is lost and nothing is read twice."""
    spring = Spring("one", between=lambda n: clock.advance(timedelta(hours=8)) if n == 2 else None)

    report = sync(library, spring.plan())

    assert (report.new, spring.opened, row(library, "one").holder) == (6, 1, "")


def test_a_full_disk_while_the_place_is_saved(
    library: Library, monkeypatch: pytest.MonkeyPatch, clock: StillClock
) -> None:
    """The records are there, the place is not: they come again, and no paper is there twice."""
    spring = Spring("one")
    real = library.store.save_cursor
    calls: list[object] = []

    def save(*told: Any) -> Any:
        calls.append(told)
        if len(calls) == 2:
            raise StoreError("the disk is full: nothing of this step was saved; make room")
        return real(*told)

    monkeypatch.setattr(library.store, "save_cursor", save)
    job = job_of(library, spring)
    with pytest.raises(StoreError, match="disk is full"):
        job.run_once()
    told = row(library, "one")
    assert (papers(library), told.cursor, told.holder) == (4, {"next": 1}, "")
    assert "disk is full" in told.error

    clock.advance(HOUR)
    assert job.run_once()
    assert (papers(library), row(library, "one").failures) == (6, 0)


# --- what the administrator added ---


def test_what_was_added_is_read_without_a_restart(library: Library) -> None:
    """And what cannot be read any more stops no other."""
    library.settings = replace(library.settings, sources="")
    job = SyncJob(library)
    assert not job.run_once()
    now = library.clock.now()
    library.store.add_sync("a kind of long ago", due=now, interval=None)
    library.store.add_sync("http://127.0.0.1:9/feed", due=now, interval=2 * HOUR)

    assert job.run_once()
    assert not job.run_once()

    (never, failed) = library.store.syncs()
    assert (never.finished, failed.failures) == (None, 1)
    assert "allow_private_sources" in failed.error
