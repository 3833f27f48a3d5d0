"""What was just made for this address? Editions, in every form, kept as they were sent.

Everybody asks for the same few editions. An answer is kept for as long as nothing in the store
changes (``Store.version``), the day is the same, and no longer than ``LIFE``, for heat cools by
itself. It depends on nothing but the store, the time and what ``_Address`` names: whoever lets
one of these pages depend on more adds it there. A request with a cookie of ours passes by.

Of many who ask for the same at once, one has it made and the others wait for that.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from broadsheet.errors import StoreError
from broadsheet.web import administrator
from broadsheet.web.conditional import ASKED, is_known

if TYPE_CHECKING:
    from datetime import date, datetime

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broadsheet.library import Library

LIFE = timedelta(seconds=60)
MAX_BYTES = 32 << 20  # some 3,000 pages as they are sent
OVERHEAD = 2_000  # bytes beside a body
_EDITIONS = re.compile(
    r"/|/papers/(?:date|week|month)/[^/]+|/papers/trending"
    r"|/feeds/(?:daily|trending)\.[a-z]+"
    r"|/api/v1/(?:editions/[^/]+|trending|topics)|/api/daily_papers"
)
_ONLY_WITH_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})


@dataclass(frozen=True, slots=True)
class _Address:
    """All of a request that an answer depends on."""

    scheme: str
    host: str  # links in feeds and the API begin with it
    path: str
    query: bytes
    is_zipped: bool
    accept: str  # errors only, and these are not kept; but it costs nothing


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer, as it was sent."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: Any  # of the metrics
    etag: str
    modified: datetime | None
    made: datetime

    @property
    def bytes(self) -> int:
        """What it takes, about."""
        return len(self.body) + OVERHEAD


_Key = tuple[_Address, str, "date"]


class Kept:
    """Middleware that answers for editions out of memory while they stand."""

    def __init__(self, app: ASGIApp, *, library: Library, max_bytes: int = MAX_BYTES) -> None:
        self.app = app
        self.library = library
        self.max_bytes = max_bytes
        self.bytes = 0
        self._answers: OrderedDict[_Address, tuple[_Key, _Answer]] = OrderedDict()
        self._making: dict[_Key, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, else have it made, and keep it where it is an edition."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        address = _address(scope, headers)
        version = await self._version() if address else None
        if address is None or version is None:
            await self.app(scope, receive, send)
            return
        key = (address, version, self.library.today())
        found = self._find(key) or await self._made_meanwhile(key)
        if found is None:
            found = await self._make(key, scope, receive, send)
        if found is not None:
            scope["route"] = found.route
            await _send(found, scope["method"], headers, send)

    async def _version(self) -> str | None:
        """Return the store's version; None where it cannot be asked: the page will say so."""
        try:
            return await run_in_threadpool(self.library.store.version)
        except StoreError:
            return None

    async def _made_meanwhile(self, key: _Key) -> _Answer | None:
        """Wait for what another asked for just before; None: nobody did, or it is not kept."""
        making = self._making.get(key)
        if making is None:
            return None
        await making.wait()
        return self._find(key)

    async def _make(self, key: _Key, scope: Scope, receive: Receive, send: Send) -> _Answer | None:
        """Have the whole answer made and keep it; pass on what cannot be kept, and return None."""
        plain = [pair for pair in scope["headers"] if pair[0] not in ASKED]
        inner = {**scope, "method": "GET", "headers": plain}
        sent: list[Message] = []

        async def note(message: Message) -> None:
            sent.append(message)

        done = self._making.setdefault(key, asyncio.Event())
        try:
            await self.app(inner, receive, note)
            scope["route"] = inner.get("route")
            answer = _whole(sent, scope["route"], self.library.clock.now())
            if answer is not None:
                self._keep(key, answer)
        finally:
            self._making.pop(key, None)
            done.set()
        if answer is None:
            for message in sent:
                await send(_bare(message) if scope["method"] == "HEAD" else message)
        return answer

    def _find(self, key: _Key) -> _Answer | None:
        kept = self._answers.get(key[0])
        if kept is None or kept[0] != key:
            return None
        age = self.library.clock.now() - kept[1].made
        if not timedelta() <= age <= LIFE:
            return None
        self._answers.move_to_end(key[0])
        return kept[1]

    def _keep(self, key: _Key, answer: _Answer) -> None:
        before = self._answers.pop(key[0], None)
        self.bytes += answer.bytes - (before[1].bytes if before else 0)
        self._answers[key[0]] = (key, answer)
        while self.bytes > self.max_bytes:
            _, (_, oldest) = self._answers.popitem(last=False)
            self.bytes -= oldest.bytes


def _address(scope: Scope, headers: Headers) -> _Address | None:
    """Return what is asked for, or None where the answer is not kept."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return None
    if not _EDITIONS.fullmatch(scope["path"]) or administrator.COOKIE in headers.get("cookie", ""):
        return None
    return _Address(
        scheme=scope["scheme"],
        host=headers.get("host", ""),
        path=scope["path"],
        query=scope["query_string"],
        is_zipped="gzip" in headers.get("accept-encoding", ""),
        accept=headers.get("accept", ""),
    )


def _whole(sent: list[Message], route: Any, now: datetime) -> _Answer | None:
    """Return an answer that may be kept, or None: an error, cut off, or for one reader only."""
    if len(sent) < 2 or sent[0]["status"] != HTTPStatus.OK or sent[-1].get("more_body"):  # noqa: PLR2004
        return None
    names = Headers(raw=list(sent[0]["headers"]))
    if "set-cookie" in names or "no-store" in names.get("cache-control", ""):
        return None
    modified = names.get("last-modified")
    return _Answer(
        headers=tuple(sent[0]["headers"]),
        body=b"".join(message.get("body", b"") for message in sent[1:]),
        route=route,
        etag=names.get("etag", ""),
        modified=parsedate_to_datetime(modified) if modified else None,
        made=now,
    )


async def _send(answer: _Answer, method: str, asked: Headers, send: Send) -> None:
    """Send an answer, or of one that the asker has already its head as 304."""
    headers, status, body = list(answer.headers), HTTPStatus.OK, answer.body
    if is_known(asked, answer.etag, answer.modified):
        headers = [pair for pair in headers if pair[0].lower() not in _ONLY_WITH_BODY]
        status, body = HTTPStatus.NOT_MODIFIED, b""
    if method == "HEAD":
        body = b""
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _bare(message: Message) -> Message:
    is_body = message["type"] == "http.response.body"
    return {**message, "body": b""} if is_body else message
