"""bioRxiv and medRxiv, by their JSON API: preprints by day of posting, and where they appeared.

https://api.biorxiv.org. ``/details`` lists every version as a row of its own under one DOI;
``/pubs`` lists what journals published lately, which old rows of ``/details`` learn, but nobody
asks for them again. Both count in `messages` and give 30 or 100 rows an answer: the next page
begins behind what came. There is no search by words, and no published limit of requests.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from broadsheet.model import Fault, Record, Scheme, Status
from broadsheet.sources import _entry, _json, _plan
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import kept, mapping, objects, text
from broadsheet.sources._plan import Kind
from broadsheet.sources._walk import Pace, Page, Stretch, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from broadsheet.model import Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

LEAST = timedelta(hours=6)  # they post once a day, and the last three days are read again
LISTS = ("details", "pubs")
_PACES = {
    "biorxiv": Pace(began=date(2013, 11, 1), days=7),
    "medrxiv": Pace(began=date(2019, 6, 1), days=7),
}
_TITLES = {"biorxiv": "bioRxiv", "medrxiv": "medRxiv"}
_NOTHING = "NA"
_DIGITS = 10  # of the largest count, and one more
_EMPTY = re.compile(r"no (?:posts|articles|papers|results?) (?:were )?found", re.IGNORECASE)
_WITHDRAWN = re.compile(
    r"\W*withdrawn\b|\W*(?:this (?:manuscript|preprint|article|paper) has been|the authors have) "
    r"withdrawn\b",
    re.IGNORECASE,
)
# What flattening leaves of marked-up abstracts: "O_ST_ABSBackgroundC_ST_ABSCells grow".
_FIGURE = re.compile(r"O_(FIG|TBL)\b.*?C_\1", re.DOTALL)
_HEADING = re.compile(r"O_ST_ABS(.*?)C_ST_ABS", re.DOTALL)
_MARKS = re.compile(r"[OC]_(?:SCPLOW|SCPCAP|ST_ABS|QD|TEXTBOX|INLINEFIG)")
_ITEM = re.compile(r"[OC]_LI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One of the two servers, or one of its categories."""

    server: str  # "biorxiv", "medrxiv"
    category: str = ""  # in lower case, words apart by spaces; "" for all

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return f"{self.server}:{self.category}" if self.category else self.server

    def wants(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row is of the category that is wanted."""
        category = row.get("category", row.get("preprint_category"))
        return not self.category or _plain(category) == self.category


def parse(data: bytes, shelf: Shelf, *, where: str = "answer") -> Page:
    """Return what an answer to either list holds; a row that is no paper is a fault.

    Never raises.
    """
    try:
        values = _json.read_object(data)
    except JsonError as error:
        return Page(items=(), problem=f"{_TITLES[shelf.server]}: {error}")
    said = next(iter(objects(values.get("messages"))), {})
    status = text(said.get("status")) or "no status"
    listed = values.get("collection")
    rows = listed if isinstance(listed, list) else []
    if status.lower() != "ok" and not _EMPTY.search(status):
        return Page(items=(), problem=f"{_TITLES[shelf.server]} answers: {status[:200]}")
    items: list[Record | Fault] = []
    for number, row in enumerate(rows, start=1):
        try:
            if shelf.wants(mapping(row)):
                items.append(_entry.to_record(shelf.server, _values(row, shelf.server)))
        except FieldError as error:
            place = f"{where} row {number}"
            items.append(_entry.fault(shelf.server, place, error, json.dumps(row)))
    shown, total = (_number(said.get(name)) for name in ("count", "total"))
    return Page(
        items=tuple(items),
        rows=rows,
        shown=min(shown or 0, len(rows)),  # a row that is there twice is counted once
        total=len(rows) if total is None else total,
    )


class Biorxiv:
    """One server, from the day where the last reading ended to today."""

    def __init__(self, http: Http, url: str, shelf: Shelf, reading: Reading) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._shelf = shelf
        walk = partial(Walk, today=reading.now.date(), since=reading.since, is_full=reading.is_full)
        pace = _PACES[shelf.server]
        self._walks = {one: walk(mapping(reading.cursor.get(one)), pace) for one in LISTS}

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return self._shelf.name

    @property
    def cursor(self) -> Mapping[str, Any]:
        """By list: the day, and how far its stretch was read."""
        return {one: walk.cursor for one, walk in self._walks.items()}

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield every version that was posted, then what journals published.

        Raises:
            SourceError: the service does not answer, or not with what was asked for.
        """
        for one, walk in self._walks.items():
            for page in walk.pages(self._asker(one)):
                yield from page.items

    def _asker(self, one: str) -> Callable[[Stretch], Page]:
        def ask(stretch: Stretch) -> Page:
            days = f"{stretch.first}/{stretch.last}"
            url = f"{self._url}/{one}/{self._shelf.server}/{days}/{stretch.offset}/json"
            wanted = self._shelf.category if one == "details" else ""
            answer = self._http.get(url, params={"category": wanted} if wanted else None)
            where = f"{one} {days} from {stretch.offset}"
            return parse(answer.body, self._shelf, where=where)

        return ask


def _values(row: Any, server: str) -> dict[str, Any]:
    """Return the fields of a row of either list under the names of a JSON Lines record.

    Raises:
        FieldError: it is none.
    """
    if not isinstance(row, dict):
        raise FieldError("here should be an object in {}")
    return _published(row, server) if "preprint_doi" in row else _posted(row, server)


def _posted(row: Mapping[str, Any], server: str) -> dict[str, Any]:
    """Return a row of ``/details``: one version, with the day on which it was posted."""
    names, doi = _names(row.get("doi"))
    journal = names.add(row.get("published"), only=(Scheme.DOI,))
    version = text(row.get("version")).strip()
    number = int(version) if version.isascii() and version.isdigit() else 1
    day = _entry.when(row.get("date"))
    title, abstract = text(row.get("title")), readable(text(row.get("abstract")))
    page = f"https://www.{server}.org/content/{doi}v{number}"
    return {
        "identifiers": names.values()["identifiers"],
        "source_id": f"{doi}v{number}",
        "version": number,
        "title": title,
        "abstract": abstract,
        "authors": _people(row.get("authors")),
        "published": day if number == 1 else _year(doi),
        "updated": day or None,
        "categories": _category(row.get("category")),
        "venue": _TITLES[server],
        "license": _license(text(row.get("license"))),
        "status": Status.WITHDRAWN if any(map(_WITHDRAWN.match, (title, abstract))) else "",
        "links": [
            {"kind": "abstract", "url": page},
            {"kind": "pdf", "url": f"{page}.full.pdf"},
        ],
        "extra": kept(
            {
                "kind": _said(row.get("type")),
                "institution": _said(row.get("author_corresponding_institution")),
                "corresponding": _said(row.get("author_corresponding")),
                "jatsxml": _said(row.get("jatsxml")),
                "published": "" if journal else _said(row.get("published")),
            }
        ),
    }


def _published(row: Mapping[str, Any], server: str) -> dict[str, Any]:
    """Return a row of ``/pubs``: a preprint, and the journal's DOI for it."""
    names, doi = _names(row.get("preprint_doi"))
    if not names.add(row.get("published_doi"), only=(Scheme.DOI,)):
        raise FieldError(f"published_doi: {text(row.get('published_doi'))[:80]!r} is no DOI")
    return {
        "identifiers": names.values()["identifiers"],
        "source_id": f"{doi} in print",
        "title": text(row.get("preprint_title")),
        "abstract": readable(text(row.get("preprint_abstract"))),
        "authors": _people(row.get("preprint_authors")),
        "published": _entry.when(row.get("preprint_date")),
        "categories": _category(row.get("preprint_category")),
        "venue": _said(row.get("published_journal")) or _TITLES[server],
        "extra": kept(
            {
                "in_print": _entry.when(row.get("published_date")),
                "institution": _said(row.get("preprint_author_corresponding_institution")),
                "corresponding": _said(row.get("preprint_author_corresponding")),
            }
        ),
    }


def _names(doi: object) -> tuple[Names, str]:
    """Return the names of a preprint, and its DOI.

    Raises:
        FieldError: it has none.
    """
    names = Names()
    if not names.add(doi, only=(Scheme.DOI,)):
        raise FieldError(f"doi: {text(doi)[:80]!r} is no DOI")
    return names, names.values()["identifiers"][0].removeprefix("doi:")


def _year(doi: str) -> str:
    """Return the year of the first version, which DOIs name since 2019; "" for older ones."""
    return _entry.when(doi.partition("/")[2][:10])[:4]


def _people(value: object) -> list[str]:
    return [name for name in map(_entry.turned, text(value).split(";")) if name]


def _category(value: object) -> list[str]:
    found = _said(value)
    return [found.lower()] if found else []


def _license(value: str) -> str:
    """Return "cc_by_nc" as "CC BY-NC 4.0", the form that both servers print."""
    parts = value.lower().split("_")
    if value.lower() == "cc0":
        return "CC0 1.0"
    if parts[:2] == ["cc", "by"]:
        return f"CC {'-'.join(parts[1:]).upper()} 4.0"
    return "no reuse without permission" if value.lower() == "cc_no" else _said(value)


def _number(value: object) -> int | None:
    """Return a whole number, which may be given as text; None for anything else."""
    said = text(value)
    return int(said) if said.isascii() and said.isdigit() and len(said) < _DIGITS else None


def _said(value: object) -> str:
    found = " ".join(text(value).split())
    return "" if found.upper() == _NOTHING else found


def _plain(category: object) -> str:
    return " ".join(re.split(r"[\s_]+", text(category).strip().lower()))


def readable(abstract: str) -> str:
    """Return an abstract without the marks that flattening left, its headings as paragraphs."""
    if "C_" not in abstract:
        return abstract
    text_ = _HEADING.sub(lambda found: f"\n\n{found[1].strip()}: ", _FIGURE.sub("", abstract))
    return _ITEM.sub("\n\n", _MARKS.sub("", text_)).strip()


def _prepare(server: str, means: Means, name: str) -> Opener:
    shelf = Shelf(server=server, category=_plain(_plan.part(name)))

    def opened(reading: Reading) -> Remote:
        return Biorxiv(means.http(), means.settings.biorxiv_api_url, shelf, reading)

    return opened


def _kind(server: str, example: str) -> Kind:
    title = _TITLES[server]
    return Kind(
        form=f"{server}[:CATEGORY]",
        reads=f"{title}: every version that was posted, in all categories or in one, and the DOI "
        "and journal of what was published since",
        example=f"{server}:{example}",
        prepare=partial(_prepare, server),
        least=LEAST,
    )


KINDS = (_kind("biorxiv", "neuroscience"), _kind("medrxiv", "epidemiology"))
