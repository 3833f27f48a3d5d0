"""Mail reaches a real SMTP server, or says whether trying again will help."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from broadsheet.errors import MailRefusedError, MailRetryError, SettingError
from broadsheet.mail.smtp import SmtpMailer
from tests.support import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """A handler that keeps what it accepts and refuses what it is told to."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.answer = "250 kept"
        self.rcpt_answer = ""

    async def handle_RCPT(  # noqa: N802  # the name that aiosmtpd calls
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        """Take the recipient, or answer as told."""
        if self.rcpt_answer:
            return self.rcpt_answer
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(  # noqa: N802  # the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the message unless told to answer otherwise."""
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.messages.append(envelope.content)
        return self.answer


@pytest.fixture
def inbox() -> Inbox:
    """An empty inbox."""
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Controller]:
    """A real SMTP server on loopback."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


def letter() -> EmailMessage:
    """Return a small message."""
    message = EmailMessage()
    message["Subject"] = "Überraschung 📰"
    message["From"] = "broadsheet@papers.example"
    message["To"] = "ada@example.org"
    message["Message-ID"] = "<one@papers.example>"
    message.set_content("Grüße\n.\nund ein Punkt\n")
    return message


def test_a_message_arrives_whole(inbox: Inbox, server: Controller) -> None:
    """Umlauts, emoji and a lone full stop survive the journey."""
    SmtpMailer.from_url(f"smtp://127.0.0.1:{server.port}").send(letter())

    [received] = inbox.messages
    assert b"Message-ID: <one@papers.example>" in received
    assert "Grüße".encode() in received or b"R3LDvMOfZQ" in received


def test_mail_may_be_sent_from_an_event_loop(inbox: Inbox, server: Controller) -> None:
    """A caller that is asynchronous itself is no reason to fail."""

    async def call() -> None:
        SmtpMailer.from_url(f"smtp://127.0.0.1:{server.port}").send(letter())

    with ThreadPoolExecutor() as threads:  # a browser's loop may run in this one
        threads.submit(lambda: asyncio.run(call())).result()

    assert len(inbox.messages) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param("451 busy", MailRetryError, id="busy"),
        pytest.param("552 too much", MailRefusedError, id="refused"),
    ],
)
def test_an_answer_tells_whether_to_try_again(
    inbox: Inbox, server: Controller, answer: str, error: type[Exception]
) -> None:
    """RFC 5321: 4yz may pass, 5yz will not."""
    inbox.answer = answer

    with pytest.raises(error):
        SmtpMailer.from_url(f"smtp://127.0.0.1:{server.port}").send(letter())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param("450 mailbox busy", MailRetryError, id="put off"),
        pytest.param("550 no such user", MailRefusedError, id="unknown"),
    ],
)
def test_a_recipient_may_be_put_off_or_refused(
    inbox: Inbox, server: Controller, answer: str, error: type[Exception]
) -> None:
    """An unknown address is not tried for ever."""
    inbox.rcpt_answer = answer

    with pytest.raises(error):
        SmtpMailer.from_url(f"smtp://127.0.0.1:{server.port}").send(letter())


def test_a_server_that_is_away_is_tried_again() -> None:
    """Nobody listens: the message is kept for later."""
    with pytest.raises(MailRetryError):
        SmtpMailer.from_url(f"smtp://127.0.0.1:{free_port()}").send(letter())


def test_user_and_password_are_given(inbox: Inbox) -> None:
    """A server that asks for a login gets the one of the URL, unescaped."""
    seen: list[Any] = []

    def authenticate(*arguments: Any) -> AuthResult:
        seen.append(arguments[-1])
        return AuthResult(success=True)

    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        SmtpMailer.from_url(f"smtp://ada:p%40ss@127.0.0.1:{controller.port}").send(letter())
    finally:
        controller.stop()

    assert seen == [LoginPassword(b"ada", b"p@ss")]
    assert len(inbox.messages) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("smtp://mail.example", ("mail.example", 25, False), id="plain"),
        pytest.param("smtp://u:p@mail.example", ("mail.example", 587, False), id="submission"),
        pytest.param("smtps://mail.example", ("mail.example", 465, True), id="TLS"),
        pytest.param("smtp://[::1]:2525", ("::1", 2525, False), id="IPv6"),
    ],
)
def test_a_url_names_the_server(url: str, expected: tuple[str, int, bool]) -> None:
    """Ports default to those of RFC 8314 and RFC 6409."""
    mailer = SmtpMailer.from_url(url)

    assert (mailer.host, mailer.port, mailer.is_tls) == expected


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://h:x"])
def test_what_is_no_smtp_url_names_the_setting(url: str) -> None:
    """The administrator learns which setting to mend."""
    with pytest.raises(SettingError) as caught:
        SmtpMailer.from_url(url)

    assert caught.value.field == "smtp_url"


def test_a_password_is_not_printed() -> None:
    """A log line that shows the mailer must not show the secret."""
    assert "hunter2" not in repr(SmtpMailer.from_url("smtp://u:hunter2@mail.example"))
