"""How does a page become bytes? Templates, what every page shows, and ETags."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from broadsheet import __version__
from broadsheet.web import marking, pieces, view
from broadsheet.web.assets import asset_url
from broadsheet.web.conditional import etag_of, is_known
from broadsheet.web.context import library_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

FOLDER = Path(__file__).parent / "templates"
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


@cache
def environment() -> Environment:
    """Return the template environment: everything escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        view.FILTERS, marked=marking.marked, excerpt=marking.excerpt, ticks=marking.ticks
    )
    made.globals.update(asset_url=asset_url, version=__version__, **view.GLOBALS, **pieces.PIECES)
    return made


def render(
    request: Request,
    template: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """Return a page made from a template; unchanged pages answer 304.

    Args:
        request: What was asked; its application names the library.
        template: A file under ``templates/``.
        status: Of the answer.
        headers: Added to the answer; they win over the usual ones.
        **values: What the template asks for, beside what every page has.
    """
    text = environment().get_template(template).render(frame(request) | values)
    text = _BIDI_CONTROLS.sub("", text)  # no name may pose as another
    body = text.encode("utf-8", errors="replace")  # a lone surrogate spoils no page
    etag = etag_of(body)
    sent = {"Cache-Control": "private, no-cache", "ETag": etag} | dict(headers or {})
    if status == 200 and is_known(request.headers, etag):  # noqa: PLR2004
        return Response(status_code=304, headers=sent)
    return Response(body, status_code=status, headers=sent, media_type="text/html")


def frame(request: Request) -> dict[str, Any]:
    """Return what the frame of every page shows; nothing here asks the store."""
    settings = library_of(request).settings
    return {
        "request": request,
        "name": settings.title,
        "path": request.url.path,
        "robots": "",
        "formulas": False,
    }
