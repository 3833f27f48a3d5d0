"""Sources on the network are read by themselves, each when it is due, several side by side.

A claim in the store keeps others away and is renewed while the reading goes on; that of a
process that was killed runs out. After every batch that is saved the source's cursor is saved
too: a run that breaks off goes on from there. A source that fails is tried again later and
later; it stops no other. A long run gives way to sources that wait, and goes on behind them.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from broadsheet.errors import (
    BudgetSpentError,
    ConflictError,
    RateLimitedError,
    SourceError,
    StoreError,
)
from broadsheet.jobs.ending import Ending
from broadsheet.model import Progress, Standing
from broadsheet.sources._turns import Timing
from broadsheet.sources.network import Plan, Reading
from broadsheet.sources.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from broadsheet.library import Library
    from broadsheet.model import Fault, IngestReport, Listed, Observation, Record, Sync
    from broadsheet.ports import Remote

    Told = Callable[[IngestReport], None]

log = structlog.get_logger(__name__)

CLAIM = timedelta(minutes=2)  # a killed process keeps a source for so long
BEAT_S = 10.0  # between two renewals of a claim, at which a wish to cancel is seen too
SLICE = timedelta(minutes=10)  # after so long a run gives way to sources that wait
FIRST_PAUSE = timedelta(minutes=5)  # after a failure; doubled by each further one in a row
LONGEST_PAUSE = timedelta(hours=6)
REMEMBERED = timedelta(days=35)  # what was listed in them is told to sources


Chance = Callable[[], float]
"""Returns a number in [0, 1)."""

_CHANCE: Chance = random.SystemRandom().random


class SyncJob:
    """Reads one source that is due at a time in each thread that runs it."""

    def __init__(
        self,
        library: Library,
        sources: Mapping[str, Plan] | None = None,
        *,
        chance: Chance = _CHANCE,
    ) -> None:
        self._library = library
        self._ending = Ending()
        self._given = sources
        self._schedule = (
            Schedule(library.settings, Timing(sleep=self._ending.wait)) if sources is None else None
        )
        self._chance = chance

    def stop(self) -> None:
        """End the readings that go on as soon as what they have is saved; the next ones go on."""
        self._ending.end()

    def run_once(self) -> bool:
        """Read one source that is due; return False when there is none.

        A source that fails is tried again later; that is no failure of the job.
        """
        store, now = self._library.store, self._library.clock.now()
        rows = store.syncs()
        plans = self._given if self._schedule is None else self._schedule.plans(rows)
        if not plans:
            return False
        if fresh := plans.keys() - {row.source for row in rows}:
            store.schedule_syncs(fresh, due=now)
        claim = store.claim_due_sync(plans, now, holder=_holder(), until=now + CLAIM)
        if claim is None:
            return False
        run = _Run(
            self._library,
            plans[claim.source],
            claim,
            ending=self._ending,
            is_awaited=lambda: self._is_awaited(plans),
        )
        try:
            run.go(_reading(self._library, claim, now), chance=self._chance)
        except SourceError as error:
            log.warning("source_failed", source=claim.source, reason=str(error))
        return True

    def _is_awaited(self, plans: Mapping[str, Plan]) -> bool:
        """Tell whether a source is due that nobody reads."""
        now = self._library.clock.now()
        return any(
            row.source in plans and not row.holder and not row.is_paused and row.due <= now
            for row in self._library.store.syncs()
        )


def sync(  # what a command line says
    library: Library,
    plan: Plan,
    *,
    since: date | None = None,
    is_full: bool = False,
    progress: Told | None = None,
    chance: Chance = _CHANCE,
    ending: Ending | None = None,
) -> IngestReport:
    """Read a source now, whether it is due or not.

    Raises:
        ConflictError: another process reads it.
        SourceError: it could not be read; what came before is saved.
    """
    store, now = library.store, library.clock.now()
    store.schedule_syncs([plan.name], due=now)
    claim = store.claim_sync(plan.name, now, holder=_holder(), until=now + CLAIM)
    if claim is None:
        raise ConflictError(f"another process reads {plan.name} now: try again when it is done")
    reading = replace(_reading(library, claim, now), since=since, is_full=is_full)
    run = _Run(library, plan, claim, ending=ending or Ending())
    return run.go(reading, progress=progress, chance=chance)


def _reading(library: Library, claim: Sync, now: datetime) -> Reading:
    """Return what a claimed source is to read; what is listed and here it learns when it asks."""
    first, last = now.date() - REMEMBERED, now.date() + timedelta(days=1)
    return Reading(
        cursor=claim.cursor, now=now, holdings=lambda: library.store.listings(first, last)
    )


class _Run:
    """The reading of one claimed source."""

    def __init__(
        self,
        library: Library,
        plan: Plan,
        claim: Sync,
        *,
        ending: Ending,
        is_awaited: Callable[[], bool] = lambda: False,
    ) -> None:
        self._library = library
        self._plan = plan
        self._claim = claim
        self._ending = ending
        self._is_awaited = is_awaited
        self._over = threading.Event()  # this run is to end
        self._is_cancelled = False
        self._error = "stopped"
        self._seen = (plan.meter.requests, plan.meter.bytes)

    def go(self, reading: Reading, *, progress: Told | None = None, chance: Chance) -> IngestReport:
        """Read it, save where it came to, and give the claim back.

        Raises:
            SourceError: it could not be read; what came before is saved.
            ConflictError: the claim was lost to another process.
            StoreError: nothing could be saved.
        """
        pause = timedelta()
        try:
            source = _Bounded(self._plan.open(reading), self._ending.is_over)
            report = self._read(source, progress)
            self._error = ""
            is_done = self._is_cancelled or not source.is_spent
            pause = self._plan.interval if is_done else timedelta()
        except Exception as error:
            is_told = isinstance(error, SourceError)
            self._error = str(error) if is_told else f"{type(error).__name__}: {error}"
            pause = self._pause(error, chance())
            raise
        finally:
            self._give_back(pause)
        return report

    def _read(self, source: _Bounded, progress: Told | None) -> IngestReport:
        """Read to the end, or to where it breaks off: all that it yielded is saved, and where."""
        counts = (0, 0)

        def save(report: IngestReport) -> None:
            nonlocal counts
            counts = (report.read, report.new)
            self._save(source, *counts)
            if progress is not None:
                progress(report)

        try:
            with self._renewed(), self._ending.heeding(self._over):
                report = self._library.ingest(source, progress=save)
        except SourceError:
            self._save(source, *counts)
            raise
        self._save(source, report.read, report.new)
        return report

    def _save(self, source: _Bounded, read: int, new: int) -> None:
        claim, meter, now = self._claim, self._plan.meter, self._library.clock.now()
        told = Progress(
            at=now,
            read=read,
            new=new,
            requests=meter.requests - self._seen[0],
            bytes=meter.bytes - self._seen[1],
        )
        self._seen = (meter.requests, meter.bytes)
        standing = self._library.store.save_cursor(claim.source, claim.holder, source.cursor, told)
        if standing is Standing.LOST:
            raise ConflictError(f"another process has taken {claim.source} over")
        self._heed(standing)
        started = claim.started or now
        if not self._over.is_set() and now - started > SLICE and self._is_awaited():
            self._over.set()

    def _heed(self, standing: Standing) -> None:
        if standing is Standing.CANCELLED:
            self._is_cancelled = True
        if standing is not Standing.HELD:
            self._over.set()

    def _give_back(self, pause: timedelta) -> None:
        claim, now = self._claim, self._library.clock.now()
        with suppress(StoreError):  # then it runs out
            self._library.store.finish_sync(
                claim.source, claim.holder, due=now + pause, at=now, error=self._error
            )

    def _pause(self, error: Exception, chance: float) -> timedelta:
        """Return how long a source rests after a failure: random within a doubling bound."""
        longest = max(LONGEST_PAUSE, self._plan.interval)
        bound = min(FIRST_PAUSE * 2.0 ** min(self._claim.failures, 20), longest)
        asked = (error.retry_after or 0.0) if isinstance(error, RateLimitedError) else 0.0
        return max(bound / 2 + chance * bound / 2, timedelta(seconds=asked))

    @contextmanager
    def _renewed(self) -> Iterator[None]:
        """Renew the claim from a thread of its own, however long one answer takes."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, stop: threading.Event) -> None:
        claim, library = self._claim, self._library
        while not stop.wait(BEAT_S):
            until = library.clock.now() + CLAIM
            try:
                self._heed(library.store.renew_sync(claim.source, claim.holder, until=until))
            except StoreError as error:
                log.warning("claim_not_renewed", source=claim.source, reason=str(error))


class _Bounded:
    """A source that ends, as if it had no more, when its run has asked often enough or is over."""

    def __init__(self, inner: Remote, is_over: Callable[[], bool]) -> None:
        self._inner = inner
        self._is_over = is_over
        self.is_spent = False

    @property
    def name(self) -> str:
        """The source's own."""
        return self._inner.name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The source's own."""
        return self._inner.cursor

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield what there is within this run's means."""
        try:
            for item in self._inner.read():
                yield item
                if self._is_over():
                    self.is_spent = True
                    return
        except BudgetSpentError:
            self.is_spent = True


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
