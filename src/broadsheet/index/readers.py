"""Does anybody wait for an answer just now? Any process may say so, any may ask.

A shared lock on an empty file says it, so that a process that dies waits for nothing any more.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from broadsheet.index.disk import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READERS_FILE = "readers"
TRIES = 100  # at a lock that one who asks holds for some microseconds; no answer waits for it


class Readers:
    """Those who wait for an answer of one index folder. Safe to share between threads.

    Nothing depends on it: where the file cannot be opened, nobody waits.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / READERS_FILE
        self._lock = threading.Lock()
        self._waiting = 0  # in this process
        self._handle: int | None = None  # while there are any

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Say that somebody waits, until the block ends."""
        with self._lock:
            self._waiting += 1
            if self._waiting == 1:
                self._handle = self._shared()
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting and self._handle is not None:
                    os.close(self._handle)  # and with it the lock
                    self._handle = None

    def are_waiting(self) -> bool:
        """Tell whether anybody waits, in any process."""
        if self._waiting:
            return True
        whole = ProcessLock(self._path)
        try:
            return not whole.try_take()
        except OSError:
            return False
        finally:
            whole.release()

    def _shared(self) -> int | None:
        """Return a file that shares the lock; None, or without it, where that cannot be."""
        handle = None
        with suppress(OSError):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            for _ in range(TRIES):
                with suppress(BlockingIOError):
                    fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    break
        return handle
