"""What every SyncStore promises about the schedule and its claims."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import NotFoundError
from broadsheet.model import Progress, Standing, Sync
from broadsheet.model.sync import KEPT_DAYS
from tests.support import NOON

if TYPE_CHECKING:
    from broadsheet.store import SqlStore

MINUTE = timedelta(minutes=1)


def claim(store: SqlStore, *sources: str, holder: str = "me", at: timedelta = MINUTE) -> Sync:
    """Claim what must be due so long after noon, for a minute."""
    now = NOON + at
    found = store.claim_due_sync(sources or ["arxiv"], now, holder=holder, until=now + MINUTE)
    assert found is not None
    return found


def test_a_new_source_is_due_at_once_and_starts_from_nothing(store: SqlStore) -> None:
    """What it may hold is in its cursor, which is empty."""
    store.schedule_syncs(["arxiv"], due=NOON)

    assert store.syncs() == [Sync(source="arxiv", due=NOON, entered=NOON)]


def test_scheduling_again_changes_nothing(store: SqlStore) -> None:
    """Every start of the program names its sources."""
    store.schedule_syncs(["arxiv"], due=NOON)

    store.schedule_syncs(["arxiv", "daily"], due=NOON + MINUTE)

    assert [(one.source, one.due) for one in store.syncs()] == [
        ("arxiv", NOON),
        ("daily", NOON + MINUTE),
    ]


def test_the_source_that_waited_longest_comes_first(store: SqlStore) -> None:
    """One busy source must not starve the others."""
    store.schedule_syncs(["young"], due=NOON)
    store.schedule_syncs(["old"], due=NOON - MINUTE)

    assert [claim(store, "young", "old").source for _ in range(2)] == ["old", "young"]


def test_only_sources_that_were_named_are_claimed(store: SqlStore) -> None:
    """One that was taken out of the settings keeps its cursor and rests."""
    store.schedule_syncs(["arxiv", "gone"], due=NOON)
    now = NOON + MINUTE

    assert store.claim_due_sync(["other"], now, holder="me", until=now) is None
    assert claim(store, "arxiv", "other").source == "arxiv"


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        pytest.param(NOON - MINUTE, True, id="overdue"),
        pytest.param(NOON, True, id="due now"),
        pytest.param(NOON + MINUTE, False, id="not due"),
    ],
)
def test_what_is_due_is_claimed(store: SqlStore, due: object, *, expected: bool) -> None:
    """A moment too early is too early."""
    store.schedule_syncs(["arxiv"], due=due)  # type: ignore[arg-type]  # a parameter

    found = store.claim_due_sync(["arxiv"], NOON, holder="me", until=NOON + MINUTE)

    assert (found is not None) == expected


def test_a_source_is_read_by_one_at_a_time(store: SqlStore) -> None:
    """Not by the schedule and not on demand."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)

    now = NOON + 1.5 * MINUTE
    assert store.claim_due_sync(["arxiv"], now, holder="you", until=now) is None
    assert store.claim_sync("arxiv", now, holder="you", until=now) is None


def test_of_many_threads_one_wins(store: SqlStore) -> None:
    """Compare and set, on both databases."""
    store.schedule_syncs(["arxiv"], due=NOON)
    won: list[str] = []
    barrier = threading.Barrier(4)

    def work(me: str) -> None:
        barrier.wait()
        if store.claim_due_sync(["arxiv"], NOON, holder=me, until=NOON + MINUTE):
            won.append(me)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert [one.holder for one in store.syncs()] == won


def test_the_claim_of_the_dead_expires(store: SqlStore) -> None:
    """A process that was killed never gives back; its cursor is there for the next."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store, holder="dead")
    store.save_cursor("arxiv", "dead", {"page": 7}, Progress(at=NOON))

    heir = claim(store, holder="heir", at=2 * MINUTE)

    assert (heir.holder, heir.cursor) == ("heir", {"page": 7})
    assert store.renew_sync("arxiv", "dead", until=NOON + 9 * MINUTE) is Standing.LOST
    assert store.save_cursor("arxiv", "dead", {"page": 1}, Progress(at=NOON)) is Standing.LOST
    assert not store.finish_sync("arxiv", "dead", due=NOON, at=NOON, error="")
    assert store.syncs()[0].cursor == {"page": 7}


def test_a_renewed_claim_lives(store: SqlStore) -> None:
    """A long reading keeps its source."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)

    assert store.renew_sync("arxiv", "me", until=NOON + 9 * MINUTE) is Standing.HELD

    now = NOON + 3 * MINUTE
    assert store.claim_due_sync(["arxiv"], now, holder="you", until=now) is None


def test_failures_are_counted_and_cleared(store: SqlStore) -> None:
    """Back-off needs their number; the page shows the last error."""
    store.schedule_syncs(["arxiv"], due=NOON)
    seen = []
    for error in ("no route", "no route", ""):
        store.claim_sync("arxiv", NOON, holder="me", until=NOON + MINUTE)
        assert store.finish_sync("arxiv", "me", due=NOON + MINUTE, at=NOON, error=error)
        one = store.syncs()[0]
        seen.append((one.failures, one.error, one.holder, one.until, one.due, one.finished))

    assert seen == [
        (1, "no route", "", None, NOON + MINUTE, NOON),
        (2, "no route", "", None, NOON + MINUTE, NOON),
        (0, "", "", None, NOON + MINUTE, NOON),
    ]


def test_a_cursor_holds_what_json_holds(store: SqlStore) -> None:
    """Tokens are opaque: quotes, emoji, nested objects."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)
    cursor = {"token": "496549|95001 \"'🗞️", "sets": {"cs:cs:AI": {"from": "2026-03-04"}}, "n": 3}

    assert store.save_cursor("arxiv", "me", cursor, Progress(at=NOON)) is Standing.HELD

    assert store.syncs()[0].cursor == cursor


def test_claiming_what_is_not_scheduled_says_so(store: SqlStore) -> None:
    """Busy and unknown are different answers."""
    with pytest.raises(NotFoundError, match="no source nothing"):
        store.claim_sync("nothing", NOON, holder="me", until=NOON)


# --- how a run goes ---


def one(store: SqlStore) -> Sync:
    """Return the only source of the schedule."""
    (found,) = store.syncs()
    return found


def test_a_run_tells_how_far_it_has_come(store: SqlStore) -> None:
    """Counts are of this run, requests and bytes of all runs; a claim begins from nothing."""
    store.schedule_syncs(["arxiv"], due=NOON)
    for _ in range(2):
        started = claim(store).started
        assert (one(store).read, one(store).new) == (0, 0)
        store.save_cursor("arxiv", "me", {}, Progress(at=NOON, read=500, new=3, requests=2))
        store.save_cursor("arxiv", "me", {}, Progress(at=NOON, read=700, new=3, bytes=9))
        store.finish_sync("arxiv", "me", due=NOON, at=NOON, error="")

    found = one(store)
    assert started == NOON + MINUTE
    assert (found.read, found.new, found.requests, found.bytes) == (700, 3, 4, 18)


def test_days_with_something_new_are_remembered(store: SqlStore) -> None:
    """They are the rhythm of a source: once each, the newest only, none where nothing was new."""
    store.schedule_syncs(["arxiv"], due=NOON)
    for day in range(KEPT_DAYS + 5):
        at = NOON + timedelta(days=day)
        claim(store, at=timedelta(days=day))
        store.save_cursor("arxiv", "me", {}, Progress(at=at, read=9, new=day % 2))
        store.save_cursor("arxiv", "me", {}, Progress(at=at, read=9, new=2 * (day % 2)))
        store.finish_sync("arxiv", "me", due=NOON, at=at, error="")

    found = one(store)
    fresh = [(NOON + timedelta(days=day)).date() for day in range(1, KEPT_DAYS + 5, 2)]
    assert found.days == tuple(fresh[-KEPT_DAYS:])
    assert found.delivered == NOON + timedelta(days=KEPT_DAYS + 3)
    assert found.succeeded == NOON + timedelta(days=KEPT_DAYS + 4)


def test_a_failure_is_no_success(store: SqlStore) -> None:
    """Since when it fails is told by its last success."""
    store.schedule_syncs(["arxiv"], due=NOON)
    for at, error in ((NOON, ""), (NOON + MINUTE, "no route")):
        store.claim_sync("arxiv", at, holder="me", until=at + MINUTE)
        store.finish_sync("arxiv", "me", due=NOON, at=at, error=error)

    assert (one(store).succeeded, one(store).finished) == (NOON, NOON + MINUTE)


# --- what the administrator wants ---


def test_a_run_is_told_to_end(store: SqlStore) -> None:
    """At its next batch or its next renewal; the next run is a fresh one."""
    store.schedule_syncs(["arxiv"], due=NOON)
    assert not store.cancel_sync("arxiv")
    claim(store)

    assert store.cancel_sync("arxiv")

    until = NOON + 2 * MINUTE
    assert store.renew_sync("arxiv", "me", until=until) is Standing.CANCELLED
    assert store.save_cursor("arxiv", "me", {}, Progress(at=NOON)) is Standing.CANCELLED
    assert store.finish_sync("arxiv", "me", due=NOON, at=NOON, error="")
    assert (one(store).is_cancelled, one(store).succeeded) == (True, None)
    claim(store)
    assert not one(store).is_cancelled


def test_a_paused_source_is_not_due_and_its_run_ends(store: SqlStore) -> None:
    """On demand it can still be read."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)
    assert store.pause_sync("arxiv")
    assert store.renew_sync("arxiv", "me", until=NOON + MINUTE) is Standing.CANCELLED
    store.finish_sync("arxiv", "me", due=NOON, at=NOON, error="")
    now = NOON + MINUTE

    assert not store.pause_sync("arxiv")
    assert store.claim_due_sync(["arxiv"], now, holder="me", until=now) is None
    assert store.claim_sync("arxiv", now, holder="me", until=now) is not None
    store.finish_sync("arxiv", "me", due=NOON, at=NOON, error="")
    assert store.resume_sync("arxiv")
    assert not store.resume_sync("arxiv")
    assert claim(store).source == "arxiv"


def test_a_source_is_added_and_removed(store: SqlStore) -> None:
    """Those of the settings stay; a run of one that is removed loses its claim."""
    store.schedule_syncs(["arxiv"], due=NOON)

    assert store.add_sync("daily", due=NOON, interval=timedelta(hours=2))
    assert not store.add_sync("daily", due=NOON, interval=None)
    assert [(s.source, s.is_added, s.interval) for s in store.syncs()] == [
        ("arxiv", False, None),
        ("daily", True, timedelta(hours=2)),
    ]
    claim(store, "daily")
    assert not store.remove_sync("arxiv")
    assert store.remove_sync("daily")
    assert store.save_cursor("daily", "me", {}, Progress(at=NOON)) is Standing.LOST
    assert [s.source for s in store.syncs()] == ["arxiv"]


def test_a_shorter_interval_counts_from_the_last_run(store: SqlStore) -> None:
    """Who chooses an hour does not wait out the week that was set before."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)
    store.finish_sync("arxiv", "me", due=NOON + timedelta(days=7), at=NOON, error="")

    assert store.set_sync_interval("arxiv", timedelta(hours=1))

    assert (one(store).due, one(store).interval) == (
        NOON + timedelta(hours=1),
        timedelta(hours=1),
    )
    assert store.set_sync_interval("arxiv", None)
    assert one(store).interval is None
    assert not store.set_sync_interval("nothing", None)


def test_a_source_is_made_due_unless_it_is_read(store: SqlStore) -> None:
    """Read it now."""
    store.schedule_syncs(["arxiv"], due=NOON + timedelta(days=1))

    assert store.hasten_sync("arxiv", due=NOON)
    assert claim(store).source == "arxiv"
    assert not store.hasten_sync("arxiv", due=NOON)


# --- clocks that were wrong ---


def test_a_clock_that_was_years_ahead_stops_nothing_for_years(store: SqlStore) -> None:
    """A laptop whose battery was empty starts in 2035, then learns what day it is."""
    wrong = NOON + timedelta(days=3_000)
    store.schedule_syncs(["arxiv"], due=wrong)

    assert claim(store).source == "arxiv"
    assert store.renew_sync("arxiv", "me", until=wrong) is Standing.HELD  # then it was killed
    assert claim(store, holder="heir", at=3 * MINUTE).holder == "heir"


def test_a_long_pause_is_no_wrong_clock(store: SqlStore) -> None:
    """A week is the longest interval, a day the longest Retry-After."""
    store.schedule_syncs(["arxiv"], due=NOON + timedelta(days=8))

    assert store.claim_due_sync(["arxiv"], NOON, holder="me", until=NOON + MINUTE) is None


def test_a_clock_that_is_set_back_does_not_share_a_claim(store: SqlStore) -> None:
    """Summer time done by hand: an hour back, the claim still stands."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)
    back = NOON - timedelta(minutes=58)

    assert store.claim_sync("arxiv", back, holder="you", until=back + MINUTE) is None
