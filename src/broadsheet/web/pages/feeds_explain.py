"""``/feeds``: which feeds there are, and what each brings."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from broadsheet.web.context import base_url
from broadsheet.web.render import render

router = APIRouter(include_in_schema=False)

FEEDS = (
    ("Daily edition", "/feeds/daily", "", "The papers of the latest edition, hottest first."),
    ("Trending", "/feeds/trending", "", "The hottest papers of the last seven days."),
    (
        "A topic",
        "/topics/world%20models",
        "",
        "The newest papers with a keyword: the address of its page, and the format behind it.",
    ),
    (
        "An author",
        "/authors/Ada%20Lovelace",
        "",
        "The newest papers of everybody who goes by a name, in the same way.",
    ),
    (
        "A search",
        "/papers",
        "?q=correlated+features",
        "Every search is a feed: take the address of its page and put the format behind /papers.",
    ),
)
FORMATS = (("Atom", ".atom"), ("RSS", ".rss"), ("JSON Feed", ".json"))


@router.get("/feeds")
def explain_feeds(request: Request) -> Response:
    """Explain the feeds."""
    return render(request, "feeds.html", feeds=FEEDS, formats=FORMATS, base_url=base_url(request))
