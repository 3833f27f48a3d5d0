"""Time that passes only when somebody sleeps."""

from __future__ import annotations

from broadsheet.sources._turns import Timing


class FakeTime:
    """A clock that sleeping moves; it remembers how long was slept."""

    def __init__(self, now: float = 1_772_600_000.0) -> None:
        self.now = now
        self.slept: list[float] = []
        self.timing = Timing(
            now=lambda: self.now,
            monotonic=lambda: self.now,
            sleep=self.sleep,
            random=lambda: 0.5,
        )

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds
