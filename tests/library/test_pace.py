from __future__ import annotations

from datetime import UTC, datetime, timedelta

from broadsheet.library.pace import Pace

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


def seconds(count: float) -> datetime:
    """Return a moment so many seconds after the start."""
    return START + timedelta(seconds=count)


def test_a_pace_is_what_was_done_over_the_time_it_took() -> None:
    """Ten steps of 32 papers, one a second."""
    pace = Pace()
    for second in range(11):
        pace.note(seconds(second), 32)

    assert pace.per_second(seconds(10)) == 32


def test_only_the_last_minutes_count() -> None:
    """It was slow for an hour, and is quick now."""
    pace = Pace()
    for second in range(0, 3600, 30):
        pace.note(seconds(second), 30)
    for second in range(3600, 3730, 10):
        pace.note(seconds(second), 100)

    assert pace.per_second(seconds(3721)) == 10


def test_nothing_done_is_no_pace() -> None:
    """Before the first end of a step, after a rest, and when the clock stands still."""
    pace = Pace()
    assert pace.per_second(START) == 0
    pace.note(START, 5)
    assert pace.per_second(START) == 0
    pace.note(START, 5)
    assert pace.per_second(START) == 0
    pace.note(seconds(2), 8)
    assert pace.per_second(seconds(3)) > 0
    assert pace.per_second(seconds(100)) == 0
