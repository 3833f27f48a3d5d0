"""Lists of feeds in OPML, as feed readers export them: addresses of sources, no papers.

http://opml.org/spec2.opml; only ``xmlUrl`` makes an outline a feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from broadsheet.errors import FormatError
from broadsheet.text import links, normal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

MAX_BYTES = 8 * 1024 * 1024
MAX_FEEDS = 10_000
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of a list."""

    url: str  # http or https
    title: str  # "" where the list gives none
    folders: tuple[str, ...]  # names of the outlines around it, outermost first


def is_opml(sample: bytes) -> bool:
    """Tell whether a document of OPML begins here."""
    return b"<opml" in sample.lower()


def feeds(content: bytes) -> tuple[Feed, ...]:
    """Return the feeds of a list in its order, each address once; what is no address is left out.

    Raises:
        FormatError: the document is broken, declares entities, is too large, or is no OPML.
    """
    if len(content) > MAX_BYTES:
        raise FormatError(f"the list of feeds is larger than {MAX_BYTES // 2**20} MiB")
    try:
        root = fromstring(content.strip())
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError(f"the list of feeds is no XML that can be read: {error}") from error
    if str(root.tag).lower() != "opml":
        raise FormatError("the document is no OPML")
    found: dict[str, Feed] = {}
    for body in root:
        for feed in _within(body, ()):
            found.setdefault(feed.url, feed)
            if len(found) == MAX_FEEDS:
                return tuple(found.values())
    return tuple(found.values())


def _within(element: Element, folders: tuple[str, ...]) -> Iterator[Feed]:
    for outline in element:
        if str(outline.tag).lower() != "outline":
            continue
        given = {name.lower(): value for name, value in outline.attrib.items()}
        title = normal.clean(given.get("title") or given.get("text") or "")[:200]
        url = links.address(given.get("xmlurl", "").strip())
        if url:
            yield Feed(url=url, title=title, folders=folders)
        if len(folders) < _MAX_DEPTH:
            yield from _within(outline, (*folders, title) if title and not url else folders)
