"""Texts that both databases take as they are: no NUL, no half of a pair, no endless key."""

from __future__ import annotations

import re
from hashlib import blake2b

NAME_BYTES = 600  # of UTF-8: an index entry of PostgreSQL holds 2,704, and four of these

_KEPT_CHARS = (NAME_BYTES - 33) // 4
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def text(value: str) -> str:
    """Return the text with NUL and lone surrogates as U+FFFD; others come back unchanged."""
    if value.isascii() and "\x00" not in value:
        return value
    return _UNSTORABLE.sub("\ufffd", value)


def name(value: str) -> str:
    """Return a text fit for an index: as ``text`` does, and at most 600 bytes of UTF-8.

    A longer one keeps its beginning and ends with a digest of the whole, so that two long
    names that differ stay two.
    """
    if value.isascii() and len(value) <= NAME_BYTES and "\x00" not in value:
        return value
    clean = text(value)
    if len(clean) * 4 <= NAME_BYTES or len(encoded := clean.encode()) <= NAME_BYTES:
        return clean
    digest = blake2b(encoded, digest_size=16).hexdigest()
    return f"{clean[:_KEPT_CHARS]}~{digest}"
