"""What was just worked out, and need not be again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import datetime

T = TypeVar("T")

SIZE = 128  # answers; an order of a month's 5,000 papers takes half a megabyte
LIFE = timedelta(seconds=60)
"""Heat cools by itself, and hardly in that time."""


class Memo:
    """Keeps the newest answers for a minute; safe to share between threads.

    Two threads that ask for the same at once may both work it out: nobody waits for a lock.
    """

    def __init__(self, *, size: int = SIZE, life: timedelta = LIFE) -> None:
        self._size = size
        self._life = life
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[object, datetime, Any]] = OrderedDict()

    def get(self, name: Hashable, make: Callable[[], T], /, *, state: object, now: datetime) -> T:
        """Return the kept answer, or make it.

        Args:
            name: What was asked.
            make: Works out the answer.
            state: An answer made in another state is none.
            now: An answer made more than a minute before, or after, is none either.
        """
        with self._lock:
            kept = self._answers.get(name)
            if kept and kept[0] == state and timedelta() <= now - kept[1] <= self._life:
                self._answers.move_to_end(name)
                found: T = kept[2]
                return found
        answer = make()
        with self._lock:
            self._answers[name] = (state, now, answer)
            self._answers.move_to_end(name)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)
        return answer
