"""Does anybody wait for an answer just now? Any process may say so, any may ask.

A shared lock on an empty file says it, so that a process that dies waits for nothing any more.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

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
        self._handle: int | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Say that somebody waits, until the block ends."""
        with self._lock:
            self._waiting += 1
            if self._waiting == 1:
                self._say_so()
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting and self._handle is not None:
                    with suppress(OSError):
                        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def are_waiting(self) -> bool:
        """Tell whether anybody waits, in any process."""
        if self._waiting:
            return True
        with suppress(OSError):
            handle = self._opened()
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(handle)  # and with it the lock
        return False

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
            self._handle = None

    def _say_so(self) -> None:
        with suppress(OSError):
            if self._handle is None:
                self._handle = self._opened()
            for _ in range(TRIES):
                with suppress(BlockingIOError):
                    fcntl.flock(self._handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return

    def _opened(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
