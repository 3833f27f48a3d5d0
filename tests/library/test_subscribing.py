"""An address is confirmed by its owner before anything is sent, and left by one click."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ForbiddenError, UsageError
from broadsheet.library import subscribing
from broadsheet.library.subscribing import Wishes
from broadsheet.model import Period, SubscriptionState

if TYPE_CHECKING:
    from broadsheet.library import Library
    from tests.support import StillClock

BASE = "https://papers.example"


def mails(library: Library) -> list[EmailMessage]:
    """Return what was written to the mail folder, by name."""
    read = []
    for file in sorted((library.settings.data / "mail").glob("*.eml")):
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        read.append(message)
    return read


def link_in(message: EmailMessage) -> str:
    """Return the token of the link to confirm."""
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"/subscribe/confirm/(\S+)", body.get_content())
    assert found is not None
    return found[1]


def test_nothing_is_sent_before_the_address_is_confirmed(library: Library) -> None:
    """Double opt-in: the only mail is the one that asks."""
    subscription = library.subscribe("ada@example.org", base_url=BASE)

    assert subscription.state is SubscriptionState.PENDING
    assert subscription.due is None
    [message] = mails(library)
    assert message["To"] == "ada@example.org"


def test_confirming_sets_the_first_digest(library: Library, clock: StillClock) -> None:
    """The wishes of the link count: tomorrow at the chosen hour in the chosen zone."""
    library.subscribe("ada@example.org", hour=7, timezone="Europe/Berlin", base_url=BASE)

    confirmed = library.confirm(link_in(mails(library)[0]))

    assert confirmed.state is SubscriptionState.ACTIVE
    tomorrow = clock.now().date() + timedelta(days=1)
    expected = datetime(
        tomorrow.year, tomorrow.month, tomorrow.day, 7, tzinfo=ZoneInfo("Europe/Berlin")
    )
    assert confirmed.due == expected.astimezone(UTC)


def test_a_link_confirms_once(library: Library) -> None:
    """A link that lies in an old mail cannot bring a subscription back."""
    library.subscribe("ada@example.org", base_url=BASE)
    token = link_in(mails(library)[0])
    library.confirm(token)

    with pytest.raises(ForbiddenError, match="used"):
        library.confirm(token)


def test_a_link_expires(library: Library, clock: StillClock) -> None:
    """A mailbox that is found later gives nothing away."""
    library.subscribe("ada@example.org", base_url=BASE)
    clock.advance(subscribing.CONFIRM_FOR + timedelta(seconds=1))

    with pytest.raises(ForbiddenError, match="expired"):
        library.confirm(link_in(mails(library)[0]))


@pytest.mark.parametrize("token", ["", "abc", "eyJrIjoxfQ.AAAA", "a.b.c", "💥", "x" * 10_000])
def test_a_forged_link_is_refused(library: Library, token: str) -> None:
    """Only this instance signs links."""
    with pytest.raises(ForbiddenError):
        library.confirm(token)
    with pytest.raises(ForbiddenError):
        library.unsubscribe(token)


def test_a_link_to_leave_does_not_confirm(library: Library) -> None:
    """Each kind of link has its own salt."""
    subscription = library.subscribe("ada@example.org", base_url=BASE)

    with pytest.raises(ForbiddenError):
        library.confirm(subscribing.leave_token(library, subscription))


def test_leaving_twice_is_no_error(library: Library) -> None:
    """A mail program may post more than once."""
    subscription = library.subscribe("ada@example.org", base_url=BASE)
    library.confirm(link_in(mails(library)[0]))
    token = subscribing.leave_token(library, subscription)

    first, second = library.unsubscribe(token), library.unsubscribe(token)

    assert first.state is second.state is SubscriptionState.ENDED
    assert second.due is None


def test_a_form_cannot_flood_an_address(library: Library, clock: StillClock) -> None:
    """Many requests within minutes make one mail; later a new link may be asked for."""
    for _ in range(5):
        library.subscribe("ada@example.org", base_url=BASE)
    assert len(mails(library)) == 1

    clock.advance(subscribing.ONE_MAIL_PER)
    library.subscribe("ada@example.org", base_url=BASE)

    assert len(mails(library)) == 1 + 1


def test_a_stranger_cannot_change_an_active_subscription(library: Library) -> None:
    """New wishes count only when the owner confirms them."""
    library.subscribe("ada@example.org", hour=7, base_url=BASE)
    library.confirm(link_in(mails(library)[0]))

    asked = library.subscribe("ADA@example.org", hour=3, period=Period.WEEK, base_url=BASE)

    assert (asked.state, asked.hour, asked.period) == (SubscriptionState.ACTIVE, 7, Period.DAY)


@pytest.mark.parametrize(
    ("email", "wishes", "field"),
    [
        pytest.param("", {}, "email", id="nothing"),
        pytest.param("ada", {}, "email", id="no domain"),
        pytest.param("ada@", {}, "email", id="empty domain"),
        pytest.param("ada@example.org\nBcc: all@example.org", {}, "email", id="header injection"),
        pytest.param("ada@example.org, bo@example.org", {}, "email", id="two addresses"),
        pytest.param("Ada <ada@example.org>", {}, "email", id="a name too"),
        pytest.param("a" * 250 + "@example.org", {}, "email", id="too long"),
        pytest.param("ada@example.org", {"hour": 24}, "hour", id="no such hour"),
        pytest.param(
            "ada@example.org", {"timezone": "Mars/Olympus"}, "timezone", id="no such zone"
        ),
        pytest.param("ada@example.org", {"period": Period.MONTH}, "period", id="monthly"),
    ],
)
def test_a_mistake_names_its_field(
    library: Library, email: str, wishes: dict[str, Any], field: str
) -> None:
    """The form can point at what to mend, and nothing is sent."""
    with pytest.raises(UsageError) as caught:
        library.subscribe(email, **wishes, base_url=BASE)

    assert caught.value.field == field
    assert mails(library) == []


def at(text: str) -> datetime:
    """Return a moment."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("wishes", "after", "expected"),
    [
        pytest.param(
            Wishes(period=Period.DAY, hour=7, timezone="UTC"),
            "2026-03-04T06:59+00:00", "2026-03-04T07:00+00:00", id="today",
        ),
        pytest.param(
            Wishes(period=Period.DAY, hour=7, timezone="UTC"),
            "2026-03-04T07:00+00:00", "2026-03-05T07:00+00:00", id="strictly after",
        ),
        pytest.param(
            Wishes(period=Period.WEEK, hour=7, timezone="UTC"),
            "2026-03-04T12:00+00:00", "2026-03-09T07:00+00:00", id="next Monday",
        ),
        pytest.param(
            Wishes(period=Period.DAY, hour=2, timezone="Europe/Berlin"),
            "2026-03-28T12:00+00:00", "2026-03-29T01:00+00:00", id="an hour that is skipped",
        ),
        pytest.param(
            Wishes(period=Period.DAY, hour=7, timezone="Pacific/Kiritimati"),
            "2026-03-04T12:00+00:00", "2026-03-04T17:00+00:00", id="where it is tomorrow",
        ),
    ],
)  # fmt: skip
def test_the_next_digest(wishes: Wishes, after: str, expected: str) -> None:
    """The reader's own clock counts, whatever it does."""
    assert subscribing.next_due(wishes, after=at(after)) == at(expected)


@given(
    st.sampled_from([Period.DAY, Period.WEEK]),
    st.integers(0, 23),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_digests_come_once_per_period(
    period: Period, hour: int, timezone: str, after: datetime
) -> None:
    """Through every change of clocks the next one is later, and not a period too late."""
    due = subscribing.next_due(Wishes(period=period, hour=hour, timezone=timezone), after=after)

    longest = timedelta(days=1 if period is Period.DAY else 7, hours=1)
    assert timedelta() < due - after <= longest
