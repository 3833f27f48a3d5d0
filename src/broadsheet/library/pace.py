"""How fast is work that goes on in the background, and when will it be done?"""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SPAN = timedelta(minutes=2)  # looked back: long enough to be calm, short enough to be true
IDLE = timedelta(minutes=1)  # without a step there is no pace


class Pace:
    """Counts what was done lately. Safe to share between threads."""

    def __init__(self) -> None:
        self._steps: deque[tuple[datetime, int]] = deque()
        self._lock = threading.Lock()

    def note(self, at: datetime, done: int) -> None:
        """Count ``done`` pieces that were ready at this moment."""
        with self._lock:
            self._steps.append((at, done))
            while self._steps and at - self._steps[0][0] > SPAN:
                self._steps.popleft()

    def per_second(self, now: datetime) -> float:
        """Return pieces per second over the last two minutes; 0 when nothing goes on.

        The first step only says when the count began.
        """
        with self._lock:
            steps = list(self._steps)
        if len(steps) < 2 or now - steps[-1][0] > IDLE:  # noqa: PLR2004  # a beginning and an end
            return 0.0
        seconds = (steps[-1][0] - steps[0][0]).total_seconds()
        return sum(done for _, done in steps[1:]) / seconds if seconds > 0 else 0.0
