"""In which encoding is this text? UTF-8 unless it cannot be; then what its bytes look like.

Old reference files say nothing about their encoding, or say it wrongly. Bytes above 127 that
come in pairs of GB 2312 are Chinese; single ones between ASCII letters are Windows-1252, which
is Latin-1 where both have letters.
"""

from __future__ import annotations

import codecs
import re

BOM = codecs.BOM_UTF8

_HIGH = re.compile(rb"[\x80-\xff]+")
_HEADER = re.compile(rb"%\s*encoding:\s*([\w.:-]{2,40})", re.IGNORECASE)
_NAMES = {"isolatin1": "cp1252", "iso8859_1": "cp1252", "iso-8859-1": "cp1252"}


def declared(head: bytes) -> str | None:
    """Return the encoding that a comment at the beginning names, where Python knows it."""
    found = _HEADER.search(head)
    if not found:
        return None
    name = found[1].decode("ascii").lower()
    name = _NAMES.get(name, name)
    try:
        return codecs.lookup(name).name if b"\x00" not in "a".encode(name) else None
    except (LookupError, UnicodeError, TypeError):
        return None


def decode(content: bytes, *, hint: str | None = None) -> tuple[str, str]:
    """Return the text and, where it was not UTF-8, the encoding that it was read in, else "".

    ``hint`` is tried when the text is no UTF-8: editors write UTF-8 under any header.
    """
    content = content.removeprefix(BOM)
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        pass
    for name in (hint, "gb18030" if _is_paired(content) else None, "cp1252"):
        if name is None:
            continue
        try:
            return content.decode(name), name
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"


def mended(content: bytes) -> str:
    """Return a text in UTF-8, but what is wrong in it in Windows-1252: each byte for itself."""
    return content.removeprefix(BOM).decode("utf-8", "windows-1252")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Return wrong bytes of UTF-8 as the characters that Windows-1252 has there."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows-1252", _as_windows)


def _is_paired(content: bytes) -> bool:
    """Tell whether all bytes above 127 are pairs of GB 2312; UTF-8 cut short is not."""
    runs = _HIGH.findall(content)
    return all(len(run) % 2 == 0 and all(byte >= 0xA1 for byte in run) for run in runs)  # noqa: PLR2004
