"""Has the asker seen this already? Tags and times, as RFC 9110, section 13, has them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ASKED = (b"if-none-match", b"if-modified-since")  # what makes a request conditional


def etag_of(body: bytes) -> str:
    """Return the tag of these bytes, weak because they may be compressed on their way."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def is_known(asked: Mapping[str, str], etag: str, modified: datetime | None = None) -> bool:
    """Compare tags where the request names any, weakly, else times.

    Args:
        asked: The request's headers.
        etag: Of what would be sent; "": it has none.
        modified: Since when it stands; None: nobody knows.
    """
    if (tags := asked.get("if-none-match")) is not None:
        named = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(etag) and (etag.removeprefix("W/") in named or "*" in named)
    text = asked.get("if-modified-since")
    if text is None or modified is None:
        return False
    try:
        since = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return False
    return (since if since.tzinfo else since.replace(tzinfo=UTC)) >= modified
