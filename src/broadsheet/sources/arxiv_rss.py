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
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from broadsheet.errors import StaleSourceError, UnreachableError
from broadsheet.model import FEED, Fault, Listed, Record, Scheme
from broadsheet.sources import _arxiv, _entry, _http, _xml
from broadsheet.sources._fields import FieldError
from broadsheet.text import arxiv_calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from broadsheet.model import Holding, Identifier, Observation
    from broadsheet.sources._http import Http
    from broadsheet.sources.arxiv_gaps import Gaps

NAME = "arxiv"
FORM = "arxiv-rss"
GAPS = "gaps"  # in the cursor, beside the categories

_HEAD = re.compile(r"\s*arXiv:\S+(?:\s+Announce Type:\s*(?P<kind>[a-z-]+))?\s*", re.IGNORECASE)
_ABSTRACT = re.compile(r"\s*Abstract:\s*")
_BROKEN_NAME = re.compile(r"<(?:id|guid)\b[^<>]*>\s*([^<>\s]{5,60})\s*</")
_BROKEN_KIND = re.compile(r"Announce Type:\s*([a-z-]+)", re.IGNORECASE)
_ROOTS = ("feed", "rss", "RDF")
_ITEMS = ("entry", "item")
_NEWS = frozenset({"new", "cross"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one feed held."""

    day: date | None  # of its newest item; None: it is empty
    built: date | None  # when an empty one was made
    items: tuple[Record | Fault, ...]
    news: frozenset[Identifier]  # what it announces as new or cross-listed, faults included
    problem: str = ""  # where it broke off, as a sentence


def parse(data: bytes, *, where: str = "feed") -> Batch:
    """Return what a feed holds; an item that is no paper becomes a fault. Never raises."""
    batch = _batch(_xml.elements(data, _ITEMS, roots=_ROOTS), where)
    return batch if batch.items or batch.problem else replace(batch, built=_built(data))


def salvage(data: bytes, *, where: str = "feed") -> Batch:
    """Return what a feed holds whose markup is wrong: a broken item is a fault too."""
    return _batch(_xml.salvaged(data, _ITEMS, pieces=_ITEMS, roots=_ROOTS), where)


def _batch(elements: Iterator[Element | _xml.Broken], where: str) -> Batch:
    items: list[Record | Fault] = []
    days: list[date] = []
    news: set[Identifier] = set()
    problem = ""
    try:
        for number, element in enumerate(elements, start=1):
            if isinstance(element, _xml.Broken):
                items.append(_entry.broken(NAME, f"{where} item", element))
                news |= _broken_news(element.raw)
                continue
            said = _xml.texts(element)
            name = _arxiv.named(_first(said, "id", "guid").rpartition(":")[2])
            if name is not None and _kind(said) in _NEWS:
                news.add(name)
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
    return Batch(
        day=max(days, default=None),
        built=None,
        items=tuple(items),
        news=frozenset(news),
        problem=problem,
    )


def _built(data: bytes) -> date | None:
    """Return the day of an empty feed, in arXiv's zone, where it says when it was made."""
    for element in _xml.elements(data, {"updated", "lastBuildDate", "pubDate"}, roots=_ROOTS):
        try:
            moment = _moment(_xml.text(element))
        except FieldError:
            continue
        return arxiv_calendar.today(moment) if moment.tzinfo else moment.date()
    return None


def _kind(said: Mapping[str, list[str]]) -> str:
    """Return how an item is announced: "new", "cross", "replace", "replace-cross"; "" for none."""
    head = _HEAD.match(_first(said, "summary", "description"))
    return (_first(said, "announce_type") or (head and head["kind"]) or "").lower()


def _broken_news(raw: str) -> set[Identifier]:
    """Return what an item announces whose markup is wrong: its name is whole, if that can be told.

    It is only listed by it, so that it is missed, and asked for elsewhere.
    """
    name, kind = _BROKEN_NAME.search(raw), _BROKEN_KIND.search(raw)
    found = _arxiv.named(name[1].rpartition(":")[2]) if name else None
    return {found} if found is not None and kind and kind[1].lower() in _NEWS else set()


class ArxivFeed:
    """The announcement feeds of some categories, and what they should have held.

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
        holdings: Callable[[], Sequence[Holding]] = tuple,
        gaps: Gaps | None = None,
    ) -> None:
        self._newest = newest
        self._http = http
        self._url = url.rstrip("/")
        self._categories = categories
        self._now = now
        self._cursor = dict(cursor)
        self._holdings = holdings
        self._gaps = gaps
        self._broken: list[UnreachableError] = []

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return NAME

    @property
    def cursor(self) -> Mapping[str, Any]:
        """By category: the day of its newest batch, and what to ask only for changes with.

        Beside them, under a name that no category has, what the gaps remember.
        """
        noticed = {} if self._gaps is None else {GAPS: dict(self._gaps.noticed)}
        return {**self._cursor, **{name: kept for name, kept in noticed.items() if kept}}

    def read(self) -> Iterator[Record | Observation | Fault | Listed]:
        """Yield what the feeds hold, each paper once, then what fills gaps.

        Raises:
            StaleSourceError: a listing is due that is not in them.
            SourceError: a feed could not be read; the others are done.
        """
        self._cursor.pop(GAPS, None)
        seen: set[str] = set()
        for category in self._categories:
            for item in self._tried(category):
                if isinstance(item, Record):
                    if item.source_id in seen:
                        continue
                    seen.add(item.source_id)
                yield item
        has_batch = any(self._cursor.get(one, {}).get("day") for one in self._categories)
        if not self._broken and not has_batch:
            yield from self._newest()
        if self._gaps is not None:
            newest = {one: self._day(one) for one in self._categories}
            yield from self._gaps.fill(self._holdings(), newest)
        if self._broken:
            raise self._broken[0]
        self._check()

    def _tried(self, category: str) -> Iterator[Record | Fault | Listed]:
        """Yield one feed; where only this one is broken, keep the error for later.

        Raises:
            SourceError: the others would fare no better.
        """
        try:
            yield from self._feed(category)
        except UnreachableError as error:
            if error.status is None or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            self._broken.append(error)

    def _feed(self, category: str) -> Iterator[Record | Fault | Listed]:
        known = self._cursor.get(category, {})
        url = f"{self._url}/atom/{category}"
        answer = self._http.get(url, headers=_http.conditional(known))
        if answer.status != HTTPStatus.OK:  # 304: as it was
            return
        where = f"{category} {self._now:%Y-%m-%d}"
        batch = parse(answer.body, where=where)
        if batch.problem:
            saved = salvage(answer.body, where=where)
            batch = saved if saved.items and not saved.problem else batch
        listed, old = self._compared(category, batch)
        if listed is not None and not batch.problem:
            yield listed
        yield from (item for item in batch.items if _named(item) not in old)
        if batch.problem:
            message = f"arXiv's feed of {category}: {batch.problem}"
            raise UnreachableError(message, status=answer.status)
        told = {"day": known.get("day", ""), "built": known.get("built", "")}
        if listed is not None:
            told["day" if batch.day else "built"] = listed.day.isoformat()
        self._cursor[category] = _http.validators(answer) | {k: v for k, v in told.items() if v}

    def _compared(self, category: str, batch: Batch) -> tuple[Listed | None, frozenset[Identifier]]:
        """Return what a batch lists, and what of it is no news.

        A paper is news in a category once. A batch of which most was in earlier ones is one of
        these again, whatever day it says: it lists nothing, and what is old in it is passed over.
        """
        day = batch.day or batch.built
        if day is None or arxiv_calendar.why_none(day):
            return None, frozenset()
        listed = Listed(source=FEED, day=day, part=category, papers=batch.news)
        earlier: frozenset[Identifier] = frozenset().union(
            *(
                one.listed.papers
                for one in self._holdings()
                if (one.listed.source, one.listed.part) == (FEED, category) and one.listed.day < day
            )
        )
        old = batch.news & earlier
        if len(old) * 2 <= len(batch.news):
            return listed, frozenset()
        return None, old

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
        """Return the day of the newest batch, be it an empty one."""
        known = self._cursor.get(category, {})
        return max(str(known.get("day", "")), str(known.get("built", "")))


def _named(item: Record | Fault) -> Identifier | None:
    if isinstance(item, Record) and item.announced:
        return next((one for one in item.identifiers if one.scheme is Scheme.ARXIV), None)
    return None


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
    abstract = _ABSTRACT.sub("", summary[head.end() :] if head else summary, count=1)
    record = _arxiv.record(
        {
            "source_id": f"{name} {day}",
            "title": _first(said, "title"),
            "abstract": abstract,
            "authors": ", ".join(said.get("creator", [])),
            "categories": _categories(element),
            "announced": day.isoformat() if _kind(said) in _NEWS else None,
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
    return _moment(value).date()


def _moment(value: str) -> datetime:
    """Return a moment as Atom or RSS writes it, in its own zone.

    Raises:
        FieldError: it is none.
    """
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError) as error:
        raise FieldError(f"published: {value[:40]!r} is no date of a listing") from error
