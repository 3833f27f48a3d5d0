"""A feed as Atom: RFC 4287, with the paging and archive links of RFC 5005."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from broadsheet.publish import xml

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.publish.feed import Entry, Feed

MEDIA_TYPE = "application/atom+xml"


def render(feed: Feed, /) -> bytes:
    """Return the feed as one Atom document."""
    root = ET.Element("feed", {"xmlns": xml.ATOM, "xml:lang": "en"})
    xml.add(root, "id", feed.id)
    xml.add(root, "title", feed.title)
    if feed.subtitle:
        xml.add(root, "subtitle", feed.subtitle)
    xml.add(root, "updated", stamp(feed.updated))
    xml.add(root, "generator", "Broadsheet")
    xml.add(root, "link", None, {"rel": "alternate", "type": "text/html", "href": feed.url})
    for relation, url in links(feed):
        xml.add(root, "link", None, {"rel": relation, "type": MEDIA_TYPE, "href": url})
    for entry in feed.entries:
        _add_entry(root, entry)
    return xml.document(root)


def links(feed: Feed, /) -> list[tuple[str, str]]:
    """Return (relation, URL) of the documents that belong to this one."""
    pairs = (
        ("self", feed.self_url),
        ("first", feed.first_url),
        ("previous", feed.previous_url),
        ("next", feed.next_url),
        ("prev-archive", feed.archive_url),
    )
    return [(relation, url) for relation, url in pairs if url]


def stamp(moment: datetime, /) -> str:
    """Return the moment as RFC 3339 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _add_entry(root: ET.Element, entry: Entry) -> None:
    element = xml.add(root, "entry")
    xml.add(element, "id", entry.id)
    xml.add(element, "title", entry.title, {"type": "text"})
    for name in entry.authors or ("Unknown",):  # RFC 4287, 4.1.1: somebody must have written it
        xml.add(xml.add(element, "author"), "name", name)
    xml.add(element, "published", stamp(entry.published))
    xml.add(element, "updated", stamp(entry.updated))
    alternate = {"rel": "alternate", "type": "text/html", "href": entry.url}
    xml.add(element, "link", None, alternate)
    if entry.outside_url:
        xml.add(element, "link", None, {"rel": "related", "href": entry.outside_url})
    for topic in entry.topics:
        xml.add(element, "category", None, {"term": topic})
    if entry.summary:
        xml.add(element, "summary", entry.summary, {"type": "text"})
    xml.add(element, "content", entry.html, {"type": "html"})
