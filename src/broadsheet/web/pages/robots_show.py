"""``/robots.txt``: what crawlers are asked to leave alone."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

router = APIRouter(include_in_schema=False)

# Papers, editions and topics are for everybody; every search is an endless space of pages.
RULES = """User-agent: *
Disallow: /admin
Disallow: /papers?
Disallow: /shelves
Disallow: /subscribe
Disallow: /unsubscribe
"""


@router.get("/robots.txt")
async def show_robots() -> Response:
    """Answer with the rules."""
    return PlainTextResponse(RULES, headers={"Cache-Control": "public, max-age=86400"})
