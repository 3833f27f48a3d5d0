"""Any feed: RSS, Atom or JSON Feed. What an item says decides which paper it is.

feedparser reads RSS and Atom in all their kinds; it mends what is broken where it can. The text
of an item is plain text here, whatever it was there. Days are those of UTC. A date that is none
costs the date, not the item; a feed that breaks off is read as far as it goes, and again later.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record
from broadsheet.sources import _entry, _fields, _http, _json, _plan, biorxiv, opml
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json_source import text
from broadsheet.sources._plan import Kind
from broadsheet.sources.jsonlines import to_record
from broadsheet.text import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from broadsheet.model import Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._wire import Answer

MAX_ITEMS = 10_000
MAX_BYTES = 16 * 1024 * 1024  # unpacked
MAX_TAGS = 200_000  # each costs feedparser some 50 microseconds where they are nested
MAX_REFERENCES = 2_000_000  # "&": 7 microseconds each
MAX_ATTRIBUTES = 200  # of one tag; their time grows with their square
RAW_LENGTH = 500

_GZIP = b"\x1f\x8b"
_END = re.compile(
    rb"</(?:\w+:)?(?:rss|feed|rdf|channel)\s*>[^<]*(?:<!--.*?-->\s*)?\Z", re.IGNORECASE | re.DOTALL
)
_LONG_TAG = re.compile(rb"<[^<>]{2000,}")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[ -]?){1,4}")
_DAY_LENGTH = len("2026-03-04")
_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one feed held."""

    items: tuple[Record | Fault, ...]
    problem: str = ""  # why it is no feed, or that it breaks off


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a feed came from, and how its server called it."""

    url: str = ""  # for addresses that are relative
    media_type: str = ""  # "text/xml; charset=koi8-r"; "" where the server says nothing


def source_name(host: str) -> str:
    """Return the name that the records of a host's feeds carry: "feed-papers-example"."""
    return ("feed-" + _SLUG.sub("-", host.lower()).strip("-"))[:40].strip("-")


def parse(
    data: bytes, *, source: str = "feed", where: str = "feed", place: Place | None = None
) -> Batch:
    """Return what a feed holds; an item that is no paper becomes a fault. Never raises.

    Args:
        data: The feed, which may be packed as a file.
        source: The name that its records carry.
        where: What a fault's place begins with.
        place: Where it came from.
    """
    place = place or Place()
    if data.startswith(_GZIP):
        data = _unpacked(data)
    start = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    entries, problem = (_json_items if start[:1] == b"{" else _xml_items)(data, place)
    items: list[Record | Fault] = []
    for number, values in enumerate(entries[:MAX_ITEMS], start=1):
        try:
            items.append(_record(values, source))
        except FieldError as error:
            raw = " | ".join(str(value) for value in values.values() if value)[:RAW_LENGTH]
            items.append(
                Fault(source=source, where=f"{where} item {number}", reason=str(error), raw=raw)
            )
    if len(entries) > MAX_ITEMS:
        reason = f"the feed has more than {MAX_ITEMS:,} items; the rest was not read"
        items.append(Fault(source=source, where=where, reason=reason))
    return Batch(items=tuple(items), problem=problem)


def _unpacked(data: bytes) -> bytes:
    """Return a packed file's content, up to a limit; what is damaged as it is."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, MAX_BYTES + 1)
    except zlib.error:
        return data


class Feed:
    """One feed at one address."""

    def __init__(
        self,
        get: Callable[[str, Mapping[str, str]], Answer],
        url: str,
        *,
        source: str,
        cursor: Mapping[str, Any],
    ) -> None:
        self._get = get
        self._url = url
        self._source = source
        self._cursor = dict(cursor)

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._url

    @property
    def cursor(self) -> Mapping[str, Any]:
        """What to ask only for changes with."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what the feed holds, unless it is as it was.

        Raises:
            SourceError: it does not answer, or with something that is no feed.
        """
        answer = self._get(self._url, _http.conditional(self._cursor))
        if answer.status != 200:  # noqa: PLR2004  # 304: as it was
            return
        place = Place(url=answer.url, media_type=answer.headers.get("content-type", ""))
        batch = parse(answer.body, source=self._source, where=self._url, place=place)
        yield from batch.items
        if batch.problem:  # and nothing to ask only for changes with
            raise UnreachableError(f"{self._url}: {batch.problem}")
        self._cursor = _http.validators(answer)


def _prepare(means: Means, url: str) -> Opener:
    source = source_name(_plan.host(url))

    def opened(reading: Reading) -> Remote:
        http = means.http()
        return Feed(
            lambda address, headers: http.get(address, headers=headers, door=means.door),
            url,
            source=source,
            cursor={} if reading.is_full else reading.cursor,
        )

    return opened


KIND = Kind(
    form=_plan.WEB,
    reads="any feed: RSS, Atom or JSON Feed",
    example="https://journal.example/feed.xml",
    prepare=_prepare,
)


def _xml_items(data: bytes, place: Place) -> tuple[list[dict[str, Any]], str]:
    """Return the items of an RSS or Atom feed as fields of a record.

    feedparser is given a stream: bytes it would take for the name of a file, if they are one.
    """
    import feedparser

    if excess := _excess(data):
        return [], excess
    said = {"content-location": place.url, "content-type": _media_type(data, place)}
    try:
        read = feedparser.parse(
            io.BytesIO(data),
            response_headers=said,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001  # whatever a hostile feed makes of the parser
        return [], f"the feed cannot be read: {type(error).__name__}"
    is_broken = read.bozo and not isinstance(
        read.get("bozo_exception"), feedparser.CharacterEncodingOverride
    )
    problem = ""
    if opml.is_opml(data[:1_000]):
        problem = "this is a list of feeds: name it opml:ADDRESS"
    elif not read.get("version"):
        problem = "this is no feed"
    elif is_broken and not read.entries:
        problem = f"the feed is broken: {read.get('bozo_exception')}"
    elif is_broken and not _END.search(data[-1_000:].replace(b"\0", b"")):
        problem = "the feed breaks off; what came before is kept"
    journal = read.feed.get("prism_publicationname") or ""
    return [_from_entry(entry, journal) for entry in read.entries], problem


def _excess(data: bytes) -> str:
    """Return why a feed would cost more time or memory than any feed is worth; "" if it is fine."""
    if len(data) > MAX_BYTES:
        return f"the feed has more than {MAX_BYTES // 2**20} MiB"
    if data.count(b"<") > MAX_TAGS:
        return f"the feed has more than {MAX_TAGS:,} tags"
    if data.count(b"&") > MAX_REFERENCES:
        return f"the feed has more than {MAX_REFERENCES:,} references"
    if any(tag[0].count(b"=") > MAX_ATTRIBUTES for tag in _LONG_TAG.finditer(data)):
        return f"a tag of the feed has more than {MAX_ATTRIBUTES} attributes"
    return ""


def _media_type(data: bytes, place: Place) -> str:
    """Return how to read the bytes: by the server's charset only where the feed names none.

    A header is often the server's default and wrong for feeds; a declaration is their own.
    """
    charset = _CHARSET.search(place.media_type)
    if not charset or b"encoding" in data[:200].partition(b"?>")[0]:
        return "application/xml"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return f"application/xml; charset={charset[1]}"
    return "application/xml"


def _from_entry(entry: Any, journal: str) -> dict[str, Any]:
    content = max((one.get("value", "") for one in entry.get("content", [])), key=len, default="")
    summary = entry.get("summary") or ""
    people = [one.get("name") or "" for one in entry.get("authors", [])]
    return {
        "name": entry.get("id") or entry.get("link") or "",
        "url": entry.get("link") or "",
        "title": entry.get("title") or "",
        "abstract": biorxiv.readable(max(content, summary, key=len)),
        "authors": _paired(people[0]) if len(people) == 1 else [name for name in people if name],
        "day": _day_of_entry(entry),
        "topics": [one.get("term") or "" for one in entry.get("tags", [])],
        "doi": entry.get("prism_doi") or entry.get("dc_identifier") or "",
        "venue": entry.get("prism_publicationname") or journal,
        "license": entry.get("rights") or "",
    }


def _day_of_entry(entry: Any) -> str:
    """Return the day of an item, in UTC where its date has a zone; "" for none.

    feedparser gives up on a date without a zone, which is one nevertheless.
    """
    kind = "published" if entry.get("published") else "updated"  # asked for one by one, or it warns
    moment = entry.get(f"{kind}_parsed")
    if moment and (found := _entry.when("{:04}-{:02}-{:02}".format(*moment[:3]))):
        return found
    said = (entry.get(name) for name in (kind, "prism_publicationdate"))
    return next(filter(None, map(_entry.when, said)), "")


def _paired(names: str) -> list[str]:
    """Return "Lovelace, A., du Chatelet, E." as two names; bioRxiv's feed has all in one field."""
    pieces = [piece.strip() for piece in names.split(",") if piece.strip()]
    pairs = list(zip(pieces[::2], pieces[1::2], strict=False))
    is_list = len(pieces) == 2 * len(pairs) and all(
        given.isupper() and _INITIALS.fullmatch(given) and not family.isupper()
        for family, given in pairs
    )
    return [f"{given} {family}" for family, given in pairs] if is_list else [names] if names else []


def _json_items(data: bytes, place: Place) -> tuple[list[dict[str, Any]], str]:
    """Return the items of a JSON Feed as fields of a record."""
    try:
        read = _json.read(data)
    except _json.JsonError as error:
        return [], str(error)
    items = read.get("items")
    if "jsonfeed.org" not in str(read.get("version")) or not isinstance(items, list):
        return [], "this is no JSON Feed"
    return [_from_item(item if isinstance(item, dict) else {}, place) for item in items], ""


def _from_item(item: Mapping[str, Any], place: Place) -> dict[str, Any]:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [one.get("name") for one in people or [] if isinstance(one, dict)]
    url = text(item.get("external_url")) or text(item.get("url"))
    body = (text(item.get(name)) for name in ("content_html", "content_text", "summary"))
    dates = (_day_of_text(item.get(name)) for name in ("date_published", "date_modified"))
    return {
        "name": text(item.get("id")) or url,
        "url": _joined(place.url, url) if url else "",
        "title": text(item.get("title")),
        "abstract": next(filter(None, body), ""),
        "authors": [name for name in names if isinstance(name, str) and name],
        "day": next(filter(None, dates), ""),
        "topics": item.get("tags") if isinstance(item.get("tags"), list) else [],
        "doi": "",
        "venue": "",
        "license": "",
    }


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:  # "//[": brackets are for addresses of IPv6
        return ""


def _day_of_text(value: object) -> str:
    """Return the day of a moment as RFC 3339 writes it, in UTC; "" for none."""
    try:
        return _fields.moment_of("date", text(value)).date().isoformat()
    except FieldError:
        return _entry.when(value)


def _record(values: dict[str, Any], source: str) -> Record:
    """Return the record of an item.

    Raises:
        FieldError: it is none.
    """
    name = values["name"]
    if not isinstance(name, str) or not name:
        raise FieldError("id: the item has neither an id nor a link")
    spoken = [name, values["url"], values["doi"]]
    parsed = [ids.parse(one) for one in spoken if isinstance(one, str) and one]
    known = [str(one) for one in dict.fromkeys(filter(None, parsed))]
    return to_record(
        {
            "source": source,
            "source_id": name[: ids.MAX_LENGTH],
            "id": None if known else name,
            "identifiers": known,
            "title": values["title"],
            "abstract": values["abstract"],
            "authors": values["authors"],
            "published": values["day"] or None,
            "announced": values["day"] if len(values["day"]) == _DAY_LENGTH else None,
            "topics": values["topics"],
            "venue": _short(values["venue"]),
            "license": _short(values["license"]),
            "url": values["url"],
        },
        shelf=source,
    )


def _short(text: str) -> str:
    return text[: _fields.MAX_NAME]
