"""Mail that stays at home: one ``.eml`` file per message."""

from __future__ import annotations

import os
import re
from email import policy
from typing import TYPE_CHECKING

from broadsheet.errors import MailRetryError

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


class FolderMailer:
    """Writes messages into a folder, where any mail program opens them."""

    is_real = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, /) -> None:
        """Write the message under a name made of its Message-ID, whole or not at all."""
        name = _UNSAFE.sub("-", str(message["Message-ID"])).strip("-")[:120]
        target = self._folder / f"{name}.eml"
        partial = target.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(message.as_bytes(policy=policy.SMTP))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise MailRetryError(f"mail cannot be written to {self._folder}: {error}") from error
