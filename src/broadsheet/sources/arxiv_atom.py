"""arXiv's query API: Atom, at most 2,000 entries an answer and 30,000 in all.

https://info.arxiv.org/help/api/user-manual.html. ``published`` is the day of version 1,
``updated`` of this one. Deep in a long answer the API sends empty pages now and then: such a
page is asked for again. An error comes as an entry of its own, and is one here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record
from broadsheet.sources import _arxiv, _xml
from broadsheet.sources._fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from xml.etree.ElementTree import Element

    from broadsheet.model import Observation
    from broadsheet.sources._http import Http

NAME = "arxiv-api"
PAGE = 500  # entries of one answer: 2,000 are allowed, and often time out
MAX_RESULTS = 30_000  # more is answered with 400
FIRST_TIME = 2_000  # entries of a query that is read for the first time
EMPTY_ATTEMPTS = 3
FORM = "arxiv-atom"
RAW_LENGTH = 500

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
    items: list[Record | Fault] = []
    total: int | None = None
    error = problem = ""
    try:
        for element in _xml.elements(data, {"entry", "totalResults"}, roots=("feed",)):
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
    """A query to arXiv, read from the newest change back to where the last reading began."""

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        query: str,
        cursor: Mapping[str, Any],
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

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return f"{NAME}:{self._query}"

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The newest day of change that was read to its end."""
        return dict(self._cursor)

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield what the query finds, newest change first.

        Raises:
            SourceError: the API does not answer, or not to this query.
        """
        newest = ""
        start = 0
        while start < self._most:
            page = self._page(start, min(PAGE, self._most - start))
            yield from page.items
            newest = newest or page.newest
            start += len(page.items)
            if not page.items or (self._until and page.oldest < self._until):
                break
            if page.total is not None and start >= page.total:
                break
        if newest:
            self._cursor["updated"] = newest

    def _page(self, start: int, limit: int) -> Page:
        """Return one page; an empty one in the middle is asked for again.

        Raises:
            UnreachableError: it stays empty, or is no answer.
        """
        params = {
            "search_query": self._query,
            "start": str(start),
            "max_results": str(limit),
            "sortBy": "lastUpdatedDate",
            "sortOrder": "descending",
        }
        for _ in range(EMPTY_ATTEMPTS):
            answer = self._http.get(self._url, params=params)
            page = parse(answer.body, where=f"{self._query[:60]} from {start}")
            if page.error:
                raise UnreachableError(f"arXiv refuses the query {self._query!r}: {page.error}")
            is_whole = not page.problem and (page.items or start >= (page.total or 0))
            if is_whole:
                return page
        what = page.problem or "the page is empty"
        raise UnreachableError(f"arXiv's answer from {start} on cannot be used: {what}")


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
            "updated": _first(said, "updated"),
            "comment": _first(said, "comment"),
            "venue": _first(said, "journal_ref"),
            "doi": _first(said, "doi"),
        },
        label=name,
    )


def _first(said: Mapping[str, list[str]], name: str) -> str:
    return said[name][0] if name in said else ""
