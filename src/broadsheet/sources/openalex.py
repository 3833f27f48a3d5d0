"""Works of OpenAlex: its API, and the parts of its snapshot.

Fields: https://docs.openalex.org/api-entities/works/work-object. Abstracts come as the places of
each word; many have none. What stands behind a work's locations are copies of it: their ids are
its ids.

The API pages by a cursor that never expires. What a pass asks for is a choice between evils: the
filters by the day of creation or change need a paid plan; that by the day of publication is free,
but OpenAlex learns of many papers late, so each pass reads two weeks again. A work that was merged
into another answers 301: its record then has both ids.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record, Scheme
from broadsheet.sources import _entry, _json, _passes, _plan
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import JsonSource, kept, mapping, objects, text
from broadsheet.sources._passes import Page, reading_pass
from broadsheet.sources._plan import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading
    from broadsheet.sources._wire import Answer

NAME = "openalex"
MAX_WORDS = 100_000  # of an abstract; some are whole papers
PAGE = 100  # works of one answer; more is refused
FIRST_DAYS = 7
LOOK_BACK = {"published": 14, "created": 1, "updated": 1}
"""Days that each pass reads again, by the day by which works are found."""

_FILTERS = {
    "published": "from_publication_date",
    "created": "from_created_date",
    "updated": "from_updated_date",
}
_ONE_WORK = re.compile(r"W[1-9]\d{3,11}(?:\|W[1-9]\d{3,11})*", re.IGNORECASE)

_WORK = re.compile(r"https?://openalex\.org/W\d+", re.IGNORECASE)
_COPIES = (Scheme.ARXIV, Scheme.ACL, Scheme.OPENREVIEW, Scheme.PMID)


def is_openalex(item: dict[str, Any]) -> bool:
    """Tell whether an object is a work of OpenAlex's."""
    return isinstance(item.get("id"), str) and _WORK.fullmatch(item["id"]) is not None


def to_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return a work's fields under the names of a JSON Lines record.

    Raises:
        FieldError: the abstract's index is none.
    """
    names = _names(item)
    place = mapping(item.get("primary_location"))
    best = mapping(item.get("best_oa_location"))
    biblio = mapping(item.get("biblio"))
    return {
        **names.values(),
        "title": text(item.get("title")) or text(item.get("display_name")),
        "authors": _authors(item),
        "abstract": abstract(item.get("abstract_inverted_index")),
        "published": _entry.when(item.get("publication_date"))
        or _entry.when(item.get("publication_year")),
        "venue": text(mapping(place.get("source")).get("display_name")),
        "topics": _topics(item),
        "license": text(best.get("license")) or text(place.get("license")),
        "links": _links(best, place),
        "status": "retracted" if item.get("is_retracted") is True else "",
        "extra": kept(
            {
                "kind": text(item.get("type")),
                "language": text(item.get("language")),
                "citations": item.get("cited_by_count"),
                "paratext": item.get("is_paratext") is True,
                "authors_cut": item.get("is_authors_truncated") is True,
                "volume": text(biblio.get("volume")),
                "number": text(biblio.get("issue")),
                "pages": text(biblio.get("first_page")),
                "last_page": text(biblio.get("last_page")),
            }
        ),
    }


class OpenAlex(JsonSource):
    """A file of OpenAlex's works."""

    name = NAME

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)


def parse(data: bytes, *, where: str = "answer") -> Page:
    """Return what a list of works holds, and the cursor of the next page. Never raises."""
    try:
        answer = _json.read_object(data)
    except JsonError as error:
        return Page(problem=str(error))
    if not isinstance(answer.get("results"), list):
        return Page(problem=f"the answer is no list of works: {str(answer)[:200]}")
    items = _passes.records(answer["results"], _record, source=NAME, where=where)
    token = text(mapping(answer.get("meta")).get("next_cursor")) if answer["results"] else ""
    return Page(items=tuple(items), token=token)


class Works:
    """What a filter finds, or works that are named by their ids."""

    def __init__(self, http: Http, url: str, wanted: str, *, key: str, dates: str) -> None:
        self._http = http
        self._url = url.rstrip("/") + "/works"
        self._wanted = wanted
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._filter = _FILTERS[dates]

    def page(self, since: date | None, token: str) -> Page:
        """Return one page of works.

        Raises:
            SourceError: the API does not answer, or refuses the key or the filter.
        """
        if _ONE_WORK.fullmatch(self._wanted):
            return self._named(self._wanted.upper().split("|"))
        days = (f"{self._filter}:{since}",) if since else ()
        answer = self._get(
            self._url,
            {
                "filter": ",".join((self._wanted, *days)),
                "per-page": str(PAGE),
                "cursor": token or "*",
            },
        )
        return parse(answer.body, where=f"{self._wanted[:60]} since {since or 'ever'}")

    def _named(self, ids: list[str]) -> Page:
        found: list[Record | Fault] = []
        for one in ids:
            try:
                work = _json.read_object(self._get(f"{self._url}/{one}", {}).body)
            except JsonError as error:
                return Page(problem=str(error))
            except UnreachableError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                found.append(_entry.fault(NAME, one, "OpenAlex knows no work of this id"))
                continue
            found += _passes.records([work], partial(_record, asked=one), source=NAME, where=one)
        return Page(items=tuple(found))

    def _get(self, url: str, params: Mapping[str, str]) -> Answer:
        return self._http.get(url, params=params, headers=self._headers, key="openalex_key")


def _record(item: dict[str, Any], *, asked: str = "") -> Record:
    """Return the record of a work; ``asked`` is the id under which it was, merged or not.

    Raises:
        FieldError: it is none.
    """
    values = to_values(item)
    if asked and f"openalex:{asked}" not in values["identifiers"]:
        values["identifiers"].append(f"openalex:{asked}")
    return _entry.to_record(NAME, values)


def abstract(index: Any) -> str:
    """Return the text of ``{"word": [places]}``; a place that is missing is passed over.

    Raises:
        FieldError: it is no such index, or a very long one.
    """
    if not index:
        return ""
    if not isinstance(index, dict):
        raise FieldError("abstract_inverted_index: expected an object of words and places")
    placed: list[tuple[int, str]] = []
    for word, places in index.items():
        if not isinstance(places, list) or not all(type(place) is int for place in places):
            raise FieldError("abstract_inverted_index: expected lists of whole numbers")
        placed += [(place, word) for place in places]
        if len(placed) > MAX_WORDS:
            raise FieldError(f"abstract_inverted_index: more than {MAX_WORDS:,} words")
    return " ".join(word for _, word in sorted(placed))


def _names(item: dict[str, Any]) -> Names:
    names = Names()
    names.add(item.get("id"))
    given = mapping(item.get("ids"))
    for doi in (item.get("doi"), given.get("doi")):
        names.add_doi(doi)
    names.add(given.get("pmid"))
    places = [item.get("primary_location"), *objects(item.get("locations"))]
    for place in map(mapping, places):
        for url in (place.get("landing_page_url"), place.get("pdf_url")):
            names.add(url, only=_COPIES)
    return names


def _authors(item: dict[str, Any]) -> list[str]:
    shown = (
        text(mapping(each.get("author")).get("display_name")) or text(each.get("raw_author_name"))
        for each in objects(item.get("authorships"))
    )
    return [name for name in shown if name]


def _topics(item: dict[str, Any]) -> list[str]:
    """Return keywords, as the newer and the older answers call them, then topics."""
    pieces = objects(item.get("keywords")) + objects(item.get("topics"))
    found = (text(each.get("display_name")) or text(each.get("keyword")) for each in pieces)
    return [name for name in found if name]


def _links(*places: dict[str, Any]) -> list[dict[str, str]]:
    found = [
        {"kind": kind, "url": url}
        for place in places
        for kind, url in (
            ("pdf", text(place.get("pdf_url"))),
            ("abstract", text(place.get("landing_page_url"))),
        )
        if url.startswith("http") and "doi.org/" not in url
    ]
    return found[:4]


def _prepare(means: Means, name: str) -> Opener:
    settings, wanted = means.settings, _plan.part(name)

    def opened(reading: Reading) -> Remote:
        works = Works(
            means.http(),
            settings.openalex_url,
            wanted,
            key=settings.openalex_key,
            dates=settings.openalex_dates,
        )
        back = LOOK_BACK[settings.openalex_dates]
        return reading_pass(name, works.page, reading, first_days=FIRST_DAYS, look_back=back)

    return opened


KIND = Kind(
    form="openalex:FILTER",
    reads="works of OpenAlex that a filter finds, or single works by their ids",
    example="openalex:primary_topic.field.id:17",
    prepare=_prepare,
    least=timedelta(hours=24),  # a pass costs money: a tenth of a cent for 1,000 works
)
