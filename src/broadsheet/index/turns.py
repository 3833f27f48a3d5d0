"""Many readers or one writer."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turns:
    """A lock that any number of readers share, and that a writer has alone.

    A waiting writer goes before new readers, so that searches cannot starve indexing.
    Not reentrant: a thread that reads must not ask again.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._readers = 0
        self._waiting_writers = 0
        self._is_written = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Share the lock with other readers."""
        with self._condition:
            while self._is_written or self._waiting_writers:
                self._condition.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._condition:
                self._readers -= 1
                if not self._readers:
                    self._condition.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Have the lock alone."""
        with self._condition:
            self._waiting_writers += 1
            while self._is_written or self._readers:
                self._condition.wait()
            self._waiting_writers -= 1
            self._is_written = True
        try:
            yield
        finally:
            with self._condition:
                self._is_written = False
                self._condition.notify_all()
