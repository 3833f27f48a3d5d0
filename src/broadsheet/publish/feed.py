"""What is a feed, whatever its format? Papers made into entries, once for all three."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from broadsheet.publish import work, xml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from broadsheet.model import Paper

SPECIMEN_NOTE = "This is a specimen, written to show how Broadsheet works. It is no real paper."
# RFC 4151: an authority nobody can own (RFC 2606), so a paper has the same entry id on every
# instance and at every address, and a reader who follows two feeds sees it once.
_PAPER_TAG = "tag:broadsheet.invalid,2026:paper/"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # where no date is known, and the format demands one


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One paper in a feed. All texts are plain Unicode, except ``html``."""

    id: str  # a tag: URI, the same in every feed and on every instance
    url: str  # the paper's page
    outside_url: str | None  # where the paper itself is
    title: str
    authors: tuple[str, ...]
    summary: str  # the abstract
    html: str  # authors, facts, abstract and links, escaped
    published: datetime  # when it came into an edition: readers sort by this
    updated: datetime  # >= published; moved by a new version, never by votes
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One page of a feed."""

    id: str  # a tag: URI, the same for every page of the feed
    title: str
    subtitle: str
    url: str  # the page that shows the same list
    self_url: str  # where this document is
    entries: tuple[Entry, ...]
    updated: datetime  # of the newest entry; see ``newest``
    first_url: str | None = None  # paging by RFC 5005; None on a feed of one page
    previous_url: str | None = None
    next_url: str | None = None
    archive_url: str | None = None  # the edition before this one: RFC 5005 prev-archive


def feed_id(base_url: str, path: str, /) -> str:
    """Return a tag: URI (RFC 4151) for a feed of one instance; the port is no part of it."""
    host = urlsplit(base_url).hostname or "localhost"
    authority = host if ":" not in host else "localhost"  # a tag's authority is no IPv6 address
    return f"tag:{authority},2026:{quote(path, safe='/:@!$()*,;=?&%', errors='replace')}"


def entry(paper: Paper, base_url: str, /) -> Entry:
    """Make a paper an entry; a specimen says so in its title, its text and its topics.

    So does a paper that was withdrawn or retracted.
    """
    published = _midnight(paper.day or paper.published)
    return Entry(
        id=_PAPER_TAG + quote(paper.id, safe="/:", errors="replace"),
        url=work.page_url(paper, base_url),
        outside_url=work.outside_url(paper),
        title=work.headline(paper),
        authors=paper.authors,
        summary=work.abstract(paper),
        html=_html(paper, work.page_url(paper, base_url)),
        published=published,
        updated=max(published, _midnight(paper.updated)),
        topics=tuple(
            work.unique(
                [
                    *(["specimen"] if paper.is_specimen else []),
                    *([paper.status.value] if paper.status else []),
                    *paper.categories,
                    *paper.topics,
                ]
            )
        ),
    )


def newest(entries: Iterable[Entry], /, *, at_least: date | None = None) -> datetime:
    """Return when the feed last changed in a way worth telling: its newest entry's update."""
    return max((one.updated for one in entries), default=_midnight(at_least))


def _midnight(day: date | None) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC) if day else _NEVER


def _html(paper: Paper, url: str) -> str:
    root = ET.Element("div")
    if paper.is_specimen:
        xml.add(xml.add(root, "p"), "strong", SPECIMEN_NOTE)
    elif paper.status:
        xml.add(xml.add(root, "p"), "strong", f"{work.note(paper)}.")
    if names := ", ".join(paper.authors):
        xml.add(root, "p", names)
    if facts := _facts(paper):
        xml.add(root, "p", " · ".join(facts))
    for paragraph in work.abstract(paper).split("\n\n"):
        if paragraph.strip():
            xml.add(root, "p", paragraph.strip())
    links = xml.add(root, "p")
    places = [("Paper page", url), ("Source", work.outside_url(paper))]
    places += [(link.kind.capitalize(), link.url) for link in paper.links]
    shown: set[str] = set()
    for label, place in places:
        if place and place not in shown:
            if shown:
                links[-1].tail = " · "
            xml.add(links, "a", label, {"href": place})
            shown.add(place)
    return xml.html(root)


def _facts(paper: Paper) -> list[str]:
    count = paper.author_count or 0
    return work.unique(
        [
            f"{count} authors" if count and not paper.authors else "",
            work.date_text(paper),
            paper.venue,
            ", ".join(paper.categories),
        ]
    )
