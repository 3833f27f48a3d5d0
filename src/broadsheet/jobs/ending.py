"""How does a run end before its time? By an event that readings and waits look at."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from broadsheet.errors import BudgetSpentError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_S = 1.0  # between two looks while waiting


class Ending:
    """Whether the whole program ends, and whether the run of this thread is to end."""

    def __init__(self) -> None:
        self._program = threading.Event()
        self._local = threading.local()

    def end(self) -> None:
        """End all runs as soon as what they have is saved."""
        self._program.set()

    @property
    def is_program_over(self) -> bool:
        """Tell whether all runs are to end."""
        return self._program.is_set()

    @contextmanager
    def heeding(self, run: threading.Event) -> Iterator[None]:
        """Let the waits of this thread end by this event too."""
        self._local.run = run
        try:
            yield
        finally:
            self._local.run = None

    def is_over(self) -> bool:
        """Tell whether the run of this thread is to end."""
        run: threading.Event | None = getattr(self._local, "run", None)
        return self._program.is_set() or (run is not None and run.is_set())

    def wait(self, seconds: float) -> None:
        """Sleep, unless the run is to end meanwhile.

        Raises:
            BudgetSpentError: it is.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            self._program.wait(max(0.0, min(left, LOOK_S)))
            if self.is_over():
                raise BudgetSpentError("this run ends before its time")
            if left <= LOOK_S:
                return
