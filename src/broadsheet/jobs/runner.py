"""Jobs in threads: each runs while it has work, sleeps when it has none, and never ends another."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

log = structlog.get_logger(__name__)

IDLE_S = 0.5  # between two looks for work
FIRST_PAUSE_S = 1.0  # after a failure; doubled by each further one in a row
LONGEST_PAUSE_S = 300.0
NICEST = 19  # the lowest priority there is
JOIN_S = 10.0  # how long a stop waits for a job's step to end


class Job(Protocol):
    """Something that happens by itself."""

    def run_once(self) -> bool:
        """Do one small step; return False when there is nothing to do."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """How one job fares."""

    name: str
    is_running: bool = False  # its thread is alive
    steps: int = 0  # that did something
    failures: int = 0  # in a row
    error: str = ""  # of the last failure; "" after a success
    failed: datetime | None = None  # when that was, UTC


class Runner:
    """Runs jobs, one thread each, until told to stop."""

    def __init__(
        self,
        jobs: Mapping[str, Job],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        idle_s: float = IDLE_S,
        first_pause_s: float = FIRST_PAUSE_S,
        last: Collection[str] = (),
    ) -> None:
        """Take over the jobs.

        Args:
            jobs: By name.
            now: What time it is.
            idle_s: Between two looks for work.
            first_pause_s: After a failure.
            last: Those that give way to all others; only Linux has priorities per thread.
        """
        self._jobs = dict(jobs)
        self._last = frozenset(last)
        self._now = now
        self._idle_s = idle_s
        self._first_pause_s = first_pause_s
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._status = {name: JobStatus(name=name) for name in self._jobs}
        self._threads: dict[str, threading.Thread] = {}

    def start(self) -> None:
        """Start all jobs; a second call starts those that are not running."""
        self._stop.clear()
        for name, job in self._jobs.items():
            running = self._threads.get(name)
            if running is None or not running.is_alive():
                thread = threading.Thread(
                    target=self._run, args=(name, job), name=f"job-{name}", daemon=True
                )
                self._threads[name] = thread
                thread.start()

    def stop(self, *, timeout_s: float = JOIN_S) -> bool:
        """Ask all jobs to end after their present step; tell whether all did within the time."""
        self._stop.set()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in self._threads.values() if thread.is_alive()]
        if late:
            log.warning("jobs_still_running", jobs=late)
        return not late

    def status(self) -> list[JobStatus]:
        """Return how each job fares, in the order they were given."""
        with self._lock:
            return [
                replace(told, is_running=self._is_alive(name))
                for name, told in self._status.items()
            ]

    def _is_alive(self, name: str) -> bool:
        thread = self._threads.get(name)
        return thread is not None and thread.is_alive()

    def _run(self, name: str, job: Job) -> None:
        if name in self._last and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICEST)
        while not self._stop.is_set():
            try:
                has_worked = job.run_once()
            except Exception as error:  # noqa: BLE001  # whatever it is, the next step may succeed
                self._stop.wait(self._note_failure(name, error))
            else:
                self._note_success(name, has_worked=has_worked)
                if not has_worked:
                    self._stop.wait(self._idle_s)

    def _note_success(self, name: str, *, has_worked: bool) -> None:
        with self._lock:
            told = self._status[name]
            self._status[name] = replace(told, steps=told.steps + has_worked, failures=0, error="")

    def _note_failure(self, name: str, error: Exception) -> float:
        """Remember and log a failure; return how long to pause, in seconds."""
        with self._lock:
            told = self._status[name]
            failures = told.failures + 1
            message = f"{type(error).__name__}: {error}"
            self._status[name] = replace(told, failures=failures, error=message, failed=self._now())
        pause = min(LONGEST_PAUSE_S, self._first_pause_s * 2.0 ** min(failures - 1, 20))
        log.error("job_failed", job=name, failures=failures, pause_s=pause, exc_info=error)
        return pause
