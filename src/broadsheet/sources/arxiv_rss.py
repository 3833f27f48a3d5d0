"""arXiv's announcements: one feed per category, built each night, RSS or Atom.

https://info.arxiv.org/help/rss.html and, for what it does not say, the feeds themselves:

* All four announce types are kept. New papers and cross-lists get the day of the listing as
  `announced`; replacements do not, for they are not news of that day.
* The same paper on the same day is one record, in whichever category's feed it stands.
* A feed may repeat yesterday's batch without any sign. It is compared with arXiv's calendar, and
  a batch that is missing is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from broadsheet.errors import StaleSourceError, UnreachableError
from broadsheet.model import Fault, Record
from broadsheet.sources import _arxiv, _http, _xml
from broadsheet.sources._fields import FieldError
from broadsheet.text import arxiv_calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from broadsheet.model import Observation
    from broadsheet.sources._http import Http

NAME = "arxiv"
FORM = "arxiv-rss"

_HEAD = re.compile(r"\s*arXiv:\S+(?:\s+Announce Type:\s*(?P<kind>[a-z-]+))?\s*", re.IGNORECASE)
_ABSTRACT = re.compile(r"\s*Abstract:\s*")
_ROOTS = ("feed", "rss", "RDF")
_NEWS = frozenset({"new", "cross"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one feed held."""

    day: date | None  # of its newest item; None: it is empty
    items: tuple[Record | Fault, ...]
    problem: str = ""  # where it broke off, as a sentence


def parse(data: bytes, *, where: str = "feed") -> Batch:
    """Return what a feed holds; an item that is no paper becomes a fault. Never raises."""
    items: list[Record | Fault] = []
    days: list[date] = []
    problem = ""
    try:
        for number, element in enumerate(
            _xml.elements(data, {"entry", "item"}, roots=_ROOTS), start=1
        ):
            try:
                record, day = _record(element)
            except FieldError as error:
                raw = _xml.wrapped(element, "feed")
                place = f"{where} item {number}"
                items.append(Fault(source=NAME, where=place, reason=str(error), raw=raw, form=FORM))
            else:
                items.append(record)
                days.append(day)
    except _xml.XmlError as error:
        problem = str(error)
    return Batch(day=max(days, default=None), items=tuple(items), problem=problem)


class ArxivFeed:
    """The announcement feeds of some categories.

    At week-ends they are empty. An instance that starts then, and never had a batch, is given
    what `newest` yields instead, so that its first page is no empty one.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        categories: Sequence[str],
        cursor: Mapping[str, Any],
        now: datetime,
        newest: Callable[[], Iterator[Record | Observation | Fault]] = lambda: iter(()),
    ) -> None:
        self._newest = newest
        self._http = http
        self._url = url.rstrip("/")
        self._categories = categories
        self._now = now
        self._cursor = dict(cursor)

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return NAME

    @property
    def cursor(self) -> Mapping[str, Any]:
        """By category: the day of its newest batch, and what to ask only for changes with."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what the feeds hold, each paper once.

        Raises:
            StaleSourceError: a listing is due that is not in them.
            SourceError: a feed could not be read; those before it are done.
        """
        seen: set[str] = set()
        for category in self._categories:
            for item in self._feed(category):
                if isinstance(item, Record):
                    if item.source_id in seen:
                        continue
                    seen.add(item.source_id)
                yield item
        if not any(map(self._day, self._categories)):
            yield from self._newest()
        self._check()

    def _feed(self, category: str) -> Iterator[Record | Fault]:
        known = self._cursor.get(category, {})
        url = f"{self._url}/atom/{category}"
        answer = self._http.get(url, headers=_http.conditional(known))
        if answer.status != 200:  # noqa: PLR2004  # 304: as it was
            return
        batch = parse(answer.body, where=f"{category} {self._now:%Y-%m-%d}")
        yield from batch.items
        if batch.problem:
            raise UnreachableError(f"arXiv's feed of {category}: {batch.problem}")
        day = batch.day.isoformat() if batch.day else known.get("day", "")
        self._cursor[category] = _http.validators(answer) | {"day": day}

    def _check(self) -> None:
        """Compare with the calendar.

        Raises:
            StaleSourceError: today's listing is due, and one of the feeds does not have it.
        """
        today = arxiv_calendar.today(self._now)
        if arxiv_calendar.listing(today, self._now) is not arxiv_calendar.Listing.DUE:
            return
        late = [one for one in self._categories if self._day(one) < today.isoformat()]
        if late:
            held = max(self._day(one) for one in late) or "nothing"
            raise StaleSourceError(
                f"arXiv's listing of {today} is due, but the feed of {', '.join(late)} still "
                f"shows {held}: it is asked again soon"
            )

    def _day(self, category: str) -> str:
        return str(self._cursor.get(category, {}).get("day", ""))


def _record(element: Element) -> tuple[Record, date]:
    """Return the record of an item, and the day on which it was listed.

    Raises:
        FieldError: it is none.
    """
    said = _xml.texts(element)
    name = _first(said, "id", "guid")
    day = _listed(_first(said, "published", "pubDate", "updated"))
    summary = _first(said, "summary", "description")
    head = _HEAD.match(summary)
    kind = (_first(said, "announce_type") or (head and head["kind"]) or "").lower()
    abstract = _ABSTRACT.sub("", summary[head.end() :] if head else summary, count=1)
    record = _arxiv.record(
        {
            "source_id": f"{name} {day}",
            "title": _first(said, "title"),
            "abstract": abstract,
            "authors": ", ".join(said.get("creator", [])),
            "categories": _categories(element),
            "announced": day.isoformat() if kind in _NEWS else None,
            "license": _first(said, "rights"),
            "doi": _first(said, "DOI"),
            "venue": _first(said, "journal_reference"),
        },
        label=name,
    )
    return record, day


def _first(said: Mapping[str, list[str]], *names: str) -> str:
    return next((said[name][0] for name in names if name in said), "")


def _categories(element: Element) -> list[str]:
    found = _xml.children(element).get("category", [])
    return [one.get("term") or _xml.text(one) for one in found]


def _listed(value: str) -> date:
    """Return the day that a listing names, in its own zone.

    Raises:
        FieldError: it names none.
    """
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).date()
    except (ValueError, TypeError) as error:
        raise FieldError(f"published: {value[:40]!r} is no date of a listing") from error
