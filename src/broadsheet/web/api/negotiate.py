"""Does the asker want Markdown? ``Accept: text/markdown`` on a paper's page gives its ``.md``.

Agents ask so. A browser, which accepts HTML, never gets it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A paper's page, not a list of papers and not a file: the first word tells.
_PAPER = re.compile(r"/papers/(?!(?:date|week|month)/|trending\Z|submit\Z)(?P<name>.*[^/])\Z")
_FILE = re.compile(r"\.(?:md|json|bib|ris|atom|rss)\Z")


class Negotiate:
    """Middleware that leads a wish for Markdown to the paper's Markdown."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, at the path with ``.md`` when that is what it wants."""
        if scope["type"] != "http" or not is_negotiable(scope["path"]):
            await self.app(scope, receive, send)
            return
        if wants_markdown(Headers(scope=scope).get("accept", "")):
            scope["path"] += ".md"
            scope["raw_path"] = (scope.get("raw_path") or scope["path"].encode()) + b".md"

        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).add_vary_header("Accept")
            await send(message)

        await self.app(scope, receive, varied)


def is_negotiable(path: str, /) -> bool:
    """Tell whether a path is a paper's page, which comes as HTML or as Markdown."""
    return bool(_PAPER.match(path)) and not _FILE.search(path)


def wants_markdown(accept: str, /) -> bool:
    """Tell whether an ``Accept`` header names Markdown and prefers nothing that we have to it.

    Of equal weights the one named first wins; a wildcard is no wish for Markdown.
    """
    weights: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights.setdefault(name, (_weight(parameters), -place))
    markdown = weights.get("text/markdown", (0.0, 0))
    html = max(weights.get(name, (0.0, 0)) for name in ("text/html", "application/xhtml+xml"))
    return markdown[0] > 0 and markdown > html


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
