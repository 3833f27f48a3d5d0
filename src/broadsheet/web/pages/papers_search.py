"""``/papers?q=``: search, and say how the query was read and why each paper is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote_plus, urlencode

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from broadsheet.errors import PaperNotFoundError, QueryError
from broadsheet.model import Clause, Counts, Filters, Mode, Sort
from broadsheet.text import ids
from broadsheet.text import query as language
from broadsheet.web import plots, view
from broadsheet.web.context import library_of
from broadsheet.web.pages import _lists
from broadsheet.web.render import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from broadsheet.library import Library
    from broadsheet.model import Hit, Paper, Query, Results

MAX_QUERY = 2000  # characters; the language reads the first 1,000 and says so
MAX_VALUES = 20  # of one filter
MAX_VALUE = 200  # characters of one value
OPTIONS = 8  # values that a filter offers
SORTS = (
    (Sort.RELEVANCE, "Best match"),
    (Sort.DATE, "Newest"),
    (Sort.HEAT, "Heat"),
    (Sort.VOTES, "Votes"),
)
MODES = (
    (Mode.HYBRID, "words and meaning"),
    (Mode.LEXICAL, "words only"),
    (Mode.DENSE, "meaning only"),
)
NAMED = {
    "id": "its identifier",
    "title": "its title",
    "sentence": "what it says",
    "author": "its author",
}
LINK_KINDS = (("code", "code"), ("data", "data"), ("project", "project page"))

_Choice = TypeVar("_Choice", Sort, Mode)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as its address says it."""

    text: str
    filters: Filters
    sort: Sort | None  # None: as the query says
    mode: Mode
    page: int
    as_of: int | None = None  # of a later page: papers that arrived since the first are not in it

    def url(self, **changes: Any) -> str:
        """Return the address of this search with something changed, on its first page."""
        page = changes.get("page", 1)
        as_of = changes.get("as_of", self.as_of)
        rest = _rest_of_url(
            changes.get("filters", self.filters),
            changes.get("sort", self.sort),
            changes.get("mode", self.mode),
        )
        turned = f"&page={page}" + (f"&as_of={as_of}" if as_of else "") if page > 1 else ""
        return f"/papers?q={quote_plus(changes.get('text', self.text))}{rest}{turned}"


@lru_cache(maxsize=256)  # each hit has two links that change nothing of it
def _rest_of_url(filters: Filters, sort: Sort | None, mode: Mode) -> str:
    pairs = _filter_pairs(filters)
    pairs += [("sort", sort.value)] if sort else []
    pairs += [("mode", mode.value)] if mode is not Mode.HYBRID else []
    return f"&{urlencode(pairs)}" if pairs else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One part of a query as it was understood, and the address without it."""

    label: str
    text: str
    url: str


@router.get("/papers")
def search_papers(request: Request) -> Response:
    """Answer a search; an identifier leads to its paper, no question to a page about asking."""
    library = library_of(request)
    asked = read(request.query_params)
    query = language.parse(asked.text)
    if query.identifier is not None and not asked.filters:
        try:
            return RedirectResponse(view.paper_url(library.paper(str(query.identifier))), 303)
        except PaperNotFoundError:
            pass
    if not asked.text.strip() and not asked.filters:
        return render(request, "ask.html", nav="search", topics=library.topics(limit=12))
    began = perf_counter()
    size = library.settings.page_size
    results = library.search(
        query,
        mode=asked.mode,
        filters=replace(asked.filters, last_key=asked.as_of),
        sort=asked.sort,
        limit=size,
        offset=(asked.page - 1) * size,
        is_counting=True,
    )
    elapsed = perf_counter() - began
    papers = [hit.paper for hit in results.hits]
    return render(
        request,
        "search.html",
        **_values(asked, query, results),
        shown=list(zip(results.hits, library.highlights(results), strict=True)),
        **options(library, asked, results.counts or Counts()),
        **_lists.marks(library, papers),
        milliseconds=round(elapsed * 1000),
    )


def _values(asked: Asked, query: Query, results: Results) -> dict[str, Any]:
    last = results.offset + len(results.hits)
    sort = asked.sort or query.sort
    return {
        "asked": asked,
        "query": query,
        "results": results,
        "chips": chips(replace(asked, text=results.query.text), results.query),
        "sorts": [(name, asked.url(sort=value), value is sort) for value, name in SORTS],
        "bars": bars,
        "reason": reason,
        "more_like": more_like,
        "less_like": less_like,
        "first": results.offset + 1,
        "last": last,
        "previous_url": asked.url(page=asked.page - 1) if asked.page > 1 else None,
        "next_url": asked.url(page=asked.page + 1, as_of=results.as_of)
        if results.hits and last < results.total
        else None,
        "feed": feed_query(asked),
        "narrower": narrower(asked, query),
    }


def feed_query(asked: Asked) -> str:
    """Return the query of this search's feeds."""
    return urlencode([("q", asked.text), *_filter_pairs(asked.filters)])


def read(params: QueryParams) -> Asked:
    """Read a search from its address, or from a form with the same fields.

    Raises:
        QueryError: a parameter makes no sense; the error names it.
        UsageError: so does a day or the page.
    """
    text = params.get("q", "")
    if len(text) > MAX_QUERY:
        raise QueryError(
            f"the query has {len(text):,} characters; at most {MAX_QUERY:,} can be asked", field="q"
        )
    since, until = (read_bound(params.get(name, ""), name) for name in ("since", "until"))
    if since and until and since > until:
        raise QueryError(f"since {since} comes after until {until}: swap them", field="since")
    filters = Filters(
        since=since,
        until=until,
        sources=_values_of(params, "source"),
        categories=_values_of(params, "cat", "category"),
        topics=_values_of(params, "topic"),
        authors=_values_of(params, "author"),
        has=_has(params),
    )
    sort = params.get("sort", "")
    return Asked(
        text=text,
        filters=filters,
        sort=_choice("sort", sort, Sort) if sort else None,
        mode=_choice("mode", params.get("mode", "") or Mode.HYBRID.value, Mode),
        page=_lists.read_page(params.get("page", "")),
        as_of=_as_of(params),
    )


def _as_of(params: QueryParams) -> int | None:
    text = params.get("as_of", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII):
        raise QueryError(
            f"as_of is a number that a page's link says, not {text[:40]!r}", field="as_of"
        )
    return int(text)


def read_bound(text: str, field: str) -> date | None:
    """Read a day of the filter; empty: none.

    Raises:
        UsageError: there is no such day.
    """
    return _lists.read_day(text.strip(), field=field) if text.strip() else None


def _values_of(params: QueryParams, name: str, *others: str) -> tuple[str, ...]:
    """Return the values of a filter, under its name or as the API and feeds call it."""
    values = [value.strip() for one in (name, *others) for value in params.getlist(one)]
    kept = tuple(dict.fromkeys(value for value in values if value))
    if len(kept) > MAX_VALUES or any(len(value) > MAX_VALUE for value in kept):
        raise QueryError(
            f"{name} takes at most {MAX_VALUES} values of at most {MAX_VALUE} characters",
            field=name,
        )
    return kept


def _has(params: QueryParams) -> tuple[str, ...]:
    kinds = _values_of(params, "has")
    for kind in kinds:
        if kind not in language.LINK_KINDS:
            known = view.listed(language.LINK_KINDS)
            raise QueryError(f"has can be {known}, not {kind[:40]!r}", field="has")
    return kinds


def _choice(name: str, text: str, kind: type[_Choice]) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        known = view.listed([value.value for value in kind])
        raise QueryError(f"{name} can be {known}, not {text[:40]!r}", field=name) from None


def _filter_pairs(filters: Filters) -> list[tuple[str, str]]:
    pairs = [("since", str(filters.since))] if filters.since else []
    pairs += [("until", str(filters.until))] if filters.until else []
    for name, values in (
        ("source", filters.sources),
        ("cat", filters.categories),
        ("topic", filters.topics),
        ("author", filters.authors),
        ("has", filters.has),
    ):
        pairs += [(name, value) for value in values]
    return pairs


def chips(asked: Asked, query: Query) -> list[Chip]:
    """Return how the query was read, part by part; each chip's address leaves that part out."""
    found = [
        Chip(label="word", text=clause.text, url=asked.url(text=_without(asked.text, clause.typed)))
        for clause in query.clauses
        if clause == Clause(text=clause.text, typed=clause.typed)
    ]
    found += [
        Chip(label="", text=label, url=asked.url(text=rest))
        for label, rest in language.parts(query)
    ]
    if query.meaning and asked.mode is not Mode.LEXICAL:
        url = asked.url(mode=Mode.LEXICAL)
        found.append(Chip(label="meaning", text=query.meaning, url=url))
    return found + _filter_chips(asked)


def _filter_chips(asked: Asked) -> list[Chip]:
    filters = asked.filters
    found = []
    for name in ("since", "until"):
        if day := getattr(filters, name):
            url = asked.url(filters=_changed(filters, name, None))
            found.append(Chip(label=name, text=view.full_day(day), url=url))
    for label, name in (
        *(("source", "sources"), ("category", "categories"), ("topic", "topics")),
        *(("author", "authors"), ("with", "has")),
    ):
        values: tuple[str, ...] = getattr(filters, name)
        for value in values:
            rest = tuple(other for other in values if other != value)
            url = asked.url(filters=_changed(filters, name, rest))
            found.append(Chip(label=label, text=value, url=url))
    return found


def _changed(filters: Filters, name: str, value: Any) -> Filters:
    return replace(filters, **{name: value})


def _without(text: str, piece: str) -> str:
    return " ".join(text.replace(piece, " ", 1).split())


def narrower(asked: Asked, query: Query) -> list[tuple[str, str]]:
    """Return (query, address) of up to two narrower questions, for a query of plain words."""
    words = [
        clause.text
        for clause in query.clauses
        if clause == Clause(text=clause.text, typed=clause.typed)
    ]
    if len(words) < 2 or len(words) != len(query.clauses):  # noqa: PLR2004
        return []
    phrase, in_title = f'"{" ".join(words)}"', f"title:{words[0]} {' '.join(words[1:])}"
    return [(text, asked.url(text=text)) for text in (phrase, in_title)]


def options(library: Library, asked: Asked, counts: Counts) -> dict[str, Any]:
    """Return what each filter offers: what is chosen, then what most hits have, with counts."""
    filters = asked.filters
    today = library.today()
    return {
        "categories": _offered(asked, "categories", counts.categories),
        "sources": _offered(asked, "sources", counts.sources),
        "topics": _offered(asked, "topics", counts.topics),
        "years": plots.years(counts.years, lambda first, last: _year_url(asked, first, last)),
        "kinds": [(kind, name, kind in filters.has) for kind, name in LINK_KINDS],
        "modes": [(mode.value, name, mode is asked.mode) for mode, name in MODES],
        "spans": [
            (
                name,
                asked.url(filters=replace(filters, since=today - timedelta(days=days), until=None)),
            )
            for name, days in (("week", 7), ("month", 31), ("year", 366))
        ],
        "set_count": len(_filter_pairs(filters)) + (asked.mode is not Mode.HYBRID),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A value that hits can be narrowed to."""

    value: str
    papers: int  # hits that have it
    is_on: bool
    url: str  # of this search with the value added, or taken away when it is on


def _offered(asked: Asked, name: str, counted: Sequence[tuple[str, int]]) -> list[Offer]:
    """Return what is chosen, then the most frequent of the rest."""
    chosen: tuple[str, ...] = getattr(asked.filters, name)
    counts = dict(counted)
    rest = [value for value, _ in counted if value not in chosen][:OPTIONS]
    return [
        Offer(
            value=value,
            papers=counts.get(value, 0),
            is_on=value in chosen,
            url=asked.url(filters=_changed(asked.filters, name, _toggled(chosen, value))),
        )
        for value in (*chosen, *rest)
    ]


def _toggled(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(v for v in values if v != value) if value in values else (*values, value)


def _year_url(asked: Asked, first: int, last: int) -> str:
    """Return the address of the search narrowed to these years, or widened when it is already."""
    span = {"since": date(first, 1, 1), "until": date(last, 12, 31)}
    is_on = (asked.filters.since, asked.filters.until) == (span["since"], span["until"])
    wanted = {"since": None, "until": None} if is_on else span
    return asked.url(filters=replace(asked.filters, **wanted))


def more_like(asked: Asked, paper: Paper) -> str:
    """Return the address of this search, moved towards a paper."""
    return asked.url(text=f"{asked.text} like:{ids.url_part(paper.id)}".strip())


def less_like(asked: Asked, paper: Paper) -> str:
    """Return the address of this search, moved away from a paper."""
    return asked.url(text=f"{asked.text} -like:{ids.url_part(paper.id)}".strip())


def bars(hit: Hit) -> list[tuple[str, float]]:
    """Return the parts of a hit's score, each in [0, 1]."""
    why = hit.why
    found = []
    if why.lexical is not None:
        found.append(("words", why.lexical_norm))
    if why.dense is not None:
        found.append(("meaning", why.dense_norm))
    if why.citations:
        found.append(("cited", why.citations_norm))
    return found


def reason(hit: Hit, query: Query) -> str:
    """Return why a hit is there, as one clause."""
    why = hit.why
    if why.known_item:
        return f"{NAMED.get(why.known_item, why.known_item)} is what you typed"
    asked = len(query.clauses)
    parts = []
    if why.matched and asked > 1:
        parts.append(
            f"{len(why.matched)} of {asked} words" if len(why.matched) < asked else "all words"
        )
    elif why.matched:
        parts.append("the word")
    if why.dense_rank is not None and (
        why.lexical_rank is None or why.dense_rank < why.lexical_rank
    ):
        parts.append("close in meaning")
    if why.heat is not None:
        parts.append(f"heat {view.decimal(why.heat)}")
    return "; ".join(parts)
