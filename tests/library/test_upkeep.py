"""How a source fares, and when its silence is one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.upkeep import Fare, fare, silence, usual_weekdays
from broadsheet.model import Scheduled, Sync
from tests.support import NOON

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
BEGAN = NOON - 60 * DAY
TODAY = NOON.date()  # Wednesday, 4 March 2026


def source(name: str = "https://journal.example/feed", **changes: Any) -> Scheduled:
    """Return a source that was read an hour ago, with nothing wrong."""
    values: dict[str, Any] = {"due": NOON, "entered": BEGAN, "finished": NOON - HOUR}
    values |= {"succeeded": NOON - HOUR, "days": (TODAY,)} | changes
    return Scheduled(sync=Sync(source=name, **values), interval=HOUR, is_in_settings=True)


def weekdays(count: int, last: date, *wanted: int) -> tuple[date, ...]:
    """Return that many days on these weekdays, up to the last one, oldest first."""
    found = (last - n * DAY for n in range(400))
    return tuple(sorted([day for day in found if day.weekday() in wanted][:count]))


@pytest.mark.parametrize(
    ("changes", "kind", "word", "why"),
    [
        pytest.param({"new": 7}, "ok", "synced", "", id="it delivered"),
        pytest.param({}, "ok", "nothing new", "", id="it had nothing new"),
        pytest.param({"finished": None}, "rest", "not read yet", "", id="just added"),
        pytest.param({"is_cancelled": True}, "rest", "cancelled", "goes on", id="cancelled"),
        pytest.param(
            {"holder": "me", "until": NOON + HOUR, "started": NOON - 10 * timedelta(seconds=1)}
            | {"read": 1200, "new": 7},
            *("ok", "being read", "1,200 read, 7 new, 120 a second"),
            id="being read",
        ),
        pytest.param(
            {"holder": "me", "until": NOON + HOUR, "is_cancelled": True},
            *("ok", "ending", "0 read"),
            id="told to end",
        ),
        pytest.param(
            {"holder": "me", "until": NOON - HOUR}, "warn", "broken off", "goes on", id="killed"
        ),
        pytest.param({"is_paused": True, "failures": 9}, "rest", "paused", "resumed", id="paused"),
        pytest.param(
            {"failures": 1, "error": "no route"}, "warn", "tried again", "no route.", id="failed"
        ),
        pytest.param(
            {"failures": 1, "error": "x: it asks to come back in 3,600 s"},
            *("warn", "rate-limited", "3,600 s."),
            id="asked to wait",
        ),
        pytest.param(
            {"failures": 1, "error": "arXiv's listing of 2026-03-04 is due"},
            *("warn", "late", "is due"),
            id="a listing is late",
        ),
        pytest.param(
            {"failures": 3, "error": "404"},
            *("bad", "failing", "Failed 3 times in a row since 4 March: 404."),
            id="failing",
        ),
    ],
)
def test_a_source_fares(changes: dict[str, Any], kind: str, word: str, why: str) -> None:
    """A kind that has a shape, a word, and why."""
    told = fare(source(**changes), NOON)

    assert (told.kind, told.word) == (kind, word)
    assert why in told.why


@pytest.mark.parametrize(
    ("changes", "silent"),
    [
        pytest.param({"days": (TODAY,)}, "", id="it delivered today"),
        pytest.param(
            {"days": weekdays(20, TODAY - DAY, 0, 1, 2, 3, 4)}, "", id="nothing yet today"
        ),
        pytest.param(
            {"days": weekdays(20, TODAY - 2 * DAY, 0, 1, 2, 3, 4)}, "", id="one day missed"
        ),
        pytest.param(
            {"days": weekdays(20, date(2026, 2, 27), 0, 1, 2, 3, 4)},
            "Nothing new came since 27 February; it usually delivers on 5 days a week.",
            id="two days missed",
        ),
        pytest.param(
            {"days": weekdays(8, date(2026, 2, 20), 4)}, "", id="a weekly source missed one"
        ),
        pytest.param(
            {"days": weekdays(8, date(2026, 2, 13), 4)},
            "Nothing new came since 13 February; it usually delivers on Fridays.",
            id="a weekly source missed two",
        ),
        pytest.param(
            {"days": weekdays(20, date(2026, 1, 2), 0, 1, 2, 3, 4)},
            "Nothing new came since 2 January; it usually delivers on 5 days a week.",
            id="silence does not become usual",
        ),
        pytest.param(
            {"days": (date(2026, 1, 2), date(2026, 2, 1))}, "", id="rare, and within its gaps"
        ),
        pytest.param(
            {"days": (date(2025, 11, 2), date(2025, 12, 2))},
            "Nothing new came since 2 December; it was never quiet for longer than 30 days.",
            id="rare, and quiet for too long",
        ),
        pytest.param({"days": (date(2025, 1, 2),)}, "", id="one day is no rhythm"),
        pytest.param(
            {"days": ()}, "It has delivered nothing since it was added on 3 January.", id="never"
        ),
        pytest.param({"days": (), "entered": NOON - 3 * DAY}, "", id="not long enough"),
        pytest.param({"days": (), "delivered": BEGAN}, "", id="it did before days were kept"),
        pytest.param({"days": (), "finished": None}, "", id="not read yet"),
        pytest.param({"days": (), "is_paused": True}, "", id="paused"),
    ],
)
def test_silence_is_told_by_a_sources_own_past(changes: dict[str, Any], silent: str) -> None:
    """Neither a holiday nor a quiet journal is an alarm; a feed that died is."""
    one = source(**changes)

    assert silence(one, NOON) == silent
    assert (fare(one, NOON).word == "silent") == bool(silent)


@pytest.mark.parametrize("name", ["arxiv", "arxiv-oai"])
@pytest.mark.parametrize(
    ("last", "now", "missed"),
    [
        pytest.param(date(2026, 3, 3), NOON, 0, id="one listing missed"),
        pytest.param(date(2026, 3, 2), NOON, 2, id="two listings missed"),
        pytest.param(
            date(2026, 2, 27), datetime(2026, 3, 2, 7, tzinfo=UTC), 0, id="over a week-end"
        ),
        pytest.param(
            date(2026, 11, 25), datetime(2026, 11, 28, 12, tzinfo=UTC), 0, id="Thanksgiving"
        ),
    ],
)
def test_arxiv_is_silent_by_its_calendar(name: str, last: date, now: datetime, missed: int) -> None:
    """Its week-ends and holidays are known, so two listings without anything are enough."""
    told = silence(source(name, days=(last,)), now)

    expected = f"Nothing new came since {last.day} March, though arXiv listed papers on {missed}"
    assert told == (f"{expected} days." if missed else "")


@given(st.sets(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=60), st.integers(0, 4000))
def test_no_past_breaks_the_rule(days: set[date], later: int) -> None:
    """Whatever a store holds, the page is drawn."""
    kept = tuple(sorted(days))
    now = datetime(2030, 1, 1, tzinfo=UTC) + later * DAY

    told = fare(source(days=kept), now)

    assert isinstance(told, Fare)
    assert (told.why == "") == (told.word != "silent")
    assert usual_weekdays(kept) <= frozenset(range(7))
