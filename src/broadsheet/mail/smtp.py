"""Mail over SMTP (RFC 5321), by aiosmtplib."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from broadsheet.errors import MailError, MailRefusedError, MailRetryError, SettingError

if TYPE_CHECKING:
    from email.message import EmailMessage

TIMEOUT_S = 20.0
PERMANENT = 500  # RFC 5321 section 4.2.1: 5yz is a permanent, 4yz a transient, refusal
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Hands each message to one SMTP server, over a connection of its own."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    is_tls: bool = False  # from the first byte (smtps), otherwise by STARTTLS
    is_real: bool = True

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read ``smtp://user:password@host:587`` or ``smtps://host:465``."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SettingError(f"smtp_url cannot be read: {error}", field="smtp_url") from None
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise SettingError(
                "smtp_url must look like smtp://user:password@host:587 or smtps://host:465",
                field="smtp_url",
            )
        is_tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=port or (465 if is_tls else 587 if parts.username else 25),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            is_tls=is_tls,
        )

    def send(self, message: EmailMessage, /) -> None:
        """Send one message; a password never travels unencrypted beyond this machine.

        A thread of its own lets callers be on an event loop themselves.
        """
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(lambda: asyncio.run(self._send(message))).result()

    async def _send(self, message: EmailMessage) -> None:
        import aiosmtplib

        must_encrypt = self.user is not None and self.host not in _LOOPBACK
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password,
                use_tls=self.is_tls,
                start_tls=False if self.is_tls else True if must_encrypt else None,
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _explained(error, f"{self.host} port {self.port}") from error


def _explained(error: Exception, server: str) -> MailError:
    """Tell a fault that may pass from a refusal for good."""
    import aiosmtplib

    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        refusals = list(error.recipients)
        text = "; ".join(f"{refusal.code} {refusal.message}" for refusal in refusals)
        if all(refusal.code >= PERMANENT for refusal in refusals):
            return MailRefusedError(f"{server} refused the recipient: {text}")
        return MailRetryError(f"{server} put the recipient off: {text}")
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailRetryError(f"{server} did not accept user and password: {error.message}")
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= PERMANENT:
        return MailRefusedError(f"{server} refused the message: {error.code} {error.message}")
    return MailRetryError(f"{server} did not take the message: {error}")
