"""Any feed: RSS, Atom or JSON Feed. What an item says decides which paper it is.

feedparser reads RSS and Atom in all their kinds; it mends what is broken where it can. The text
of an item is plain text here, whatever it was there.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record
from broadsheet.sources import _fields, _http, _plan
from broadsheet.sources._fields import FieldError
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
RAW_LENGTH = 500

_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one feed held."""

    items: tuple[Record | Fault, ...]
    problem: str = ""  # why it is no feed, or where it breaks off


def source_name(host: str) -> str:
    """Return the name that the records of a host's feeds carry: "feed-papers-example"."""
    return ("feed-" + _SLUG.sub("-", host.lower()).strip("-"))[:40].strip("-")


def parse(data: bytes, *, source: str = "feed", where: str = "feed") -> Batch:
    """Return what a feed holds; an item that is no paper becomes a fault. Never raises."""
    entries, problem = _json_items(data) if data.lstrip()[:1] == b"{" else _xml_items(data)
    items: list[Record | Fault] = []
    for number, values in enumerate(entries[:MAX_ITEMS], start=1):
        try:
            items.append(_record(values, source))
        except FieldError as error:
            place = f"{where} item {number}"
            raw = " | ".join(str(value) for value in values.values() if value)[:RAW_LENGTH]
            items.append(Fault(source=source, where=place, reason=str(error), raw=raw))
    return Batch(items=tuple(items), problem=problem)


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
        batch = parse(answer.body, source=self._source, where=self._url)
        yield from batch.items
        if batch.problem and not batch.items:
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


def _xml_items(data: bytes) -> tuple[list[dict[str, Any]], str]:
    """Return the items of an RSS or Atom feed as fields of a record.

    feedparser is given a stream: bytes it would take for the name of a file, if they are one.
    """
    import feedparser

    try:
        read = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # noqa: BLE001  # whatever a hostile feed makes of the parser
        return [], f"the feed cannot be read: {type(error).__name__}"
    problem = ""
    if not read.get("version"):
        problem = "this is no feed"
    elif read.bozo and not read.entries:
        problem = f"the feed is broken: {read.get('bozo_exception')}"
    return [_from_entry(entry) for entry in read.entries], problem


def _from_entry(entry: Any) -> dict[str, Any]:
    content = max((one.get("value", "") for one in entry.get("content", [])), key=len, default="")
    summary = entry.get("summary") or ""
    people = [one.get("name", "") for one in entry.get("authors", [])]
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return {
        "name": entry.get("id") or entry.get("link") or "",
        "url": entry.get("link") or "",
        "title": entry.get("title") or "",
        "abstract": max(content, summary, key=len),
        "authors": [name for name in people if name],
        "day": date(*moment[:3]).isoformat() if moment else None,
        "topics": [one.get("term") or "" for one in entry.get("tags", [])],
        "doi": entry.get("prism_doi") or entry.get("dc_identifier") or "",
        "license": entry.get("rights") or "",
    }


def _json_items(data: bytes) -> tuple[list[dict[str, Any]], str]:
    """Return the items of a JSON Feed as fields of a record."""
    try:
        read = json.loads(data)
    except (ValueError, RecursionError) as error:
        return [], f"the feed is not JSON: {str(error)[:100]}"
    items = read.get("items")
    if "jsonfeed.org" not in str(read.get("version")) or not isinstance(items, list):
        return [], "this is no JSON Feed"
    return [_from_item(item) for item in items if isinstance(item, dict)], ""


def _from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    people = item.get("authors") or [item.get("author")]
    names = [one.get("name") for one in people if isinstance(one, dict)]
    published = item.get("date_published")
    return {
        "name": str(item.get("id") or item.get("url") or ""),
        "url": item.get("external_url") or item.get("url") or "",
        "title": item.get("title") or "",
        "abstract": item.get("content_html") or item.get("content_text") or item.get("summary"),
        "authors": [name for name in names if name],
        "day": published[:10] if isinstance(published, str) else None,
        "topics": item.get("tags"),
        "doi": "",
        "license": "",
    }


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
            "published": values["day"],
            "announced": values["day"],
            "topics": values["topics"],
            "license": _short(values["license"]),
            "url": values["url"],
        },
        shelf=source,
    )


def _short(text: str) -> str:
    return text[: _fields.MAX_NAME]
