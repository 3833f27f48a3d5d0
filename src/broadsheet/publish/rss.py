"""A feed as RSS 2.0, with the Atom links that the RSS Advisory Board's profile recommends."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from broadsheet.publish import atom, xml

if TYPE_CHECKING:
    from broadsheet.publish.feed import Entry, Feed

MEDIA_TYPE = "application/rss+xml"
_DC = "http://purl.org/dc/elements/1.1/"


def render(feed: Feed, /) -> bytes:
    """Return the feed as one RSS document."""
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": xml.ATOM, "xmlns:dc": _DC})
    channel = xml.add(root, "channel")
    xml.add(channel, "title", feed.title)
    xml.add(channel, "link", feed.url)
    xml.add(channel, "description", feed.subtitle or feed.title)  # must be there
    xml.add(channel, "language", "en")
    xml.add(channel, "lastBuildDate", format_datetime(feed.updated))
    xml.add(channel, "generator", "Broadsheet")
    for relation, url in atom.links(feed):
        link = {"rel": relation, "type": MEDIA_TYPE, "href": url}
        xml.add(channel, "atom:link", None, link)
    for entry in feed.entries:
        _add_item(channel, entry)
    return xml.document(root)


def _add_item(channel: ET.Element, entry: Entry) -> None:
    item = xml.add(channel, "item")
    xml.add(item, "title", entry.title)
    xml.add(item, "link", entry.url)
    xml.add(item, "guid", entry.id, {"isPermaLink": "false"})
    xml.add(item, "pubDate", format_datetime(entry.published))
    for name in entry.authors:
        xml.add(item, "dc:creator", name)  # RSS's own <author> is a mail address
    for topic in entry.topics:
        xml.add(item, "category", topic)
    xml.add(item, "description", entry.html)
