"""From the form on the page to the last click, over a real SMTP server."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.controller import Controller

from broadsheet.jobs.digests import DigestJob
from broadsheet.mail import SmtpMailer
from broadsheet.model import SubscriptionState
from tests.support import Pile, free_port, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import SMTP, Envelope, Session
    from starlette.testclient import TestClient

    from broadsheet.library import Library
    from tests.support import StillClock


class Inbox:
    """A mail server's handler that keeps every message as its reader would see it."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(  # noqa: N802  # the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the message."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 kept"


@pytest.fixture
def inbox(library: Library) -> Iterator[Inbox]:
    """The inbox of a real SMTP server, to which the library sends."""
    handler = Inbox()
    server = Controller(handler, hostname="127.0.0.1", port=free_port())
    server.start()
    library.mailer = SmtpMailer.from_url(f"smtp://127.0.0.1:{server.port}")
    yield handler
    server.stop()


def links(message: EmailMessage) -> list[str]:
    """Return the paths of the links of a message's plain part."""
    body = message.get_body(("plain",))
    assert body is not None
    return re.findall(r"http://127\.0\.0\.1:8000(/\S+)", body.get_content())


def test_the_whole_life_of_a_subscription(
    library: Library, clock: StillClock, inbox: Inbox, client: TestClient
) -> None:
    """Ask, confirm, read, leave: four mails' worth of promises in one story."""
    library.ingest(Pile([record(1), record(2)]))

    asked = client.post("/subscribe", data={"email": "ada@example.org", "hour": "13"})
    assert asked.status_code == 200
    assert "ada@example.org" in asked.text
    [question] = inbox.messages
    [confirm] = [path for path in links(question) if path.startswith("/subscribe/confirm/")]

    assert client.get(confirm).status_code == 200
    assert library.store.subscriptions()[0].state is SubscriptionState.PENDING
    assert "Confirmed" in client.post(confirm).text
    assert library.store.subscriptions()[0].state is SubscriptionState.ACTIVE

    clock.advance(timedelta(hours=1))
    assert DigestJob(library).run_once() is True
    assert DigestJob(library).run_once() is False
    digest = inbox.messages[-1]
    assert digest["To"] == "ada@example.org"
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    leave = str(digest["List-Unsubscribe"]).strip(" <>").removeprefix("http://127.0.0.1:8000")
    assert client.get(leave).status_code == 200
    assert library.store.subscriptions()[0].state is SubscriptionState.ACTIVE
    left = client.post(
        leave,
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
        follow_redirects=False,
    )
    assert left.status_code == 200
    assert "set-cookie" not in left.headers
    assert library.store.subscriptions()[0].state is SubscriptionState.ENDED

    clock.advance(timedelta(days=1))
    assert DigestJob(library).run_once() is False
    assert len(inbox.messages) == 2


def test_a_mistake_keeps_what_was_typed(client: TestClient, library: Library) -> None:
    """The reader mends one field instead of filling in all of them again."""
    answered = client.post(
        "/subscribe", data={"email": "ada@@example", "period": "week", "timezone": "Asia/Tokyo"}
    )

    assert answered.status_code == 400
    assert "ada@@example" in answered.text
    assert 'value="Asia/Tokyo"' in answered.text
    assert 'aria-invalid="true"' in answered.text
    assert library.store.subscriptions() == []


@pytest.mark.parametrize(
    ("field", "value"), [("hour", "noon"), ("hour", "25"), ("period", "hourly")]
)
def test_a_wrong_choice_is_explained(client: TestClient, field: str, value: str) -> None:
    """A form that was tampered with gets a sentence, never a fault."""
    answered = client.post("/subscribe", data={"email": "ada@example.org", field: value})

    assert answered.status_code == 400
    assert 'role="alert"' in answered.text


def test_a_mail_server_that_is_away_is_said(client: TestClient, library: Library) -> None:
    """The reader learns that nothing was sent, and when to try again."""
    library.mailer = SmtpMailer.from_url(f"smtp://127.0.0.1:{free_port()}")

    answered = client.post("/subscribe", data={"email": "ada@example.org"})

    assert answered.status_code == 503
    assert "could not be sent" in answered.text


def test_without_a_mail_server_the_page_says_where_mail_goes(
    client: TestClient, library: Library
) -> None:
    """Nobody waits for a mail that lies in a folder."""
    assert "BROADSHEET_SMTP_URL" in client.get("/subscribe").text
    assert "folder" in client.post("/subscribe", data={"email": "ada@example.org"}).text
    assert len(list((library.settings.data / "mail").glob("*.eml"))) == 1


@pytest.mark.parametrize("path", ["/subscribe/confirm/forged", "/unsubscribe/forged"])
def test_a_forged_link_is_refused_with_a_page(client: TestClient, path: str) -> None:
    """A broken link explains itself."""
    answered = client.post(path)

    assert answered.status_code == 403
    assert "not one of ours" in answered.text
