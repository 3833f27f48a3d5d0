"""Feeds on loopback, as RSS, Atom and JSON Feed, and lists of them, with validators."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

AUTHOR = "Émilie du Châtelet"
MODIFIED = "Wed, 04 Mar 2026 05:00:00 GMT"


@dataclass
class Feeds:
    """A journal, whose feed is at /rss, /atom and /json, and what else was put there."""

    titles: dict[int, str] = field(default_factory=dict)  # of the journal, by number
    pages: dict[str, bytes] = field(default_factory=dict)  # by path
    dead: set[str] = field(default_factory=set)  # paths that answer 500
    server: Server | None = None
    gate: Callable[[], bool] = lambda: True  # asked before each answer; False: 500

    def answer(self, asked: Asked) -> Said:
        """Answer with a page, or with 304 where it is as it was."""
        if asked.path in self.dead or not self.gate():
            return Said(status=500)
        page = self._page(asked.path)
        if page is None:
            return Said(status=404)
        etag = f'"{hashlib.sha256(page).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == etag:
            return Said(status=304)
        kind = "application/feed+json" if page.startswith(b"{") else "text/xml; charset=utf-8"
        headers = {"ETag": etag, "Last-Modified": MODIFIED, "Content-Type": kind}
        return Said(body=page, headers=headers)

    def put_feed(self, path: str, *titles: str) -> str:
        """Put a feed there; return its address."""
        self.pages[path] = _rss({f"{path}-{n}": title for n, title in enumerate(titles)})
        return self.address(path)

    def put_list(self, path: str, urls: Sequence[str]) -> str:
        """Put a list of feeds there; return its address."""
        self.pages[path] = listing(urls)
        return self.address(path)

    def address(self, path: str) -> str:
        """Return the address of a path."""
        assert self.server is not None
        return self.server.url + path

    def _page(self, path: str) -> bytes | None:
        write = {"/rss": _rss, "/atom": _atom, "/json": _json}.get(path)
        if write is None:
            return self.pages.get(path)
        named = {f"https://doi.org/10.1000/wells.{n}": title for n, title in self.titles.items()}
        return write(named)


def _rss(titles: Mapping[str, str]) -> bytes:
    """Return a feed of papers by name."""
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{name}</link><guid>{name}</guid>"
        f"<description>We dig well {name[-3:]}.</description><dc:creator>{AUTHOR}</dc:creator>"
        "<pubDate>Tue, 03 Mar 2026 09:00:00 GMT</pubDate></item>"
        for name, title in titles.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Wells</title>'
        f"<link>https://wells.example/</link><description>x</description>{items}"
        "</channel></rss>"
    ).encode()


def _atom(titles: Mapping[str, str]) -> bytes:
    """Return the same as Atom."""
    entries = "".join(
        f'<entry><id>{name}</id><title>{escape(title)}</title><link href="{name}"/>'
        f"<summary>We dig well {name[-3:]}.</summary><author><name>{AUTHOR}</name></author>"
        "<updated>2026-03-03T09:00:00Z</updated></entry>"
        for name, title in titles.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<id>urn:wells</id><title>Wells</title><updated>2026-03-03T09:00:00Z</updated>"
        f"{entries}</feed>"
    ).encode()


def _json(titles: Mapping[str, str]) -> bytes:
    """Return the same as JSON Feed."""
    items = [
        {
            "id": name,
            "url": name,
            "title": title,
            "content_text": f"We dig well {name[-3:]}.",
            "authors": [{"name": AUTHOR}],
            "date_published": "2026-03-03T09:00:00Z",
        }
        for name, title in titles.items()
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Wells", "items": items}
    return json.dumps(feed, ensure_ascii=False).encode()


def listing(urls: Sequence[str]) -> bytes:
    """Return a list as feed readers export it: in folders, with titles."""
    text = quoteattr(f"By {AUTHOR}")
    outlines = "".join(f'<outline type="rss" text={text} xmlUrl={quoteattr(url)}/>' for url in urls)
    folder = f'<outline text="Wells">{outlines}</outline>'
    head = "<head><title>Subscriptions</title></head>"
    return (
        f'<?xml version="1.0" encoding="utf-8"?><opml version="2.0">{head}<body>{folder}</body>'
        "</opml>"
    ).encode()


@contextmanager
def feeds() -> Iterator[Feeds]:
    """Run a server of feeds on loopback."""
    held = Feeds()
    with serving(held.answer) as server:
        held.server = server
        yield held
