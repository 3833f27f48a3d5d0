"""Lists of feeds in OPML, as feed readers export them: addresses of sources, no papers.

http://opml.org/spec2.opml; only ``xmlUrl`` makes an outline a feed. A list on the network, or in
a file, is a source without papers: its cursor holds the addresses, and each of them becomes a
source of its own, with its own schedule and cursor, so that a dead feed stops no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from broadsheet.errors import FormatError, SettingError, UnreachableError
from broadsheet.sources import _http, _plan, _xml
from broadsheet.sources._plan import Kind
from broadsheet.sources._xml import XmlError
from broadsheet.text import links, normal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from broadsheet.model import Fault, Observation, Record
    from broadsheet.ports import Remote
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._wire import Answer

MAX_BYTES = 8 * 1024 * 1024
MAX_FEEDS = 10_000
LEAST = timedelta(hours=6)  # lists change seldom
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
        root = _root(_xml.utf8(content))
    except DefusedXmlException as error:
        raise FormatError("the list of feeds declares entities, which are not read") from error
    except (ParseError, XmlError) as error:
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


def _root(text: bytes) -> Element:
    """Return the root of a list; a lone "&", as many addresses have, is read as it was meant.

    Raises:
        ParseError: it is no XML.
        DefusedXmlException: it declares entities.
    """
    try:
        return _parsed(text)
    except ParseError:
        return _parsed(_xml.meant(text))


def _parsed(text: bytes) -> Element:
    parser = DefusedXMLParser(target=TreeBuilder(), encoding="utf-8")
    parser.feed(text)
    root: Element = parser.close()
    return root


def _within(element: Element, folders: tuple[str, ...]) -> Iterator[Feed]:
    for outline in element:
        if str(outline.tag).lower() != "outline":
            continue
        given = {name.lower(): value for name, value in outline.attrib.items()}
        title = normal.clean(given.get("title") or given.get("text") or "")[:200]
        url = _address(given.get("xmlurl", "").strip())
        if url:
            yield Feed(url=url, title=title, folders=folders)
        if len(folders) < _MAX_DEPTH:
            yield from _within(outline, (*folders, title) if title and not url else folders)


def _address(text: str) -> str | None:
    """Return the address that a text is, of a public host or of one in a private network.

    Whether the latter is read is asked when it is connected to.
    """
    url = links.address(text) or text
    try:
        _plan.host(url)
    except SettingError:
        return None
    return url if "@" not in url and url.isprintable() else None


class FeedList:
    """A list of feeds, read for the addresses in it."""

    def __init__(self, name: str, fetch: Fetch, cursor: Mapping[str, Any]) -> None:
        self._name = name
        self._fetch = fetch
        self._cursor = dict(cursor)

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The feeds, and what to ask only for changes with."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield nothing; note the feeds. Where the list cannot be read, those noted stay.

        Raises:
            SourceError: it cannot be read, or names no feed.
        """
        content, marks = self._fetch(self._cursor)
        if content is not None:
            try:
                found = [feed.url for feed in feeds(content)]
            except FormatError as error:
                raise FormatError(f"{self._name}: {error}") from error
            if not found:
                raise FormatError(f"{self._name}: the list names no feed")
            self._cursor = {**marks, "feeds": found}
        yield from ()


def names(cursor: Mapping[str, Any]) -> list[str]:
    """Return the addresses of the feeds that the last reading of a list found."""
    found = cursor.get("feeds")
    return [url for url in found if isinstance(url, str)] if isinstance(found, list) else []


Fetch = Callable[[Mapping[str, Any]], tuple[bytes | None, dict[str, Any]]]
"""Takes a cursor; returns the list, None where it is as it was, and what to ask with next time."""


def _prepare(means: Means, name: str) -> Opener:
    place = _plan.part(name)
    if place.startswith(("http://", "https://")):
        _plan.host(place)
    elif not Path(place).is_absolute():
        raise SettingError(
            f"sources: opml: takes an address or the whole path of a file, not {place[:80]!r}",
            field="sources",
        )

    def opened(reading: Reading) -> Remote:
        fetch = _from_web(means, place) if "://" in place[:8] else _from_file(Path(place))
        return FeedList(name, fetch, {} if reading.is_full else reading.cursor)

    return opened


def _from_web(means: Means, url: str) -> Fetch:
    http = means.http()

    def fetch(cursor: Mapping[str, Any]) -> tuple[bytes | None, dict[str, Any]]:
        answer: Answer = http.get(url, headers=_http.conditional(cursor), door=means.door)
        if answer.status != 200:  # noqa: PLR2004  # 304: as it was
            return None, {}
        return answer.body, _http.validators(answer)

    return fetch


def _from_file(path: Path) -> Fetch:
    def fetch(_cursor: Mapping[str, Any]) -> tuple[bytes | None, dict[str, Any]]:
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1), {}
        except OSError as error:
            raise UnreachableError(f"{path} cannot be read: {error.strerror}") from error

    return fetch


KIND = Kind(
    form="opml:https://...",
    reads="the feeds that a list in OPML names, each as a source of its own; a file's path may "
    "stand in place of the address",
    example="opml:https://reader.example/feeds.opml",
    prepare=_prepare,
    least=LEAST,
    names=names,
)
