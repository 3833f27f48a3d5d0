"""Send this: by SMTP, or into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadsheet.mail.folder import FolderMailer
from broadsheet.mail.smtp import SmtpMailer

if TYPE_CHECKING:
    from broadsheet.config import Settings
    from broadsheet.ports import Mailer

__all__ = ["FolderMailer", "SmtpMailer", "open_mailer"]


def open_mailer(settings: Settings) -> Mailer:
    """Return the mailer that the settings ask for: SMTP, or the folder ``mail/``.

    Raises:
        SettingError: ``smtp_url`` is no address of an SMTP server.
    """
    if settings.smtp_url:
        return SmtpMailer.from_url(settings.smtp_url)
    return FolderMailer(settings.data / "mail")
