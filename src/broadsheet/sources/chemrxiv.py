"""ChemRxiv, by the public API of Cambridge Open Engage: preprints by day of publication.

https://chemrxiv.org/engage/chemrxiv/public-api/documentation. ``/items`` gives at most 50 of a
list, passes over ``skip`` of them, and fails far into long ones, so it is asked for a week at a
time. An item is the newest version of a preprint; its DOI has the version at its end. The same
API at www.cambridge.org, where no gate for browsers stands before it, holds other communities'
papers too, which are left out.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from broadsheet.model import Fault, Record, Scheme
from broadsheet.sources import _entry, _json
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import kept, mapping, objects, text, texts
from broadsheet.sources._plan import Kind
from broadsheet.sources._walk import Pace, Page, Stretch, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from broadsheet.model import Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

NAME = "chemrxiv"
ORIGIN = "chemrxiv"  # how the shared API calls the community
LIMIT = 50  # items of one answer, the most there are
LEAST = timedelta(hours=6)
PACE = Pace(began=date(2017, 8, 1), days=7)

_VERSION = re.compile(r"[-/.]v(\d{1,3})\Z")  # "-v2"; since 2026 "/v2"; until 2021 ".v2"
_YEAR = re.compile(r"/chemrxiv-(\d{4})-")
_DETAILS = "https://chemrxiv.org/engage/chemrxiv/article-details/"


def parse(data: bytes, *, where: str = "answer") -> Page:
    """Return what an answer holds; an item that is no paper is a fault. Never raises."""
    try:
        values = _json.read_object(data)
    except JsonError as error:
        return Page(items=(), problem=f"ChemRxiv: {error}")
    hits = values.get("itemHits")
    if not isinstance(hits, list):
        said = text(values.get("message")) or text(values.get("error")) or "no list of items"
        return Page(items=(), problem=f"ChemRxiv answers: {said[:200]}")
    items: list[Record | Fault] = []
    for number, hit in enumerate(hits, start=1):
        try:
            item = _item(hit)
            if (text(item.get("origin")) or ORIGIN).lower() == ORIGIN:
                items.append(_record(item))
        except FieldError as error:
            place = f"{where} item {number}"
            items.append(_entry.fault(NAME, place, error, json.dumps(hit)))
    total = values.get("totalCount")
    counted = total if type(total) is int and total >= 0 else len(hits)
    shown = min(len(hits), LIMIT)  # one that is there twice is above it
    return Page(items=tuple(items), rows=hits, shown=shown, total=counted)


class Chemrxiv:
    """ChemRxiv, from the day where the last reading ended to today."""

    def __init__(self, http: Http, url: str, reading: Reading) -> None:
        self._http = http
        self._url = url.rstrip("/") + "/items"
        self._walk = Walk(
            reading.cursor,
            PACE,
            today=reading.now.date(),
            since=reading.since,
            is_full=reading.is_full,
        )

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return NAME

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The day, and how far its stretch was read."""
        return self._walk.cursor

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the newest version of every preprint that appeared.

        Raises:
            SourceError: the service does not answer, or not with what was asked for.
        """
        for page in self._walk.pages(self._ask):
            yield from page.items

    def _ask(self, stretch: Stretch) -> Page:
        params = {
            "searchDateFrom": stretch.first.isoformat(),
            "searchDateTo": stretch.last.isoformat(),
            "sort": "PUBLISHED_DATE_ASC",
            "skip": str(stretch.offset),
            "limit": str(LIMIT),
        }
        answer = self._http.get(self._url, params=params, headers={"Accept": "application/json"})
        where = f"{stretch.first} to {stretch.last} from {stretch.offset}"
        return parse(answer.body, where=where)


def _item(hit: Any) -> dict[str, Any]:
    """Return the item of a hit.

    Raises:
        FieldError: it has none.
    """
    item = hit.get("item", hit) if isinstance(hit, dict) else None
    if not isinstance(item, dict):
        raise FieldError("item: there is none")
    return item


def _record(item: Mapping[str, Any]) -> Record:
    """Return the record of an item.

    Raises:
        FieldError: it is none.
    """
    names, doi, version = _names(item)
    day = _entry.when(item.get("publishedDate"))
    year = _YEAR.search(doi)
    place = text(item.get("id"))
    return _entry.to_record(
        NAME,
        {
            "identifiers": names.values()["identifiers"],
            "source_id": doi,
            "version": version,
            "title": text(item.get("title")),
            "abstract": text(item.get("abstract")),
            "authors": _people(item.get("authors")),
            "published": day if version == 1 else year and year[1],
            "updated": day or None,
            "categories": _named(item.get("categories")),
            "topics": texts(item.get("keywords")),
            "venue": "ChemRxiv",
            "license": text(mapping(item.get("license")).get("name")),
            "status": _status(item),
            "links": _links(item, place),
            "extra": kept(
                {
                    "kind": text(mapping(item.get("contentType")).get("name")),
                    "subject": text(mapping(item.get("subject")).get("name")),
                    "item": place,
                    "journal_url": text(mapping(item.get("vor")).get("url")),
                }
            ),
        },
    )


def _names(item: Mapping[str, Any]) -> tuple[Names, str, int]:
    """Return the names of a preprint, this version's DOI, and the version.

    The DOI without a version is that of the first: all versions share it.

    Raises:
        FieldError: it has no DOI.
    """
    own = Names()
    if not own.add(item.get("doi"), only=(Scheme.DOI,)):
        raise FieldError(f"doi: {text(item.get('doi'))[:80]!r} is no DOI")
    doi = own.values()["identifiers"][0].removeprefix("doi:")
    named = _VERSION.search(doi)
    said = text(item.get("version")).strip()
    version = int(said) if said.isascii() and said.isdigit() else int(named[1]) if named else 1
    names = Names()
    names.add(_VERSION.sub("", doi))
    names.add(doi)
    names.add(mapping(item.get("vor")).get("vorDoi"), only=(Scheme.DOI,))
    return names, doi, max(version, 1)


def _people(value: object) -> list[str]:
    parts = [(text(one.get("firstName")), text(one.get("lastName"))) for one in objects(value)]
    return [name for pair in parts if (name := " ".join(filter(None, pair)).strip())]


def _named(value: object) -> list[str]:
    return [found.lower() for one in objects(value) if (found := text(one.get("name")))]


def _status(item: Mapping[str, Any]) -> str:
    said = f"{text(item.get('status'))} {text(item.get('title'))[:12]}".casefold()
    return "withdrawn" if re.search(r"\bwithdrawn\b", said) else ""


def _links(item: Mapping[str, Any], place: str) -> list[dict[str, str]]:
    file = mapping(mapping(item.get("asset")).get("original"))
    found = [
        {"kind": "abstract", "url": _DETAILS + place if place.isalnum() else ""},
        {"kind": "pdf", "url": text(file.get("url"))},
    ]
    return [link for link in found if link["url"].startswith(("http://", "https://"))]


def _prepare(means: Means, _name: str) -> Opener:
    def opened(reading: Reading) -> Remote:
        return Chemrxiv(means.http(), means.settings.chemrxiv_api_url, reading)

    return opened


KIND = Kind(
    form=NAME,
    reads="ChemRxiv: the newest version of every preprint, and the DOI of what was published since",
    example=NAME,
    prepare=_prepare,
    least=LEAST,
)
