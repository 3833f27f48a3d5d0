"""Works as Crossref gives them: its API, answers of it, and the items of its public data file.

Fields: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md. A preprint that the
publisher links to is the same paper; abstracts come in JATS.

The API's cursors last five minutes, and some move on by themselves: who asks again with one gets
the next page, not the same. So a list is read in slices of time, each from its beginning, and a
run that breaks off repeats one slice. Its documentation wants incremental reading by
`from-index-date`, the only day that every change moves. A notice of retraction names the work that
it retracts; that work is asked for, and marked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record, Scheme
from broadsheet.sources import _entry, _json, _passes, _plan
from broadsheet.sources._entry import Names
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import JsonSource, kept, mapping, objects, text, texts
from broadsheet.sources._plan import Kind
from broadsheet.sources._trail import Trail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from broadsheet.model import Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

NAME = "crossref"
ROWS = 1_000  # works of one answer; more is refused
FIRST_DAYS = 7  # of creation, in the first pass
BEGAN = date(2002, 7, 1)  # no work was created before
MONTHLY = timedelta(days=92)  # longer times are read by months, not by days
CURSOR_ATTEMPTS = 3  # to read a slice whose cursor is forgotten in the middle
BROKEN_ATTEMPTS = 3  # to read an answer that is none
SELECT = (
    *("DOI", "title", "subtitle", "author", "abstract", "issued", "published", "published-online"),
    *("published-print", "posted", "created", "container-title", "event", "subject", "license"),
    *("link", "type", "publisher", "volume", "issue", "page", "is-referenced-by-count"),
    *("relation", "update-to", "updated-by", "prefix", "member"),
)

_DATES = ("published-online", "published-print", "posted", "published", "created")
_SAME_PAPER = ("is-preprint-of", "has-preprint")
_RETRACTION = re.compile(r"retract|withdraw|removal", re.IGNORECASE)
_FILTER = re.compile(r"[a-z][a-z.-]+:[^,]+(?:,[a-z][a-z.-]+:[^,]+)*")
_RETRACTED_TITLE = re.compile(r"\W*(?:retracted|withdrawn)(?: article)?\s*[:\]]", re.IGNORECASE)


def is_crossref(item: dict[str, Any]) -> bool:
    """Tell whether an object is a work of Crossref's."""
    return "DOI" in item and not {"prefix", "member"}.isdisjoint(item) and "title" in item


def to_values(item: dict[str, Any]) -> dict[str, Any]:
    """Return a work's fields under the names of a JSON Lines record."""
    names = Names()
    is_doi = names.add_doi(item.get("DOI"))
    for kind in _SAME_PAPER:
        for other in objects(mapping(item.get("relation")).get(kind)):
            if other.get("id-type") in {"doi", "arxiv"}:
                names.add(other.get("id"), only=(Scheme.DOI, Scheme.ARXIV))
    title = text(item.get("title"))
    subtitle = text(item.get("subtitle"))
    return {
        **names.values(),
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "authors": [name for name in map(person, objects(item.get("author"))) if name],
        "abstract": _entry.plain_jats(text(item.get("abstract"))),
        "published": _published(item),
        "venue": text(item.get("container-title")) or text(mapping(item.get("event")).get("name")),
        "topics": texts(item.get("subject")),
        "license": _license(item),
        "status": "retracted" if _is_retracted(item, title) else "",
        "links": _links(item),
        "extra": kept(
            {
                "doi": "" if is_doi else text(item.get("DOI")),
                "kind": text(item.get("type")),
                "publisher": text(item.get("publisher")),
                "volume": text(item.get("volume")),
                "number": text(item.get("issue")),
                "pages": text(item.get("page")),
                "language": text(item.get("language")),
                "updates": _updates(item),
                "citations": item.get("is-referenced-by-count"),
            }
        ),
    }


class Crossref(JsonSource):
    """A file of Crossref's works."""

    name = NAME

    def values(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of `to_values`."""
        return to_values(item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held."""

    items: tuple[Record | Fault, ...] = ()
    count: int = 0  # works in the answer
    cursor: str = ""  # for the next page
    retracted: tuple[str, ...] = ()  # DOIs of other works that notices here retract
    problem: str = ""  # why it is no answer at all


def parse(data: bytes, *, where: str = "answer") -> Page:
    """Return what a list of works holds. Never raises."""
    try:
        answer = _json.read_object(data)
    except JsonError as error:
        return Page(problem=str(error))
    message = mapping(answer.get("message"))
    works = message.get("items")
    if not isinstance(works, list):
        return Page(problem=f"the answer is no list of works: {str(answer)[:200]}")
    notices = [each for work in objects(works) for each in _updates(work)]
    return Page(
        items=tuple(_passes.records(works, _record, source=NAME, where=where)),
        count=len(works),
        cursor=text(message.get("next-cursor")),
        retracted=tuple(each["doi"] for each in notices if _RETRACTION.search(each["type"])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of Crossref: a filter in its language, or words."""

    text: str
    mailto: str = ""  # opens the polite pool

    @property
    def params(self) -> dict[str, str]:
        """The parameters of each question, without time."""
        name = "filter" if _FILTER.fullmatch(self.text) else "query"
        return {name: self.text} | ({"mailto": self.mailto} if self.mailto else {})


class CrossrefWorks:
    """What a filter or a query finds, slice of time by slice of time."""

    def __init__(
        self,
        http: Http,
        url: str,
        wish: Wish,
        *,
        cursor: Mapping[str, Any],
        extent: _passes.Extent,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/") + "/works"
        self._wish = wish
        self._today = extent.today
        self._cursor = dict(cursor) or self._pass("created", FIRST_DAYS)
        if extent.since or extent.is_full:
            asked = extent.since.isoformat() if extent.since else "everything"
            if self._cursor.get("asked") != asked:
                first = extent.since or BEGAN
                kind = "index" if extent.since else "created"
                self._cursor = {"by": kind, "from": first.isoformat(), "asked": asked}

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return f"{NAME}:{self._wish.text}"

    @property
    def cursor(self) -> Mapping[str, Any]:
        """By which of their days works are read, and the first day that was not read to its end."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the works of each slice.

        Raises:
            SourceError: the API does not answer, or refuses the filter.
        """
        kind, known = self._cursor["by"], dict(self._cursor)
        begun = known.setdefault("begun", self._today.isoformat())
        for first, last in slices(date.fromisoformat(known["from"]), self._today):
            yield from self._slice(kind, first, last)
            self._cursor = {**known, "from": (last + timedelta(days=1)).isoformat()}
        self._cursor = {"by": "index", "from": begun}  # that day may still change

    def _pass(self, kind: str, days: int) -> dict[str, str]:
        return {"by": kind, "from": (self._today - timedelta(days=days)).isoformat()}

    def _slice(self, kind: str, first: date, last: date) -> Iterator[Record | Fault]:
        """Yield the works of one slice; where its cursor is forgotten, from its beginning again."""
        cursor = "*"
        attempt = 1
        trail = Trail(self.name)
        where = f"{self._wish.text[:60]} {kind} {first}"
        while True:
            try:
                page = self._page(kind, (first, last), cursor, where=where)
            except UnreachableError as error:
                if error.status != HTTPStatus.NOT_FOUND or attempt == CURSOR_ATTEMPTS:
                    raise
                cursor, attempt, trail = "*", attempt + 1, Trail(self.name)
                continue
            yield from page.items
            for doi in page.retracted:
                yield self._retracted(doi)
            if page.count < ROWS or not page.cursor:
                return
            trail.follow(page.cursor, page.items)
            cursor = page.cursor

    def _page(self, kind: str, days: tuple[date, date], cursor: str, *, where: str) -> Page:
        """Return one page, whole.

        Raises:
            UnreachableError: it is no answer each time, or Crossref refuses the question.
        """
        times = f"from-{kind}-date:{days[0]},until-{kind}-date:{days[1]}"
        params = self._wish.params
        params |= {"filter": ",".join(filter(None, (params.get("filter"), times)))}
        params |= {"rows": str(ROWS), "cursor": cursor, "select": ",".join(SELECT)}
        page = Page()
        for _ in range(BROKEN_ATTEMPTS):
            page = parse(self._http.get(self._url, params=params).body, where=where)
            if not page.problem:
                return page
        raise UnreachableError(f"{self._url}: {page.problem}")

    def _retracted(self, doi: str) -> Record | Fault:
        """Return the record of a work that a notice retracts, marked."""
        try:
            params = {"mailto": self._wish.mailto} if self._wish.mailto else {}
            answer = self._http.get(f"{self._url}/{quote(doi, safe='')}", params=params)
            work = mapping(_json.read_object(answer.body).get("message"))
            values = to_values(work)
            values["status"] = "retracted"
            return _entry.to_record(NAME, values)
        except (FieldError, JsonError) as error:
            return _entry.fault(NAME, doi, error)
        except UnreachableError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return _entry.fault(NAME, doi, "a notice retracts it, and Crossref does not know it")


def slices(first: date, last: date) -> list[tuple[date, date]]:
    """Return the days from the first to the last, both included; a long time by months."""
    found: list[tuple[date, date]] = []
    while first <= last:
        end = first
        if last - first > MONTHLY:
            end = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        found.append((first, end))
        first = end + timedelta(days=1)
    return found


def _record(item: dict[str, Any]) -> Record:
    """Return the record of a work.

    Raises:
        FieldError: it is none.
    """
    return _entry.to_record(NAME, to_values(item))


def _updates(item: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return which works a notice corrects or retracts, and how."""
    given = objects(item.get("update-to"))
    return [
        {"doi": text(each.get("DOI")), "type": text(each.get("type"))}
        for each in given
        if text(each.get("DOI")) and text(each.get("DOI")) != text(item.get("DOI"))
    ]


def person(author: dict[str, Any]) -> str:
    """Return the name of one author or editor, a person's or a body's."""
    parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    name = " ".join(part for part in (text(author.get(each)) for each in parts) if part)
    return name or text(author.get("name")) or text(author.get("literal"))


def _published(item: dict[str, Any]) -> str:
    """Return the day of first publication, as finely as any date of the work knows it."""
    issued = _entry.from_parts(item.get("issued"))
    dates = [_entry.from_parts(item.get(name)) for name in _DATES]
    if not issued:
        return next(filter(None, dates), "")
    return max((each for each in [issued, *dates[:-1]] if each.startswith(issued)), key=len)


def _license(item: dict[str, Any]) -> str:
    """Return the licence of the published version, or the first one."""
    given = objects(item.get("license"))
    best = sorted(given, key=lambda each: each.get("content-version") != "vor")
    return text(best[0].get("URL")) if best else ""


def _links(item: dict[str, Any]) -> list[dict[str, str]]:
    for each in objects(item.get("link")):
        url = text(each.get("URL"))
        if each.get("content-type") == "application/pdf" and url.startswith("http"):
            return [{"kind": "pdf", "url": url}]
    return []


def _is_retracted(item: dict[str, Any], title: str) -> bool:
    notices = objects(item.get("updated-by"))
    return any(_RETRACTION.search(text(each.get("type"))) for each in notices) or bool(
        _RETRACTED_TITLE.match(title)
    )


def _prepare(means: Means, name: str) -> Opener:
    def opened(reading: Reading) -> Remote:
        return CrossrefWorks(
            means.http(),
            means.settings.crossref_url,
            Wish(text=_plan.part(name), mailto=means.settings.contact_email),
            cursor=reading.cursor,
            extent=_passes.extent(reading, first_days=FIRST_DAYS, look_back=0),
        )

    return opened


KIND = Kind(
    form="crossref:FILTER",
    reads="works of Crossref that a filter or words find, as they change: journals, proceedings, "
    "preprints; retractions",
    example="crossref:type:posted-content,prefix:10.1101",
    prepare=_prepare,
    least=timedelta(hours=12),
)
