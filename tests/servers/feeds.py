"""Feeds and lists of them on loopback: RSS and OPML, each with an ETag."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass
class Feeds:
    """What is at which path; a path in `dead` answers 500."""

    pages: dict[str, bytes] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    server: Server | None = None

    def answer(self, asked: Asked) -> Said:
        """Answer with a page, or with 304 where it is as it was."""
        if asked.path in self.dead:
            return Said(status=500)
        page = self.pages.get(asked.path)
        if page is None:
            return Said(status=404)
        etag = f'"{hashlib.sha256(page).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == etag:
            return Said(status=304)
        return Said(body=page, headers={"ETag": etag, "Content-Type": "text/xml; charset=utf-8"})

    def put_feed(self, path: str, *titles: str) -> str:
        """Put a feed there; return its address."""
        items = "".join(
            f"<item><title>{escape(title)}</title><guid>{path}-{number}</guid></item>"
            for number, title in enumerate(titles)
        )
        channel = f"<channel><title>Wells</title>{items}</channel>"
        self.pages[path] = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'.encode()
        return self.address(path)

    def put_list(self, path: str, urls: Sequence[str]) -> str:
        """Put a list of feeds there; return its address."""
        self.pages[path] = listing(urls)
        return self.address(path)

    def address(self, path: str) -> str:
        """Return the address of a path."""
        assert self.server is not None
        return self.server.url + path


def listing(urls: Sequence[str]) -> bytes:
    """Return a list as feed readers export it: in folders, with titles."""
    outlines = "".join(f'<outline type="rss" text="Feed" xmlUrl={quoteattr(url)}/>' for url in urls)
    folder = f'<outline text="Wells">{outlines}</outline>'
    head = "<head><title>Subscriptions</title></head>"
    return f'<?xml version="1.0"?><opml version="2.0">{head}<body>{folder}</body></opml>'.encode()


@contextmanager
def feeds() -> Iterator[Feeds]:
    """Run a server of feeds on loopback."""
    held = Feeds()
    with serving(held.answer) as server:
        held.server = server
        yield held
