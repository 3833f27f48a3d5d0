"""What happens when someone searches? Read, retrieve, fuse, put what is known first, explain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.errors import EncoderError, QueryError
from broadsheet.library import candidates, counting, known, sorting, spaces
from broadsheet.library.candidates import ByWord, Former, Ranking, Request
from broadsheet.library.examples import look_up, moved
from broadsheet.library.known import KnownItems
from broadsheet.library.ranking import newness
from broadsheet.library.respelling import respelt
from broadsheet.model import Clause, Filters, Hit, Mode, Occur, Query, Results, Sort
from broadsheet.text.query import MAX_LENGTH, leaves, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from broadsheet.library.facade import Library
    from broadsheet.model import Counts, Paper
    from broadsheet.ports import Scored

MAX_LIMIT = 1000
MAX_OFFSET = 1_000_000
TIE_SLACK = 100
"""So many papers beyond the page are ranked, so that equal scores at its end are put in order."""

UPGRADED = 20  # of the hits shown: these get the encoder's own vectors first

RETRIEVERS = {
    Mode.LEXICAL: candidates.by_words,
    Mode.DENSE: candidates.by_meaning,
    Mode.HYBRID: candidates.by_both,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """All that is known before papers are loaded: keys and scores, best first."""

    keys: list[int]
    scores: list[float]
    total: int
    ranking: Ranking  # the numbers behind them
    first: KnownItems
    loaded: Sequence[Paper]  # already, to look at their titles
    is_final: bool  # equal scores are in order already


def search(  # noqa: PLR0913  # each is named where it is given
    library: Library,
    query: str | Query,
    /,
    *,
    mode: Mode = Mode.HYBRID,
    filters: Filters | None = None,
    sort: Sort | None = None,
    limit: int = 20,
    offset: int = 0,
    is_counting: bool = False,
    among: npt.NDArray[np.int64] | None = None,
) -> Results:
    """Find papers by word and by meaning, as ``Library.search`` says; with one thing more.

    Of the papers only those whose keys are ``among`` (sorted; None: any) may be found.

    Raises:
        QueryError: limit or offset is out of range.
    """
    check_range("limit", limit, 1, MAX_LIMIT)
    check_range("offset", offset, 0, MAX_OFFSET)
    library.engine.refresh()
    read = respelt(library.engine, parse(query) if isinstance(query, str) else query)
    asked = read.query
    sort = sort or asked.sort
    request, used, notes = _request(library, asked, filters or Filters(), mode, among, sort=sort)
    arrived = request.filters.last_key
    count = offset + limit
    order = _order(library, request, used, sort, count=count)
    if asked.identifier is not None and order.first.by != "id":
        notes.append(f"No paper here goes by {asked.identifier}; words alone were compared.")
    counted = library.beside.submit(_counts, library, request, used, order) if is_counting else None
    hits = _hits(library, request, order, sort, start=offset, stop=count)
    counts = counted.result() if counted else None
    library.engine.wish([hit.paper.key for hit in hits[:UPGRADED]], encoder=library.encoder.name)
    return Results(
        query=asked,
        mode=used,
        total=counts.total if counts else order.total,
        hits=hits,
        offset=offset,
        limit=limit,
        as_of=library.engine.status().newest if arrived is None else arrived,
        counts=counts,
        instead_of=read.instead_of,
        suggestion=read.suggestion,
        notes=tuple(notes),
        vector=request.vector,
    )


def _counts(library: Library, asked: Request, mode: Mode, order: _Order) -> Counts:
    """Count over all hits; where an identifier names the paper, over what it names."""
    if order.first.by == "id":
        return counting.counts_of(library.engine, list(order.keys))
    return counting.counts(library.engine, asked, mode, order.ranking)


def ranked(
    library: Library,
    query: Query,
    /,
    *,
    mode: Mode,
    count: int,
    among: npt.NDArray[np.int64] | None = None,
) -> list[int]:
    """Return the keys of the ``count`` best, as ``search`` orders them, without loading papers.

    Papers of equal score come in the order of their arrival, newest first.
    """
    library.engine.refresh()
    request, used, _ = _request(library, query, Filters(), mode, among, sort=query.sort)
    return _order(library, request, used, query.sort, count=count).keys[:count]


_TOO_LONG = f"Only the first {MAX_LENGTH:,} characters of the query were read."


def plain(text: str, /) -> Query:
    """Return a query of plain words: nothing in the text is read as an operator or a filter."""
    words = text[:MAX_LENGTH].split()
    clauses = tuple(Clause(text=one, typed=one) for one in words if any(map(str.isalnum, one)))
    return Query(text=text, clauses=clauses, meaning=" ".join(words))


def check_range(name: str, value: int, low: int, high: int) -> None:
    """Raise ``QueryError`` when a parameter is out of range, ends included."""
    if not low <= value <= high:
        raise QueryError(f"{name} must be from {low} to {high:,}, not {value:,}", field=name)


def asked_by_words(library: Library, query: Query, filters: Filters, /) -> Request:
    """Return what the engine is asked for a search by words alone."""
    library.engine.refresh()
    return _request(library, query, filters, Mode.LEXICAL, None, sort=query.sort)[0]


# --- what is asked ---


def _request(
    library: Library,
    query: Query,
    filters: Filters,
    mode: Mode,
    among: npt.NDArray[np.int64] | None,
    *,
    sort: Sort,
) -> tuple[Request, Mode, list[str]]:
    """Return what the engine is asked, the mode that is possible, and notes for the reader."""
    notes = [_TOO_LONG] if len(query.text) > MAX_LENGTH else []
    if query.window:
        lately = Filters(since=library.today() - query.window)
        filters = narrowed(filters, lately)[0]
    both, rest = narrowed(query.filters, filters)
    if rest:
        everything = max(1, library.engine.status().indexed)
        found = library.engine.lexical(Query(text=""), rest, k=everything, among=among)
        among = np.sort(found.keys)
    counted = library.store.citations
    asked = Request(query=query, filters=both, among=among, citations=counted)
    if query.examples and mode is not Mode.LEXICAL:
        return _with_examples(library, asked, mode, notes)
    is_name = query.identifier is not None and mode is Mode.HYBRID  # an id has no meaning
    if mode is Mode.LEXICAL or is_name or not (query.meaning and _has_space(library, notes)):
        return asked, Mode.LEXICAL if mode is Mode.HYBRID else mode, notes
    if mode is Mode.HYBRID and sort is Sort.RELEVANCE:  # words, while the query is encoded
        asked = replace(asked, by_word=library.beside.submit(_by_word, library, asked))
    vector = _vector(library, query, mode, notes)
    used = Mode.LEXICAL if mode is Mode.HYBRID and vector is None else mode
    former = spaces.former(library, query.meaning)
    return replace(asked, vector=vector, former=former), used, notes


def _with_examples(
    library: Library, asked: Request, mode: Mode, notes: list[str]
) -> tuple[Request, Mode, list[str]]:
    """Return the request with a vector moved by the query's examples; without words that is all."""
    query = asked.query
    if not _has_space(library, notes):
        return asked, Mode.LEXICAL, notes
    found = look_up(library, query.examples, library.encoder)
    notes.extend(found.notes)
    words = _vector(library, query, mode, notes) if query.meaning else None
    vector = moved(words, found)
    former = _former_of_examples(library, query)
    has_words = next(leaves(query.clauses), None) is not None
    used = Mode.LEXICAL if vector is None else mode if has_words else Mode.DENSE
    others = replace(query, clauses=(*query.clauses, *found.apart))
    return replace(asked, vector=vector, former=former, query=others), used, notes


def _former_of_examples(library: Library, query: Query) -> Former | None:
    encoder = spaces.before(library)
    if encoder is None:
        return None
    words = spaces.former(library, query.meaning) if query.meaning else None
    found = look_up(library, query.examples, encoder)
    vector = moved(words.vector if words else None, found)
    return None if vector is None else Former(space=encoder.space, vector=vector)


def narrowed(one: Filters, other: Filters, /) -> tuple[Filters, Filters]:
    """Return filters that ask for both, and what of ``other`` has no room beside ``one``.

    Values within one field are alternatives, so two sets of them on one field cannot be written
    as one: the second is left over, to be asked separately.
    """
    both, rest = one, Filters()
    for name in ("sources", "categories", "topics", "authors"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and mine != theirs:
            rest = replace(rest, **{name: theirs})
        else:
            both = replace(both, **{name: mine or theirs})
    since = max((day for day in (one.since, other.since) if day), default=None)
    until = min((day for day in (one.until, other.until) if day), default=None)
    has = tuple(dict.fromkeys((*one.has, *other.has)))
    arrived = min((one.last_key, other.last_key), key=lambda key: _END if key is None else key)
    return replace(both, since=since, until=until, has=has, last_key=arrived), rest


_END = 1 << 62  # above every key


def _has_space(library: Library, notes: list[str]) -> bool:
    """Tell whether there is anything to compare a meaning with; add notes on why not."""
    indexed, serving = library.engine.status().indexed, spaces.serving(library)
    if serving < indexed:
        missing = indexed - serving
        notes.append(f"{missing:,} of {indexed:,} papers cannot be found by meaning yet.")
    return serving > 0


def _vector(
    library: Library, query: Query, mode: Mode, notes: list[str]
) -> npt.NDArray[np.float32] | None:
    """Return the query's vector, or None where it says nothing; add notes on why."""
    try:
        vector = library.encoder.encode_query(query.meaning)
    except EncoderError as error:
        if mode is Mode.DENSE:
            raise
        notes.append(f"Words alone were compared: {error}.")
        return None
    return vector if vector.any() else None


# --- in which order ---


def _order(library: Library, asked: Request, mode: Mode, sort: Sort, /, *, count: int) -> _Order:
    """Rank as many papers as are wanted."""
    loaded: Sequence[Paper] = ()
    first = known.by_id(library.store, asked.query)
    first = replace(first, keys=_allowed(library, asked, first.keys))
    if first.keys:  # nothing else can be meant
        ranking = Ranking.of_none()
    elif sort is not Sort.RELEVANCE:
        ranking = sorting.by_sort(library, asked, mode, sort, count=count)
    else:
        ranking = RETRIEVERS[mode](library.engine, asked, count=count + TIE_SLACK)
        by_word = (
            asked.by_word.result() if asked.by_word else _looked_up(library, asked, ranking.lexical)
        )
        loaded, first = by_word.loaded, by_word.first
    rest = ~np.isin(ranking.keys, first.keys)
    above = float(ranking.scores.max(initial=0.0)) + 1.0
    keys = [*first.keys, *ranking.keys[rest].tolist()]
    is_listing = mode is not Mode.DENSE and next(leaves(asked.query.clauses), None) is None
    return _Order(
        keys=keys,
        scores=[above] * len(first.keys) + ranking.scores[rest].tolist(),
        total=max(ranking.total, len(keys)),
        ranking=ranking,
        first=first,
        loaded=loaded,
        is_final=is_listing or sort is not Sort.RELEVANCE,
    )


def _by_word(library: Library, asked: Request) -> ByWord:
    return _looked_up(library, asked, candidates.first_by_words(library.engine, asked))


def _looked_up(library: Library, asked: Request, found: Scored) -> ByWord:
    """Return what was found by word, and what the query names."""
    best: list[int] = []
    if asked.query.clauses:
        best = found.keys[: known.TITLE_CANDIDATES].tolist()
    papers = library.store.papers(best)
    return ByWord(scored=found, loaded=papers, first=_named(library, asked, papers))


def _named(library: Library, asked: Request, best: Sequence[Paper]) -> KnownItems:
    """Return the papers that the query names: by title, by sentence or by author."""
    if not asked.query.clauses:
        return KnownItems()
    titled = known.by_title(asked.query, best)
    if not titled.keys and _may_be_title(asked.query.clauses):
        titled = known.by_title(asked.query, _best_as_typed(library, asked))
    if titled.keys:
        return titled
    said = known.by_sentence(asked.query, best)
    if said.keys:
        return said
    return known.by_author(library.engine, asked.query, asked.filters, among=asked.among)


def _may_be_title(clauses: Sequence[Clause]) -> bool:
    """Tell whether words stand around what was read as an exclusion."""
    has_minus = any(clause.occur is Occur.NOT for clause in clauses)
    return has_minus and len(list(leaves(clauses))) >= known.MIN_TITLE_WORDS


def _best_as_typed(library: Library, asked: Request) -> list[Paper]:
    """Return the best by word where nothing is an operator: titles hold signs too."""
    found = library.engine.lexical(
        plain(asked.query.text), asked.filters, k=known.TITLE_CANDIDATES, among=asked.among
    )
    return library.store.papers(found.keys.tolist())


def _allowed(library: Library, asked: Request, keys: Sequence[int]) -> tuple[int, ...]:
    """Return those of the keys that pass the filters; without filters, all."""
    if not keys or not (asked.filters or asked.among is not None):
        return tuple(keys)
    wanted = np.unique(np.array(keys, dtype=np.int64))
    if asked.among is not None:
        wanted = np.intersect1d(wanted, asked.among)
    passing = library.engine.lexical(
        Query(text=""), asked.filters, k=len(keys), among=wanted
    ).keys.tolist()
    return tuple(key for key in keys if key in passing)


# --- what is shown ---


def _hits(
    library: Library, asked: Request, order: _Order, sort: Sort, /, *, start: int, stop: int
) -> tuple[Hit, ...]:
    first, last = (start, stop) if order.is_final else _window(order.scores, start, stop)
    keys = order.keys[first:last]
    scores = dict(zip(keys, order.scores[first:last], strict=True))
    asked_words = library.beside.submit(library.engine.matched_words, asked.query, keys)
    papers = _loaded(library, keys, order.loaded)
    if not order.is_final:
        papers.sort(key=lambda paper: (-scores[paper.key], -newness(paper), paper.id))
    shown = papers[start - first : stop - first]
    words = dict(zip(keys, asked_words.result(), strict=True))
    return tuple(
        Hit(
            paper=paper,
            score=scores[paper.key],
            why=order.ranking.explain(
                paper.key,
                matched=words[paper.key],
                known_item=order.first.by if paper.key in order.first.keys else "",
                heat=scores[paper.key] if sort is Sort.HEAT else None,
            ),
        )
        for paper in shown
    )


def _loaded(library: Library, keys: Sequence[int], before: Sequence[Paper]) -> list[Paper]:
    """Return the papers of these keys, in this order, loading those that were not before."""
    at_hand = {paper.key: paper for paper in before}
    missing = [key for key in keys if key not in at_hand]
    at_hand |= {paper.key: paper for paper in library.store.papers(missing)}
    return [at_hand[key] for key in keys if key in at_hand]


def _window(scores: Sequence[float], start: int, stop: int) -> tuple[int, int]:
    """Return the page's bounds, widened to take in all that scores as its first or its last."""
    start, stop = min(start, len(scores)), min(stop, len(scores))
    while 0 < start < len(scores) and scores[start - 1] == scores[start]:
        start -= 1
    while 0 < stop < len(scores) and scores[stop - 1] == scores[stop]:
        stop += 1
    return start, stop
