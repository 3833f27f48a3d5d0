"""Has the reader seen this feed already? ETag, Last-Modified and 304.

Last-Modified is when this process first made these bytes for this address: the order
of a trending feed changes without any paper's date changing, so no date within the feed could
stand for it.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Lock
from typing import TYPE_CHECKING

from starlette.responses import Response

from broadsheet.web.conditional import etag_of, is_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

MAX_ADDRESSES = 10_000  # whose newest version is remembered; some 3 MB
_SECOND = timedelta(seconds=1)  # HTTP dates know nothing finer


class Versions:
    """When each address's present content was first made. Safe to share between threads."""

    def __init__(self, limit: int = MAX_ADDRESSES) -> None:
        self._limit = limit
        self._seen: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._lock = Lock()

    def since(self, address: str, etag: str, /, *, now: datetime) -> datetime:
        """Return since when the address has this content, to the second.

        Two contents of one address never share a second: the later one then lies ahead of
        ``now``, and the caller keeps it to itself.
        """
        now = now.replace(microsecond=0)
        with self._lock:
            known, at = self._seen.pop(address, ("", datetime.min.replace(tzinfo=UTC)))
            if known != etag:
                at = max(now, at + _SECOND) if known else now
            self._seen[address] = (etag, at)
            if len(self._seen) > self._limit:
                self._seen.popitem(last=False)
        return at


def answer(
    request: Request, body: bytes, /, *, media_type: str, now: datetime, extra: Mapping[str, str]
) -> Response:
    """Return the bytes, or 304 where the request names them or a time since which they stand."""
    etag = etag_of(body)
    modified = request.app.state.shared.since(str(request.url), etag, now=now)
    headers = {"ETag": etag, "Cache-Control": "no-cache", **extra}
    if modified <= now:
        headers["Last-Modified"] = format_datetime(modified, usegmt=True)
    if is_known(request.headers, etag, modified):
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = f"{media_type}; charset=utf-8"
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(body))
        body = b""
    return Response(body, headers=headers)
