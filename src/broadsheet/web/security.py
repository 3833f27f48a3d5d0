"""Who may ask what? Headers, hosts, origins, sizes and rates, as middleware.

The order, from the outside: headers, HEAD, admission, compression, host, size, origin, rate.
"""

from __future__ import annotations

import ipaddress
import math
import re
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request

from broadsheet.web import errors
from broadsheet.web.admission import Admission

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broadsheet.config import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ONE_CLICK = "/unsubscribe/"  # RFC 8058: a mail provider posts here, from anywhere
BODY_LIMIT = 1 << 20  # bytes; the longest form here is an address
MAX_ADDRESSES = 10_000  # that the rate limit remembers
MINUTE = 60.0  # seconds
GZIP_LEVEL = 4  # a page of 101 KB: 19.1 KB in 1.5 ms; 18.2 KB in 2.4 ms at 6, 21.7 KB in 0.9 at 1
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?\.?", re.ASCII)


def protect(
    app: FastAPI,
    settings: Settings,
    *,
    take: Callable[[str], float],
    answering: Callable[[], AbstractContextManager[None]],
) -> None:
    """Put every guard around an application; the last one added is the outermost.

    Args:
        app: The application.
        settings: Say at which address it is asked.
        take: Counts a write by a client's address, as ``Buckets.take`` does.
        answering: Says that somebody waits for an answer, until the block ends.
    """
    app.add_middleware(RateLimit, take=take)
    app.add_middleware(OriginCheck, base_url=settings.base_url)
    app.add_middleware(BodyLimit)
    app.add_middleware(HostCheck, base_url=settings.base_url, listens_on=settings.host)
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=GZIP_LEVEL)
    app.add_middleware(Admission, answering=answering)
    app.add_middleware(HeadRequests)
    app.add_middleware(SecurityHeaders, is_https=settings.base_url.startswith("https:"))


class HeadRequests:
    """Answer HEAD like GET without the body (RFC 9110, 9.3.2), for every address at once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask for the whole answer and pass on its head."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, send_head)


class SecurityHeaders:
    """Add the headers of ``errors.SECURITY_HEADERS`` where a handler has not set its own."""

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self.app = app
        self.headers = dict(errors.SECURITY_HEADERS)
        if is_https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the headers of what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HostCheck:
    """Answer only to names that are ours, so that no other site can pose as this one.

    A page elsewhere may point its own name at 127.0.0.1 (DNS rebinding) and then read what a
    local instance shows. Addresses in digits and ``localhost`` cannot be rebound; a name is
    accepted when it is the one in ``base_url``, or when no ``base_url`` is set and the instance
    listens beyond this machine.
    """

    def __init__(self, app: ASGIApp, *, base_url: str = "", listens_on: str = "127.0.0.1") -> None:
        self.app = app
        self.public = urlsplit(base_url).hostname
        self.takes_any_name = not base_url and not is_loopback(listens_on)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its Host is ours, else answer 400."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if self._is_ours(host):
            await self.app(scope, receive, send)
            return
        problem = errors.bad_host(host)
        await errors.answer(Request(scope), problem)(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = _host_name(host)
        if name is None:
            return False
        if _is_address(name) or name == "localhost" or name.endswith(".localhost"):
            return True
        return name == self.public or (self.takes_any_name and bool(_NAME.fullmatch(name)))


def _host_name(host: str) -> str | None:
    """Return the name in a Host header, lower case, without port; None when it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    is_whole = parts.netloc == host and not parts.path and "@" not in host
    return parts.hostname if is_whole and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine only."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


class BodyLimit:
    """Refuse bodies over ``BODY_LIMIT``, announced or not, before they fill the memory."""

    def __init__(self, app: ASGIApp, *, limit: int = BODY_LIMIT) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what it brings."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isascii() or not announced.isdigit() or int(announced) > self.limit:
            problem = errors.problem_of(413)
            await errors.answer(Request(scope), problem)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


class OriginCheck:
    """Refuse writes that another site's page asks for (CSRF).

    Browsers say where a request comes from: ``Sec-Fetch-Site``, or ``Origin`` in older ones.
    A request with neither is no browser's (a script, curl) and carries nobody's session.
    """

    def __init__(self, app: ASGIApp, *, base_url: str = "") -> None:
        self.app = app
        self.public = urlsplit(base_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it is safe, ours, or no browser's; else answer 403."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or self._is_welcome(scope):
            await self.app(scope, receive, send)
            return
        problem = errors.cross_site()
        await errors.answer(Request(scope), problem)(scope, receive, send)

    def _is_welcome(self, scope: Scope) -> bool:
        if scope["path"].startswith(ONE_CLICK):
            return True
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is None:
            return True
        sender = urlsplit(origin).netloc.lower()
        return bool(sender) and sender in {headers.get("host", "").lower(), self.public}


class Buckets:
    """What each client address may still do: ``limit`` a minute, refilled steadily.

    At most ``MAX_ADDRESSES`` are remembered; the one that was silent longest goes first.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self.clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, at (s)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._left)

    def take(self, address: str) -> float:
        """Take one token; return 0, or the seconds until there is one."""
        now, rate = self.clock(), self.limit / MINUTE
        with self._lock:
            tokens, at = self._left.pop(address, (float(self.limit), now))
            tokens = min(float(self.limit), tokens + (now - at) * rate)
            is_allowed = tokens >= 1
            self._left[address] = (tokens - 1 if is_allowed else tokens, now)
            if len(self._left) > MAX_ADDRESSES:
                self._left.popitem(last=False)
        return 0.0 if is_allowed else (1 - tokens) / rate


class RateLimit:
    """Allow each client address so many writes a minute; an IPv6 client is its /64 network."""

    def __init__(self, app: ASGIApp, *, take: Callable[[str], float]) -> None:
        self.app = app
        self.take = take

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429 and say when to come back."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        wait = self.take(address_of(scope))
        if wait == 0:
            await self.app(scope, receive, send)
            return
        answer = errors.answer(
            Request(scope), errors.problem_of(429), headers={"Retry-After": str(math.ceil(wait))}
        )
        await answer(scope, receive, send)


def address_of(scope: Scope) -> str:
    """Return what counts as one client: an address, of IPv6 the /64 network."""
    client = scope.get("client")
    host = client[0] if client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return host
