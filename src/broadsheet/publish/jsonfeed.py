"""A feed as JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from broadsheet.publish import atom

if TYPE_CHECKING:
    from broadsheet.publish.feed import Entry, Feed

MEDIA_TYPE = "application/feed+json"


def render(feed: Feed, /) -> bytes:
    """Return the feed as one JSON document in UTF-8; a lone surrogate becomes "?"."""
    values = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.url,
        "feed_url": feed.self_url,
        "next_url": feed.next_url,
        "language": "en",
    }
    items = [_item(entry) for entry in feed.entries]
    document = {name: value for name, value in values.items() if value} | {"items": items}
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _item(entry: Entry) -> dict[str, Any]:
    values = {
        "id": entry.id,
        "url": entry.url,
        "external_url": entry.outside_url,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "date_published": atom.stamp(entry.published),
        "date_modified": atom.stamp(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(entry.topics),
    }
    return {name: value for name, value in values.items() if value}
