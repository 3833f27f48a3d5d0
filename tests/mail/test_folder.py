"""Without SMTP, mail is kept in a folder."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from broadsheet import config
from broadsheet.errors import MailRetryError
from broadsheet.mail import FolderMailer, SmtpMailer, open_mailer

if TYPE_CHECKING:
    from pathlib import Path


def letter(name: str) -> EmailMessage:
    """Return a message of this name."""
    message = EmailMessage()
    message["Subject"] = "Papers"
    message["To"] = "ada@example.org"
    message["Message-ID"] = f"<{name}@papers.example>"
    message.set_content("Hello")
    return message


def test_a_message_becomes_a_file(tmp_path: Path) -> None:
    """Any mail program opens it."""
    FolderMailer(tmp_path / "mail").send(letter("digest-1"))

    [file] = (tmp_path / "mail").iterdir()
    assert file.name == "digest-1-papers.example.eml"
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] == "Papers"


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    """A Message-ID is data, never a path."""
    FolderMailer(tmp_path / "mail").send(letter("../../etc/passwd"))

    assert [file.parent for file in tmp_path.rglob("*.eml")] == [tmp_path / "mail"]


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """A full disk or a file in the way loses no mail."""
    (tmp_path / "mail").write_text("in the way")

    with pytest.raises(MailRetryError, match="mail"):
        FolderMailer(tmp_path / "mail").send(letter("one"))


def test_the_settings_choose_the_mailer(tmp_path: Path) -> None:
    """No SMTP configured: the folder, and it says that it is not the real thing."""
    kept = open_mailer(config.load(tmp_path, {}))
    sent = open_mailer(config.load(tmp_path, {"BROADSHEET_SMTP_URL": "smtp://mail.example"}))

    assert isinstance(kept, FolderMailer)
    assert not kept.is_real
    assert isinstance(sent, SmtpMailer)
    assert sent.is_real
