"""Who may change what belongs to the whole instance? The one guard of every such page.

A route asks for it by ``dependencies=[ADMINISTRATOR]``; a template that shows a button only to
the administrator asks ``is_administrator(request)``.

* Where a token is set (``admin_token``), whoever signed in with it within ``STAYS``.
* Where none is set and the instance is this machine's alone (it listens on loopback and has no
  ``base_url``), whoever asks from this machine without a server in between.
* Else nobody; the answer says how to set a token.

The cookie is signed with the instance's secret and the token together: a new token ends every
sign-in, and a stolen cookie is no help in guessing the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.datastructures import MutableHeaders

from broadsheet.web import errors
from broadsheet.web.context import library_of
from broadsheet.web.security import is_loopback

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broadsheet.config import Settings

PLACE = "/admin"  # everything under it is kept from crawlers and caches
SIGN_IN = f"{PLACE}/sign-in"
STAYS = timedelta(hours=8)  # from signing in to signing in again
TRIES = 5  # wrong tokens a minute from one address
COOKIE = "broadsheet_admin"
_SALT = "administrator"
_PASSED_ON = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")
"""A request with one of these came through another server: it may be anybody's."""


def is_administrator(request: Request) -> bool:
    """Tell whether this request may change what belongs to the instance."""
    settings = library_of(request).settings
    if settings.admin_token:
        return _is_signed_in(request, settings)
    return is_local(settings) and _is_from_here(request)


def is_local(settings: Settings) -> bool:
    """Tell whether only people at this machine can reach the instance."""
    return is_loopback(settings.host) and not settings.base_url


def require_administrator(request: Request) -> None:
    """Pass the administrator; send others to sign in, or say that nobody can.

    Raises:
        ProblemError: 403, or for a page that a browser asks for 303 to the form.
    """
    if is_administrator(request):
        return
    settings = library_of(request).settings
    is_fragment = request.headers.get("hx-request") == "true"
    if not settings.admin_token:
        raise errors.ProblemError(errors.no_administrator())
    if request.method == "GET" and not is_fragment and not errors.is_program(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = {"Location": f"{SIGN_IN}?next={quote(here, safe='')}"}
        raise errors.ProblemError(errors.not_administrator(), status=303, headers=headers)
    raise errors.ProblemError(errors.not_administrator())


ADMINISTRATOR = Depends(require_administrator)


def is_token(settings: Settings, typed: str) -> bool:
    """Tell whether this is the token, in a time that says nothing about it; "" never is."""
    is_same = hmac.compare_digest(typed.encode(), settings.admin_token.encode())
    return is_same and bool(settings.admin_token)


def let_in(request: Request, response: Response) -> None:
    """Make the answer sign its receiver in."""
    library = library_of(request)
    until = int((library.clock.now() + STAYS).timestamp())
    value = _signer(library.settings).dumps({"until": until})
    is_https = _is_https(library.settings)
    response.set_cookie(
        _cookie(library.settings),
        value if isinstance(value, str) else value.decode(),
        max_age=int(STAYS.total_seconds()),
        path="/",
        secure=is_https,
        httponly=True,
        samesite="strict",
    )


def let_out(request: Request, response: Response) -> None:
    """Make the answer sign its receiver out."""
    settings = library_of(request).settings
    response.delete_cookie(
        _cookie(settings),
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="strict",
    )


def inner_path(text: str, fallback: str) -> str:
    """Return the address within this instance that a form names, else the fallback."""
    is_plain = text.isascii() and text.isprintable() and "\\" not in text
    is_ours = text.startswith("/") and not text.startswith("//")
    return text if is_plain and is_ours else fallback


def _is_signed_in(request: Request, settings: Settings) -> bool:
    try:
        payload = _signer(settings).loads(request.cookies.get(_cookie(settings), ""))
    except BadSignature:
        return False
    return datetime.fromtimestamp(payload["until"], UTC) > library_of(request).clock.now()


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(f"{settings.secret}\n{settings.admin_token}", salt=_SALT)


def _cookie(settings: Settings) -> str:
    """Return the cookie's name; behind HTTPS one that no neighbouring host can set."""
    return f"__Host-{COOKIE}" if _is_https(settings) else COOKIE


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https:")


def _is_from_here(request: Request) -> bool:
    if any(name in request.headers for name in _PASSED_ON) or request.client is None:
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class Unlisted:
    """Keep everything under ``PLACE`` out of search engines and caches, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to what comes back."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{PLACE}/"):
            await self.app(scope, receive, send)
            return

        async def send_unlisted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Robots-Tag"] = "noindex, nofollow"
                headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, send_unlisted)
