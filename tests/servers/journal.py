"""A journal's feed on loopback, as RSS, Atom and JSON Feed, with validators."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.servers.http import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHOR = "Émilie du Châtelet"
MODIFIED = "Wed, 04 Mar 2026 05:00:00 GMT"


@dataclass
class Journal:
    """What the journal published: titles by number."""

    titles: dict[int, str] = field(default_factory=dict)
    server: Server | None = None

    def answer(self, asked: Asked) -> Said:
        """Answer with the feed that the path names, or 304."""
        write = {"/rss": self._rss, "/atom": self._atom, "/json": self._json}.get(asked.path)
        if write is None:
            return Said(status=404)
        body = write()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == etag:
            return Said(status=304)
        return Said(body=body, headers={"ETag": etag, "Last-Modified": MODIFIED})

    def _rss(self) -> bytes:
        items = "".join(
            f"<item><title>{escape(title)}</title><link>{_link(number)}</link>"
            f"<guid>{_link(number)}</guid><description>We dig well {number}.</description>"
            f"<dc:creator>{AUTHOR}</dc:creator><pubDate>Tue, 03 Mar 2026 09:00:00 GMT</pubDate>"
            "</item>"
            for number, title in self.titles.items()
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Wells</title>'
            f"<link>https://wells.example/</link><description>x</description>{items}"
            "</channel></rss>"
        ).encode()

    def _atom(self) -> bytes:
        entries = "".join(
            f"<entry><id>{_link(number)}</id><title>{escape(title)}</title>"
            f'<link href="{_link(number)}"/><summary>We dig well {number}.</summary>'
            f"<author><name>{AUTHOR}</name></author><updated>2026-03-03T09:00:00Z</updated></entry>"
            for number, title in self.titles.items()
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
            "<id>urn:wells</id><title>Wells</title><updated>2026-03-03T09:00:00Z</updated>"
            f"{entries}</feed>"
        ).encode()

    def _json(self) -> bytes:
        items = [
            {
                "id": _link(number),
                "url": _link(number),
                "title": title,
                "content_text": f"We dig well {number}.",
                "authors": [{"name": AUTHOR}],
                "date_published": "2026-03-03T09:00:00Z",
            }
            for number, title in self.titles.items()
        ]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Wells", "items": items}
        return json.dumps(feed, ensure_ascii=False).encode()


def _link(number: int) -> str:
    return f"https://doi.org/10.1000/wells.{number}"


@contextmanager
def journal() -> Iterator[Journal]:
    """Run a journal on loopback."""
    held = Journal()
    with serving(held.answer) as server:
        held.server = server
        yield held
