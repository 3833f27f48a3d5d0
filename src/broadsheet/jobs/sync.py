"""Sources on the network are read by themselves, each when it is due, by one process at a time.

A claim in the store keeps others away and is renewed while the reading goes on; that of a
process that was killed runs out. After every batch that is saved the source's cursor is saved
too: a run that breaks off goes on from there. A source that fails is tried again later and
later; it stops no other.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
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
from broadsheet.sources._turns import Timing
from broadsheet.sources.network import Plan, Reading, plans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from broadsheet.library import Library
    from broadsheet.model import Fault, IngestReport, Observation, Record, Sync
    from broadsheet.ports import Remote

    Progress = Callable[[IngestReport], None]

log = structlog.get_logger(__name__)

CLAIM = timedelta(minutes=2)  # a killed process keeps a source for so long
BEAT_S = 30.0  # between two renewals of a claim
FIRST_PAUSE = timedelta(minutes=5)  # after a failure; doubled by each further one in a row
LONGEST_PAUSE = timedelta(hours=6)


Chance = Callable[[], float]
"""Returns a number in [0, 1)."""

_CHANCE: Chance = random.SystemRandom().random


class SyncJob:
    """Reads the sources of the settings, one that is due at a time."""

    def __init__(
        self,
        library: Library,
        sources: Mapping[str, Plan] | None = None,
        *,
        chance: Chance = _CHANCE,
    ) -> None:
        self._library = library
        self._stopped = threading.Event()
        if sources is None:
            sources = plans(library.settings, timing=Timing(sleep=self._wait))
        self._plans = sources
        self._chance = chance
        self._holder = _holder()
        self._is_scheduled = False

    def stop(self) -> None:
        """End the reading that goes on as soon as what it has is saved; the next one goes on."""
        self._stopped.set()

    def _wait(self, seconds: float) -> None:
        """Sleep, unless the program ends meanwhile.

        Raises:
            BudgetSpentError: it does.
        """
        if self._stopped.wait(seconds):
            raise BudgetSpentError("the program ends")

    def run_once(self) -> bool:
        """Read one source that is due; return False when there is none.

        A source that fails is tried again later; that is no failure of the job.
        """
        if not self._plans:
            return False
        store, now = self._library.store, self._library.clock.now()
        if not self._is_scheduled:
            store.schedule_syncs(self._plans, due=now)
            self._is_scheduled = True
        claim = store.claim_due_sync(self._plans, now, holder=self._holder, until=now + CLAIM)
        if claim is None:
            return False
        plan = self._plans[claim.source]
        try:
            _Run(self._library, plan, claim, is_over=self._stopped.is_set).go(
                Reading(cursor=claim.cursor, now=now), chance=self._chance
            )
        except SourceError as error:
            log.warning("source_failed", source=claim.source, reason=str(error))
        return True


def sync(  # what a command line says
    library: Library,
    plan: Plan,
    *,
    since: date | None = None,
    is_full: bool = False,
    progress: Progress | None = None,
    chance: Chance = _CHANCE,
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
    reading = Reading(cursor=claim.cursor, now=now, since=since, is_full=is_full)
    return _Run(library, plan, claim).go(reading, progress=progress, chance=chance)


class _Run:
    """The reading of one claimed source."""

    def __init__(
        self,
        library: Library,
        plan: Plan,
        claim: Sync,
        *,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_over = is_over
        self._library = library
        self._plan = plan
        self._claim = claim
        self._error = "stopped"

    def go(
        self, reading: Reading, *, progress: Progress | None = None, chance: Chance
    ) -> IngestReport:
        """Read it, save where it came to, and give the claim back.

        Raises:
            SourceError: it could not be read; what came before is saved.
            ConflictError: the claim was lost to another process.
            StoreError: nothing could be saved.
        """
        source = _Bounded(self._plan.open(reading), self._is_over)
        pause = timedelta()

        def save(report: IngestReport) -> None:
            self._save_cursor(source)
            if progress is not None:
                progress(report)

        try:
            with self._renewed():
                report = self._library.ingest(source, progress=save)
            self._save_cursor(source)
            self._error = ""
            pause = timedelta() if source.is_spent else self._plan.interval
        except SourceError as error:
            self._save_cursor(source)  # all that it yielded is saved
            self._error = str(error)
            pause = self._pause(error, chance())
            raise
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
            pause = self._pause(error, chance())
            raise
        finally:
            self._give_back(pause)
        return report

    def _save_cursor(self, source: _Bounded) -> None:
        claim = self._claim
        if not self._library.store.save_cursor(claim.source, claim.holder, source.cursor):
            raise ConflictError(f"another process has taken {claim.source} over")

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
                library.store.renew_sync(claim.source, claim.holder, until=until)
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

    def read(self) -> Iterator[Record | Observation | Fault]:
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
