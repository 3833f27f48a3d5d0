"""Whose turn is it at a site? One request at a time, so far apart, in all jobs and processes.

Each site has a small file under the data folder. Who holds its lock may ask; when it is done it
writes when the next one may, and the time at which it wrote that: a clock that is set back
meanwhile makes no rest longer than it was asked for. One that is set forward ends it. A kill
frees the lock.
"""

from __future__ import annotations

import fcntl
import math
import os
import random
import re
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from broadsheet.errors import RateLimitedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_PAUSE_S = 300.0  # longer waits are left to the schedule
PATIENCE_S = 600.0  # how long another process may keep a site
POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Time and chance, so that tests need neither."""

    now: Callable[[], float] = time.time  # seconds since 1970: shared between processes
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = field(default=random.SystemRandom().random)  # in [0, 1)


@dataclass(frozen=True, slots=True)
class Site:
    """Hosts that count as one, and the time between two requests to them."""

    name: str
    interval_s: float


class Turns:
    """The turns at all sites, kept in one folder."""

    def __init__(self, folder: Path, timing: Timing) -> None:
        self._folder = folder
        self._timing = timing

    @contextmanager
    def turn(self, site: Site) -> Iterator[None]:
        """Wait for one's turn at a site and keep everyone else waiting meanwhile.

        Raises:
            RateLimitedError: the site asked for a longer rest than anyone should wait for.
            UnreachableError: another process kept the site too long.
        """
        with self._locked(site) as handle:
            self._wait(site, self._left(handle))
            try:
                yield
            finally:
                self._put_off(handle, site.interval_s)

    def rest(self, site: Site, seconds: float) -> None:
        """Let nobody ask a site for so long, because it said so."""
        with self._locked(site) as handle:
            self._put_off(handle, seconds)

    def _wait(self, site: Site, left: float) -> None:
        if left > MAX_PAUSE_S:
            raise RateLimitedError(
                f"{site.name} asked for a rest of {left:,.0f} s more", retry_after=left
            )
        if left > 0:
            self._timing.sleep(left)

    @contextmanager
    def _locked(self, site: Site) -> Iterator[int]:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / (re.sub(r"[^a-z0-9.-]+", "_", site.name.lower())[:100] + ".turn")
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._lock(handle, site)
            yield handle
        finally:
            os.close(handle)  # and with it the lock

    def _lock(self, handle: int, site: Site) -> None:
        deadline = self._timing.monotonic() + PATIENCE_S
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if self._timing.monotonic() > deadline:
                raise UnreachableError(f"another process has been asking {site.name} for too long")
            self._timing.sleep(POLL_S)

    def _left(self, handle: int) -> float:
        """Return for how long nobody may ask, in seconds; below 0 where it is over."""
        now = self._timing.now()
        until, noted = _read(handle)
        if now < noted:  # the clock was set back
            until = now + until - noted
            _note(handle, until, now)
        return until - now

    def _put_off(self, handle: int, seconds: float) -> None:
        """Note when the next one may ask, unless a later time is noted."""
        if self._left(handle) < seconds:
            now = self._timing.now()
            _note(handle, now + seconds, now)


def _note(handle: int, until: float, now: float) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{until:.3f} {now:.3f}\n".encode(), 0)


def _read(handle: int) -> tuple[float, float]:
    """Return when the next one may ask and when that was noted; zeros where nothing whole is."""
    try:
        until, noted = map(float, os.pread(handle, 80, 0).split())
    except ValueError:
        return 0.0, 0.0  # new, or a kill in the middle of writing
    return (until, noted) if math.isfinite(until - noted) else (0.0, 0.0)
