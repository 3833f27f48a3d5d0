"""Does the query name one thing: a paper by id or title, or an author?"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from broadsheet.model import Clause, ClauseKind, Occur, Query
from broadsheet.rank.fusion import CANDIDATES
from broadsheet.text import normal
from broadsheet.text.ids import implied
from broadsheet.text.latex import to_text
from broadsheet.text.normal import title_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from broadsheet.model import Filters, Paper
    from broadsheet.ports import Engine, Store

TITLE_CANDIDATES = 5
"""A paper whose title is the query is among so many best by word: every word of it matches."""

MIN_TITLE_WORDS = 3
"""Fewer words are no title with a slip in it: "deep learning" is within many."""

ALIKE = 0.9
"""Letters in common, of query and title: two slips in a short title of 40."""

MIN_SENTENCE = 40
"""Letters of a sentence, half a line: fewer words are a subject."""

MIN_PART = 0.7
"""A query much shorter or longer than a title is not that title."""

NAME_WORDS = range(2, 5)
"""Words of an author's full name; one word alone is more often a subject than a person."""

_YEAR = re.compile(r"\(?(?:19|20)\d\d\)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownItems:
    """Papers that the query names, best first, and by what."""

    keys: tuple[int, ...] = ()
    by: str = ""  # "id", "title", "sentence" or "author"


def by_id(store: Store, query: Query, /) -> KnownItems:
    """Return the paper whose identifier the whole query is."""
    if query.identifier is None:
        return KnownItems()
    names = (query.identifier, *implied(query.identifier))
    found = store.find(names)
    keys = dict.fromkeys(found[name] for name in names if name in found)
    return KnownItems(tuple(keys), "id") if keys else KnownItems()


def by_title(query: Query, papers: Sequence[Paper], /) -> KnownItems:
    """Return those of the best papers by word whose title the query is, in their order.

    Where none is, the one whose title is nearest: with a letter or two mistyped, or with words
    left out, as long as most of the title is there, in its order.
    """
    typed = {title_key(query.text), title_key(query.meaning)} - {""}
    keys = tuple(paper.key for paper in papers if title_key(paper.title) in typed)
    if keys or not _is_plain(query.clauses):
        return KnownItems(keys, "title") if keys else KnownItems()
    words = normal.fold(query.meaning).split()
    if len(words) < MIN_TITLE_WORDS:
        return KnownItems()
    found = [(_likeness(words, paper.title), -place) for place, paper in enumerate(papers)]
    likeness, place = max(found, default=(0.0, 0))
    return KnownItems((papers[-place].key,), "title") if likeness >= ALIKE else KnownItems()


def by_sentence(query: Query, papers: Sequence[Paper], /) -> KnownItems:
    """Return the one of the best papers by word that says just this.

    The whole query stands in title and abstract, whatever its case, LaTeX and punctuation: a
    sentence that somebody copied, or the beginning of the paper. What several say is a subject.
    """
    typed = normal.letters(query.text)
    if len(typed) < MIN_SENTENCE:
        return KnownItems()
    saying = [one for one in papers if typed in normal.letters(f"{one.title} {one.abstract}")]
    return KnownItems((saying[0].key,), "sentence") if len(saying) == 1 else KnownItems()


def _likeness(words: Sequence[str], title: str) -> float:
    """Return how much of query and title is the same, in [0, 1].

    By letters: twice those in common, in order, over all (Ratcliff and Metzener, Dr. Dobb's
    Journal 13(7), 1988). By words, where every word of the query stands in the title in this
    order: how many of the title's letters are typed, and half of the rest.
    """
    there = normal.fold(to_text(title)).split()
    one, other = " ".join(words), " ".join(there)
    length = len(one) + len(other)
    if 2 * min(len(one), len(other)) / length < MIN_PART:
        return 0.0
    rest = iter(map(_bare, there))
    if all(_bare(word) in rest for word in words):
        return 0.5 + len(one) / len(other) / 2
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _bare(word: str) -> str:
    return word.strip(".,:;!?()[]\"'“”‘’-")  # noqa: RUF001


def by_author(
    engine: Engine,
    query: Query,
    filters: Filters,
    /,
    *,
    among: npt.NDArray[np.int64] | None,
) -> KnownItems:
    """Return an author's papers, newest first, when the query is nothing but the name.

    A year beside the name ("vaswani 2017") keeps to that year's.
    """
    if not _is_plain(query.clauses) or len(query.clauses) not in NAME_WORDS or filters.authors:
        return KnownItems()
    words = [clause.text for clause in query.clauses]
    years = [word for word in words if _YEAR.fullmatch(word)]
    if len(years) > 1:
        return KnownItems()
    name = " ".join(word for word in words if word not in years)
    named = replace(filters, authors=(name,))
    if years:
        named = _within(named, int(years[0].strip("()")))
    found = engine.lexical(Query(text=""), named, k=CANDIDATES, among=among)
    if not found.total:
        return KnownItems()
    if not years and _spoken_of(engine, name, filters, among) > found.total:
        return KnownItems()
    return KnownItems(tuple(found.keys.tolist()), "author")


def _spoken_of(
    engine: Engine, name: str, filters: Filters, among: npt.NDArray[np.int64] | None
) -> int:
    """Return how many papers say these words: "k means" is no author, though a K. Means writes."""
    said = tuple(
        Clause(text=name, kind=ClauseKind.PHRASE, occur=Occur.MUST, field=field)
        for field in ("title", "abstract")
    )
    either = Clause(text="", kind=ClauseKind.ANY, occur=Occur.MUST, parts=said)
    return engine.lexical(Query(text="", clauses=(either,)), filters, k=1, among=among).total


def _within(filters: Filters, year: int) -> Filters:
    """Return the filters, narrowed to a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return replace(
        filters,
        since=max(filters.since or first, first),
        until=min(filters.until or last, last),
    )


def _is_plain(clauses: Sequence[Clause]) -> bool:
    return all(clause.occur is Occur.SHOULD and clause.field is None for clause in clauses)
