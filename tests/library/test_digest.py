"""A digest goes out once, says what it holds, and never holds the same paper twice."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from broadsheet.errors import MailRefusedError, MailRetryError
from broadsheet.jobs.digests import DigestJob
from broadsheet.library import digest, subscribing
from broadsheet.library.subscribing import Wishes
from broadsheet.model import Period, Subscription, SubscriptionState
from tests.support import Pile, record

if TYPE_CHECKING:
    from broadsheet.library import Library
    from tests.support import StillClock


class Postbox:
    """A mailer that keeps messages, or fails as told."""

    is_real = True

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.fault: Exception | None = None

    def send(self, message: EmailMessage, /) -> None:
        """Keep the message."""
        if self.fault:
            raise self.fault
        read = message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)
        assert isinstance(read, EmailMessage)
        self.messages.append(read)


@pytest.fixture
def postbox(library: Library) -> Postbox:
    """The library's mailer, open to the test."""
    box = Postbox()
    library.mailer = box
    return box


def active(library: Library, email: str, *, period: Period = Period.DAY) -> Subscription:
    """Return a confirmed subscription whose digest comes at 13:00 UTC: in one hour."""
    wishes = Wishes(period=period, hour=13, timezone="UTC")
    now = library.clock.now()
    made = library.store.subscribe(email, period=period, hour=13, timezone="UTC", at=now)
    library.store.activate(
        made.key,
        period=period,
        hour=13,
        timezone="UTC",
        due=subscribing.next_due(wishes, after=now),
    )
    return made


def body(message: EmailMessage) -> str:
    """Return the plain part."""
    part = message.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text


def test_nothing_goes_out_before_its_hour(
    library: Library, postbox: Postbox, clock: StillClock
) -> None:
    """The job asks often; the reader gets one mail at the chosen hour."""
    library.ingest(Pile([record(1)]))
    active(library, "ada@example.org")

    assert DigestJob(library).run_once() is False
    clock.advance(timedelta(hours=1))

    assert DigestJob(library).run_once() is True
    assert DigestJob(library).run_once() is False
    assert [message["To"] for message in postbox.messages] == ["ada@example.org"]


def test_a_digest_counts_only_what_there_is(
    library: Library, postbox: Postbox, clock: StillClock
) -> None:
    """Nobody picks papers here: "0 picked" would say nothing."""
    library.ingest(Pile([record(1, announced=clock.now().date())]))
    active(library, "ada@example.org")
    clock.advance(timedelta(hours=1))

    digest.send_due(library)

    said = body(postbox.messages[0])
    assert "1 announced" in said
    assert "picked" not in said


def test_a_paper_comes_once_whatever_its_version(
    library: Library, postbox: Postbox, clock: StillClock
) -> None:
    """The second version on the next day is the same paper."""
    library.ingest(Pile([record(1), record(2)]))
    active(library, "ada@example.org")
    clock.advance(timedelta(hours=1))
    digest.send_due(library)

    clock.advance(timedelta(days=1))
    second = record(1, source_id="2603.00001v2", version=2, announced=clock.now().date())
    library.ingest(Pile([second, record(3, announced=clock.now().date())]))
    digest.send_due(library)

    first, following = (body(message) for message in postbox.messages)
    assert ("2603.00001" in first, "2603.00002" in first) == (True, True)
    assert "2603.00003" in following
    assert "2603.00001" not in following
    assert "2603.00002" not in following


def test_two_workers_send_one_digest(library: Library, postbox: Postbox, clock: StillClock) -> None:
    """A digest is claimed before it is sent."""
    library.ingest(Pile([record(1)]))
    active(library, "ada@example.org")
    clock.advance(timedelta(hours=1))

    workers = [threading.Thread(target=digest.send_due, args=(library,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(postbox.messages) == 1


def test_a_server_that_is_away_gets_it_later(
    library: Library, postbox: Postbox, clock: StillClock
) -> None:
    """The failure is reported, the digest tried again after a pause, and then sent once."""
    library.ingest(Pile([record(1)]))
    active(library, "ada@example.org")
    clock.advance(timedelta(hours=1))
    postbox.fault = MailRetryError("the server sleeps")

    assert digest.send_due(library) is True
    assert digest.send_due(library) is False
    [failed] = library.store.deliveries(limit=10)
    assert (failed.state, failed.detail) == ("failed", "the server sleeps")

    postbox.fault = None
    clock.advance(digest.RETRY_FIRST)
    assert digest.send_due(library) is True
    assert len(postbox.messages) == 1
    assert "2603.00001" in body(postbox.messages[0])


def test_a_dead_address_is_given_up(library: Library, postbox: Postbox, clock: StillClock) -> None:
    """After so many refusals in a row the subscription ends."""
    library.ingest(Pile([record(1)]))
    subscription = active(library, "ada@example.org")
    postbox.fault = MailRefusedError("no such user")

    clock.advance(timedelta(hours=1))
    for _ in range(digest.REFUSALS_MAX):
        assert digest.send_due(library) is True
        clock.advance(timedelta(days=1))
        library.ingest(Pile([record(clock.now().day, announced=clock.now().date())]))

    ended = library.store.subscription(subscription.key)
    assert ended is not None
    assert ended.state is SubscriptionState.ENDED


def test_an_empty_working_day_is_explained_once_a_week(
    library: Library, postbox: Postbox, clock: StillClock
) -> None:
    """Silence looks like a fault; a daily mail about nothing is a nuisance."""
    active(library, "ada@example.org")
    clock.advance(timedelta(hours=1))
    for _ in range(4):  # Wednesday to Saturday
        assert digest.send_due(library) is True
        clock.advance(timedelta(days=1))

    [message] = postbox.messages
    assert "no papers, and why" in str(message["Subject"])
    assert {one.state for one in library.store.deliveries(limit=10)} == {"empty"}


def test_a_weekly_digest_looks_back_further(
    library: Library, postbox: Postbox, clock: StillClock
) -> None:
    """A paper of last Thursday is news on Monday for who reads once a week."""
    old = clock.now().date() - timedelta(days=digest.LOOK_BACK[Period.DAY].days + 1)
    library.ingest(Pile([record(1, announced=old)]))
    daily = active(library, "daily@example.org")
    weekly = active(library, "weekly@example.org", period=Period.WEEK)

    found = {
        subscription.email: len(digest.compose(library, subscription, now=clock.now()).papers)
        for subscription in (daily, weekly)
    }

    assert found == {"daily@example.org": 0, "weekly@example.org": 1}


def test_specimens_are_never_mailed(library: Library, clock: StillClock) -> None:
    """A reader must not take an invented paper for news."""
    assert library.load_specimens()
    subscription = active(library, "ada@example.org")

    assert digest.compose(library, subscription, now=clock.now()).papers == []


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param(Period.DAY, "Wednesday, 4 March 2026", id="day"),
        pytest.param(Period.WEEK, "Week 10, 2026", id="week"),
    ],
)
def test_a_digest_names_its_period(period: Period, expected: str) -> None:
    """The heading is what the reader would call the day or the week."""
    assert digest.heading(period, date(2026, 3, 4)) == expected
