"""Where does a reader go after a change? Back to where the button was pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from starlette.responses import RedirectResponse

from broadsheet.errors import UsageError

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.responses import Response

SEE_OTHER = 303


def back(request: Request, fallback: str, *, anchor: str = "") -> Response:
    """Return a redirect to the page the form stood on, if that was one of ours.

    Only path and query of the Referer are used, so it leads nowhere else.
    """
    parts = urlsplit(request.headers.get("referer", ""))
    is_ours = parts.netloc == request.headers.get("host") and parts.path.startswith("/")
    target = (
        urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, "")) if is_ours else fallback
    )
    return RedirectResponse(f"{target}#{anchor}" if anchor else target, SEE_OTHER)


def is_fragment(request: Request) -> bool:
    """Tell whether htmx asks, which wants the changed piece only."""
    return request.headers.get("hx-request") == "true"


def read_switch(text: str) -> bool:
    """Read the ``on`` of a form: "1" or "0".

    Raises:
        UsageError: it is neither.
    """
    if text not in {"0", "1"}:
        raise UsageError(f"on must be 1 or 0, not {text[:40]!r}", field="on")
    return text == "1"
