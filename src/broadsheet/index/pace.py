"""How fast does an encoder come forward? What it did lately, in a file for whoever asks."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACE_FILE = "pace.json"
SPAN_S = 120.0  # looked back: long enough to be calm, short enough to be true
IDLE_S = 60.0  # without a step there is no pace

Step = tuple[float, int]  # when, in seconds since 1970, and how many


class Pace:
    """Vectors made lately, by encoder. The writer counts, any process may ask.

    Nothing depends on it: a file that cannot be written or read tells nothing. A clock that is
    set back begins the count anew.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path = folder / PACE_FILE
        self._now = now

    def note(self, encoder: str, done: int) -> None:
        """Count vectors that an encoder made just now."""
        now = self._now()
        told = {
            name: [(at, count) for at, count in steps if 0 <= now - at <= SPAN_S]
            for name, steps in self._told().items()
        }
        told.setdefault(encoder, []).append((now, done))
        draft = self._path.with_suffix(".part")
        with suppress(OSError):
            draft.write_text(json.dumps({name: steps for name, steps in told.items() if steps}))
            draft.replace(self._path)

    def per_second(self, encoder: str) -> float:
        """Return an encoder's vectors per second over two minutes; 0 when nothing goes on.

        The first step only says when the count began.
        """
        steps = self._told().get(encoder, [])
        if len(steps) < 2 or self._now() - steps[-1][0] > IDLE_S:  # noqa: PLR2004  # begin and end
            return 0.0
        seconds = steps[-1][0] - steps[0][0]
        return sum(done for _, done in steps[1:]) / seconds if seconds > 0 else 0.0

    def _told(self) -> dict[str, list[Step]]:
        try:
            told = json.loads(self._path.read_bytes())
            return {
                str(name): [(float(at), int(done)) for at, done in steps]
                for name, steps in told.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):  # none yet, or damaged
            return {}
