"""What every SyncStore promises about the schedule and its claims."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import NotFoundError
from broadsheet.model import Sync
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

    assert store.syncs() == [Sync(source="arxiv", due=NOON)]


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
    store.save_cursor("arxiv", "dead", {"page": 7})

    heir = claim(store, holder="heir", at=2 * MINUTE)

    assert (heir.holder, heir.cursor) == ("heir", {"page": 7})
    assert not store.renew_sync("arxiv", "dead", until=NOON + 9 * MINUTE)
    assert not store.save_cursor("arxiv", "dead", {"page": 1})
    assert not store.finish_sync("arxiv", "dead", due=NOON, at=NOON, error="")
    assert store.syncs()[0].cursor == {"page": 7}


def test_a_renewed_claim_lives(store: SqlStore) -> None:
    """A long reading keeps its source."""
    store.schedule_syncs(["arxiv"], due=NOON)
    claim(store)

    assert store.renew_sync("arxiv", "me", until=NOON + 9 * MINUTE)

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

    assert store.save_cursor("arxiv", "me", cursor)

    assert store.syncs()[0].cursor == cursor


def test_claiming_what_is_not_scheduled_says_so(store: SqlStore) -> None:
    """Busy and unknown are different answers."""
    with pytest.raises(NotFoundError, match="no source nothing"):
        store.claim_sync("nothing", NOON, holder="me", until=NOON)
