"""arXiv's query API: Atom, at most 2,000 entries an answer and 30,000 in all.

https://info.arxiv.org/help/api/user-manual.html. ``published`` is the day of version 1,
``updated`` of this one. Deep in a long answer the API sends empty pages now and then: such a
page is asked for again. An error comes as an entry of its own, and is one here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record
from broadsheet.sources import _arxiv, _entry, _xml
from broadsheet.sources._fields import FieldError
from broadsheet.sources._trail import Trail

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from datetime import date
    from xml.etree.ElementTree import Element

    from broadsheet.model import Observation
    from broadsheet.sources._http import Http
    from broadsheet.text.arxiv_calendar import Window

    Part = tuple[str, ...]
    """A span of submission, (first, last) minute; () is all."""

NAME = "arxiv-api"
PAGE = 500  # entries of one answer: 2,000 are allowed, and often time out
MAX_RESULTS = 30_000  # of one query; more is answered with 400
IDS = 100  # of one question by id
MINUTE = timedelta(minutes=1)
FIRST_MOMENT = "199107010000"  # before arXiv began
FIRST_TIME = 2_000  # entries of a query that is read for the first time
EMPTY_ATTEMPTS = 3
FORM = "arxiv-atom"
RAW_LENGTH = 500

_ROOTS = ("feed",)
_WANTED = frozenset({"entry", "totalResults"})
_ERRORS = re.compile(r"arxiv\.org/api/errors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held."""

    items: tuple[Record | Fault, ...]
    total: int | None  # entries of the whole answer, where it says
    error: str = ""  # what the API says is wrong with the question
    problem: str = ""  # where the XML broke off

    @property
    def oldest(self) -> str:
        """The earliest day on which one of its papers was updated; "" without any."""
        days = (item.updated for item in self.items if isinstance(item, Record))
        return min((day.isoformat() for day in days if day), default="")

    @property
    def newest(self) -> str:
        """The latest such day; "" without any."""
        days = (item.updated for item in self.items if isinstance(item, Record))
        return max((day.isoformat() for day in days if day), default="")


def parse(data: bytes, *, where: str = "answer") -> Page:
    """Return what an answer holds; an entry that is no paper becomes a fault. Never raises."""
    return _page(_xml.elements(data, _WANTED, roots=_ROOTS), where)


def salvage(data: bytes, *, where: str = "answer") -> Page:
    """Return what an answer holds whose markup is wrong: a broken entry is a fault too."""
    return _page(_xml.salvaged(data, _WANTED, pieces=("entry",), roots=_ROOTS), where)


def _page(elements: Iterator[Element | _xml.Broken], where: str) -> Page:
    items: list[Record | Fault] = []
    total: int | None = None
    error = problem = ""
    try:
        for element in elements:
            if isinstance(element, _xml.Broken):
                items.append(_entry.broken(_arxiv.SOURCE, f"{where} entry", element))
                continue
            if _xml.local(element) == "totalResults":
                said = _xml.text(element)
                total = int(said) if said.isascii() and said.isdigit() else None
                continue
            try:
                items.append(_record(element))
            except FieldError as found:
                reason = str(found)
                if _ERRORS.search(" ".join(_xml.texts(element).get("id", []))):
                    error = " ".join(_xml.texts(element).get("summary", ["an error"]))[:RAW_LENGTH]
                    reason = f"arXiv answers with an error: {error}"
                raw = _xml.wrapped(element, "feed")
                place = f"{where} entry {len(items) + 1}"
                items.append(
                    Fault(source=_arxiv.SOURCE, where=place, reason=reason, raw=raw, form=FORM)
                )
    except _xml.XmlError as found:
        problem = str(found)
    return Page(items=tuple(items), total=total, error=error, problem=problem)


class ArxivQuery:
    """A query to arXiv, read from the newest change back to where the last reading began.

    An answer ends at 30,000 entries. What has more is cut in two by the time of submission, and
    again, until each part can be read to its end; for `lastUpdatedDate:[A TO B]` is no way to do
    that: it compares with the time of submission too, whatever its name says.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        query: str,
        cursor: Mapping[str, Any],
        now: datetime,
        since: date | None = None,
        is_full: bool = False,
        first_time: int = FIRST_TIME,
    ) -> None:
        self._http = http
        self._url = url
        self._query = query
        self._cursor = dict(cursor)
        known = "" if is_full else str(cursor.get("updated", ""))
        self._until = since.isoformat() if since else known
        self._most = first_time if not self._until and not is_full else MAX_RESULTS
        self._is_cut = self._most == MAX_RESULTS  # not just a first look at what is newest
        self._all = (FIRST_MOMENT, f"{now:%Y%m%d%H%M}")
        asked = self._until or ("everything" if is_full else "")
        if self._cursor.get("going", {}).get("asked") != asked:
            self._cursor.pop("going", None)
        self._asked = asked

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return f"{NAME}:{self._query}"

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The newest day of change that was read to its end; and of a long reading, the rest."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what the query finds, newest change first within each part.

        Raises:
            SourceError: the API does not answer, or not to this query.
        """
        going = self._cursor.get("going", {})
        newest = str(going.get("newest", ""))
        parts = [tuple(part) for part in going.get("parts", [])] or [()]
        while parts:
            part = parts.pop()
            page = self._page(0, self._limit(0), part)
            newest = max(newest, page.newest)
            is_too_much = not self._until and (page.total or 0) > MAX_RESULTS
            if (self._is_cut and is_too_much) or not (yield from self._part(page, part)):
                parts += self._halves(part)
            if parts:
                rest = {"asked": self._asked, "newest": newest, "parts": [*parts]}
                self._cursor["going"] = rest
        self._cursor.pop("going", None)
        if newest:
            self._cursor["updated"] = newest

    def _part(self, page: Page, part: Part) -> Generator[Record | Fault, None, bool]:
        """Yield one part from its first page on; return whether that was all that is wanted.

        Raises:
            UnreachableError: a page stands at two places, so others are hidden.
        """
        start = 0
        trail = Trail(f"arXiv's answer to {self._query!r}")
        while True:
            if trail.knows([one for one in page.items if isinstance(one, Record)]):
                raise trail.circle()
            yield from page.items
            start += len(page.items)
            is_old = bool(self._until) and page.oldest < self._until
            if not page.items or is_old or (page.total is not None and start >= page.total):
                return True
            if start >= self._most:
                return not self._is_cut
            page = self._page(start, self._limit(start), part)

    def _halves(self, part: Part) -> list[Part]:
        """Return a part cut in two by time, the newer half last, for that is read first.

        Raises:
            UnreachableError: one minute of submissions is too much.
        """
        first, last = (_moment(end) for end in (part or self._all))
        middle = (first + (last - first) / 2).replace(second=0, microsecond=0)
        if first >= last:
            raise UnreachableError(
                f"arXiv has more than {MAX_RESULTS:,} answers to {self._query!r} of one minute"
            )
        return [
            (f"{first:%Y%m%d%H%M}", f"{middle:%Y%m%d%H%M}"),
            (f"{middle + MINUTE:%Y%m%d%H%M}", f"{last:%Y%m%d%H%M}"),
        ]

    def _limit(self, start: int) -> int:
        return min(PAGE, self._most - start)

    def _page(self, start: int, limit: int, part: Part) -> Page:
        query = self._query
        if part:
            query = f"({query}) AND submittedDate:[{part[0]} TO {part[1]}]"
        return ask(
            self._http,
            self._url,
            {
                "search_query": query,
                "start": str(start),
                "max_results": str(limit),
                "sortBy": "lastUpdatedDate",
                "sortOrder": "descending",
            },
        )


def ask(http: Http, url: str, params: Mapping[str, str]) -> Page:
    """Return one page; an empty or broken one is asked for again, then read as far as it is good.

    Raises:
        UnreachableError: it stays empty, or is no answer.
    """
    question, start = params.get("search_query", ""), int(params.get("start", 0))
    where = f"{question[:60] or 'papers'} from {start}"
    for _ in range(EMPTY_ATTEMPTS):
        answer = http.get(url, params=params)
        page = parse(answer.body, where=where)
        if page.error:
            raise UnreachableError(f"arXiv refuses the query {question!r}: {page.error}")
        if not page.problem and (page.items or start >= (page.total or 0)):
            return page
    saved = salvage(answer.body, where=where)
    if saved.items and not saved.problem and not saved.error:
        return saved
    what = page.problem or "the page is empty"
    raise UnreachableError(f"arXiv's answer from {start} on cannot be used: {what}")


def papers(http: Http, url: str, names: Sequence[str]) -> Iterator[Record | Fault]:
    """Yield papers by their arXiv ids, asked for a hundred at a time; an unknown one is left out.

    Raises:
        SourceError: the API does not answer.
    """
    for start in range(0, len(names), IDS):
        some = names[start : start + IDS]
        yield from ask(http, url, {"id_list": ",".join(some), "max_results": str(IDS)}).items


def submitted(http: Http, url: str, *, category: str, window: Window) -> Iterator[Record | Fault]:
    """Yield the papers of a category that were submitted within a window, newest first.

    Raises:
        SourceError: the API does not answer; or they are more than it can tell.
    """
    last = window.end - MINUTE
    query = f"cat:{category} AND submittedDate:[{window.start:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]"
    params = {"search_query": query, "sortBy": "submittedDate", "sortOrder": "descending"}
    start = 0
    while start < MAX_RESULTS:
        page = ask(http, url, params | {"start": str(start), "max_results": str(PAGE)})
        yield from page.items
        start += len(page.items)
        if not page.items or start >= (page.total or 0):
            return
    raise UnreachableError(f"arXiv has more than {MAX_RESULTS:,} answers to {query!r}")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC)


def _record(element: Element) -> Record:
    """Return the record of an entry.

    Raises:
        FieldError: it is none.
    """
    said = _xml.texts(element)
    known = _xml.children(element)
    name = _first(said, "id")
    terms = [one.get("term") or "" for one in known.get("category", [])]
    primary = next((one.get("term") for one in known.get("primary_category", [])), None)
    authors = [_first(_xml.texts(one), "name") for one in known.get("author", [])]
    return _arxiv.record(
        {
            "source_id": name,
            "title": _first(said, "title"),
            "abstract": _first(said, "summary"),
            "authors": authors,
            "primary_category": primary,
            "categories": [term for term in terms if term],
            "published": _first(said, "published"),
            "submitted": _aware(_first(said, "published")),
            "updated": _first(said, "updated"),
            "comment": _first(said, "comment"),
            "venue": _first(said, "journal_ref"),
            "doi": _first(said, "doi"),
        },
        label=name,
    )


def _aware(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _first(said: Mapping[str, list[str]], name: str) -> str:
    return said[name][0] if name in said else ""
