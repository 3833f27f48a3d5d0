"""What every SubscriptionStore promises about subscriptions, claims and the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.errors import NotFoundError
from broadsheet.model import Delivery, Digest, Period, Subscription, SubscriptionState
from tests.support import NOON
from tests.support_papers import paper, paper_write, save, save_papers

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.store import SqlStore

DAY = timedelta(days=1)


def tomorrow(subscription: Subscription) -> datetime:
    """Return the due time after this one."""
    assert subscription.due is not None
    return subscription.due + DAY


WISHES: dict[str, Any] = {"period": Period.DAY, "hour": 7, "timezone": "UTC"}


def subscribe(store: SqlStore, email: str = "ada@example.org", **wishes: Any) -> Subscription:
    """Ask for a daily digest at 7 UTC, unless wished otherwise."""
    return store.subscribe(email, **({"at": NOON} | WISHES | wishes))


def active(store: SqlStore, email: str = "ada@example.org") -> Subscription:
    """Return an active subscription that is due at noon."""
    key = subscribe(store, email).key
    store.activate(key, due=NOON, **WISHES)
    found = store.subscription(key)
    assert found is not None
    return found


def claim(store: SqlStore, now: datetime = NOON) -> Digest:
    """Claim the digest that must be due."""
    digest = store.claim_due_digest(now, next_due=tomorrow)
    assert digest is not None
    return digest


def test_a_subscription_waits_to_be_confirmed(store: SqlStore) -> None:
    """Nobody gets mail who did not confirm the address."""
    made = subscribe(store, period=Period.WEEK, hour=9, timezone="Europe/Berlin")

    assert made == Subscription(
        key=made.key,
        email="ada@example.org",
        period=Period.WEEK,
        hour=9,
        timezone="Europe/Berlin",
        state=SubscriptionState.PENDING,
        created=NOON,
        due=None,
    )
    assert store.claim_due_digest(NOON + 9 * DAY, next_due=tomorrow) is None
    assert store.subscriptions() == [made]
    assert store.subscription(made.key) == made
    assert store.subscription(made.key + 1) is None


def test_one_address_has_one_subscription(store: SqlStore) -> None:
    """However it is typed; the first spelling stays."""
    first = subscribe(store, "Ada@Example.org")
    second = subscribe(store, "ada@example.ORG", at=NOON + DAY)

    assert first == second


def test_a_pending_one_takes_new_wishes(store: SqlStore) -> None:
    """Who mistyped the hour asks again, then confirms."""
    subscribe(store)

    again = subscribe(store, hour=21, period=Period.WEEK)

    assert (again.hour, again.period, again.state) == (21, Period.WEEK, SubscriptionState.PENDING)


def test_an_active_one_takes_new_wishes_when_confirmed_again(store: SqlStore) -> None:
    """A stranger who types an address into the form must not change what its owner gets."""
    before = active(store)

    unchanged = subscribe(store, hour=3, timezone="Asia/Seoul")
    store.activate(before.key, period=Period.DAY, hour=21, timezone="Asia/Tokyo", due=NOON + DAY)

    assert unchanged == before
    confirmed = store.subscription(before.key)
    assert confirmed is not None
    assert (confirmed.hour, confirmed.timezone, confirmed.due) == (21, "Asia/Tokyo", NOON + DAY)


def test_an_ended_one_must_be_confirmed_again(store: SqlStore) -> None:
    """Coming back is a new wish; until then nothing is due."""
    key = active(store).key

    assert store.end(key)
    assert not store.end(key)
    assert store.claim_due_digest(NOON, next_due=tomorrow) is None
    again = subscribe(store, hour=8)

    assert (again.key, again.hour, again.state) == (key, 8, SubscriptionState.PENDING)


def test_a_link_works_once(store: SqlStore) -> None:
    """Signed links are single use, whatever their id holds."""
    for token in ("one", "one\0", "x" * 100_000):
        assert store.use_token(token, at=NOON)
        assert not store.use_token(token, at=NOON + DAY)


def test_what_is_not_there_cannot_be_activated_or_finished(store: SqlStore) -> None:
    """A mistake in the caller is not passed over in silence."""
    with pytest.raises(NotFoundError):
        store.activate(7, due=NOON, **WISHES)
    with pytest.raises(NotFoundError):
        store.finish_digest(7, state="sent", papers=[], at=NOON, detail="")
    assert not store.end(7)


def test_a_due_digest_is_claimed_once(store: SqlStore) -> None:
    """The claim moves the due time forward before any mail is sent."""
    subscription = active(store)

    digest = claim(store)

    assert (digest.subscription, digest.due) == (subscription, NOON)
    assert store.claim_due_digest(NOON, next_due=tomorrow) is None
    moved = store.subscription(subscription.key)
    assert moved is not None
    assert moved.due == NOON + DAY
    assert store.deliveries(limit=9) == [Delivery(digest=digest.key, state="claimed", at=NOON)]


def test_nothing_is_claimed_before_it_is_due(store: SqlStore) -> None:
    """Due at noon means at noon, to the microsecond."""
    active(store)
    moment_before = NOON - timedelta(microseconds=1)

    assert store.claim_due_digest(moment_before, next_due=tomorrow) is None


def test_the_longest_due_comes_first(store: SqlStore) -> None:
    """After a night without power everybody gets the digest, in order."""
    late, early = (active(store, email) for email in ("late@example.org", "early@example.org"))
    store.postpone(early.key, due=NOON - DAY)

    assert claim(store).subscription.key == early.key
    assert [claim(store).subscription.key for _ in range(2)] == [late.key, early.key]


def test_a_due_time_that_was_claimed_before_is_not_claimed_again(store: SqlStore) -> None:
    """A clock that went back must not send one digest twice."""
    subscription = active(store)
    claim(store)
    store.postpone(subscription.key, due=NOON)

    assert store.claim_due_digest(NOON, next_due=tomorrow) is None


def test_a_claim_that_comes_too_late_changes_nothing(store: SqlStore) -> None:
    """The claim repeats the due time that it read: between the two another worker took it."""
    active(store)
    retry = NOON + timedelta(hours=1)

    def meddle(found: Subscription) -> datetime:
        claim(store)
        store.postpone(found.key, due=retry)
        return tomorrow(found)

    assert store.claim_due_digest(NOON, next_due=meddle) is None
    assert claim(store, retry).due == retry
    assert len(store.deliveries(limit=9)) == 2


def test_a_due_time_must_move_forward(store: SqlStore) -> None:
    """Otherwise a digest would be due for ever."""
    active(store)

    with pytest.raises(ValueError, match="after"):
        store.claim_due_digest(NOON, next_due=lambda _: NOON)

    assert store.deliveries(limit=9) == []


def test_a_sent_digest_enters_the_ledger(store: SqlStore) -> None:
    """What was delivered is known per subscription, for ever."""
    keys = save_papers(store, [1, 2, 3])
    ada, bob = active(store), active(store, "bob@example.org")
    digest = claim(store)

    store.finish_digest(digest.key, state="sent", papers=keys[:2], at=NOON + DAY, detail="ok")

    assert store.delivered(ada.key, keys) == set(keys[:2])
    assert store.delivered(bob.key, keys) == set()
    assert store.delivered(ada.key, []) == set()
    assert store.deliveries(limit=1) == [
        Delivery(digest=digest.key, state="sent", at=NOON + DAY, papers=2, detail="ok")
    ]


@pytest.mark.parametrize("state", ["empty", "failed"])
def test_what_was_not_sent_is_not_in_the_ledger(store: SqlStore, state: str) -> None:
    """A failed mail's papers come with the next one."""
    keys = save_papers(store, [1])
    key = active(store).key

    store.finish_digest(claim(store).key, state=state, papers=keys, at=NOON, detail="")

    assert store.delivered(key, keys) == set()


def test_failures_are_counted_in_a_row(store: SqlStore) -> None:
    """A success clears the count."""
    key = active(store).key
    counted = []

    for day, state in enumerate(["failed", "failed", "sent", "failed", "empty"]):
        digest = claim(store, NOON + day * DAY)
        store.finish_digest(digest.key, state=state, papers=[], at=NOON, detail="")
        found = store.subscription(key)
        assert found is not None
        counted.append(found.failures)

    assert counted == [1, 2, 0, 1, 0]


def test_a_postponed_digest_is_due_again(store: SqlStore) -> None:
    """A mail server that was down gets another chance; one who left meanwhile is left alone."""
    ada, bob = active(store), active(store, "bob@example.org")
    claim(store)
    claim(store)
    store.end(bob.key)

    for key in (ada.key, bob.key):
        store.postpone(key, due=NOON + timedelta(hours=1))

    assert claim(store, NOON + timedelta(hours=1)).subscription.key == ada.key
    assert store.claim_due_digest(NOON + timedelta(hours=1), next_due=tomorrow) is None


def test_the_ledger_follows_a_merge(store: SqlStore) -> None:
    """Nobody gets a paper again because it was merged, before or after the mail was noted."""
    first, second, third = save_papers(store, [1, 2, 3])
    key = active(store).key
    store.finish_digest(claim(store).key, state="sent", papers=[first], at=NOON, detail="")
    digest = claim(store, NOON + DAY)
    save(store, [paper_write(3, paper=paper(3, key=third), absorbs=(first, second))])

    store.finish_digest(digest.key, state="sent", papers=[second], at=NOON, detail="")

    assert store.delivered(key, [third]) == {third}
    assert store.check() == []


def test_a_paper_removed_while_its_mail_was_sent_is_no_error(store: SqlStore) -> None:
    """The mail is noted as sent; the paper has nothing left to be noted on."""
    gone, stays = save_papers(store, [1, 2])
    key = active(store).key
    digest = claim(store)
    with store.write() as writer:
        writer.remove([gone], at=NOON)

    store.finish_digest(digest.key, state="sent", papers=[gone, stays], at=NOON, detail="")

    assert store.delivered(key, [gone, stays]) == {stays}
    with store.write() as writer:
        writer.remove([stays], at=NOON)
    assert store.delivered(key, [stays]) == set()
