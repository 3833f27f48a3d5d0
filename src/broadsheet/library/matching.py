"""When are two records of one title one work?

Identifiers decide where both sides have them; a title decides only where one side has nothing
better, or where everything else agrees as well. ``agreement`` is the whole rule:

1. Years, where both are known, differ by at most 1 (a preprint and its proceedings).
2. Authors, where both lists are known, share the first author and at least half of the shorter
   list; where one side knows only their number, the numbers are equal, or the abstracts are:
   sources name two authors of five.
3. Two identifiers of one kind that differ (two arXiv ids, two documents of one folder) are two
   works, whatever their titles say, and whatever identifier of a lesser kind they share:
   sources give one DOI to ten preprints (``contradict``).
4. A title of fewer than four words ("Introduction", "Editorial") names no work by itself: the
   authors must agree, or both the year and the number of authors.
5. When both sides have real identifiers (a preprint and its proceedings version), title, year and
   both lists of authors must agree, and the title must have four words or more.

``is_near`` is the rule where titles are not equal: spellings of one title, four words or more, the
same first and last author and most of the others, and years that agree. What it is worth is
measured by ``broadsheet eval duplicates``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from broadsheet.library.merge import is_distinctive
from broadsheet.model import Evidence, Scheme
from broadsheet.text import likeness, normal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from broadsheet.model import Identifier, Paper, Reason, Record

MAX_YEARS_APART = 1
MIN_AUTHORS_SHARED = 0.6  # of all authors of both, where titles are not equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about a work besides its title."""

    year: int | None = None
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    abstract: str = ""
    has_real_id: bool = False


def year_of(record: Record, /) -> int | None:
    """Return the year of publication, where any part of a date is known."""
    return record.published.year if record.published else None


def facts_of(record: Record, /) -> Facts:
    """Return what a record says besides its title."""
    return Facts(
        year=year_of(record),
        authors=record.authors,
        author_count=len(record.authors) or record.author_count,
        abstract=record.abstract,
        has_real_id=has_real_id(record.identifiers),
    )


def facts_of_paper(paper: Paper, /) -> Facts:
    """Return what is known about a paper besides its title."""
    return Facts(
        year=paper.year,
        authors=paper.authors,
        author_count=paper.author_count,
        abstract=paper.abstract,
        has_real_id=has_real_id(paper.identifiers),
    )


def has_real_id(identifiers: Iterable[Identifier], /) -> bool:
    """Tell whether any of these is better than a title."""
    return any(one.scheme is not Scheme.TITLE for one in identifiers)


def agreement(one: Facts, other: Facts, /, *, title: str) -> int | None:
    """Return how much speaks for one work, >= 0, or None where something speaks against it."""
    years = _years_agree(one, other)
    authors = _authors_agree(one, other)
    counts = _counts_agree(one, other)
    if years is False or authors is False:
        return None
    if authors is None and counts is False and not _abstracts_agree(one, other):
        return None
    if one.has_real_id and other.has_real_id:
        is_enough = is_distinctive(title) and bool(years) and bool(authors)
    else:
        is_enough = is_distinctive(title) or bool(authors) or (bool(years) and bool(counts))
    if not is_enough:
        return None
    return 4 * bool(authors) + 2 * bool(counts) + bool(years)


def is_near(one: Record | Paper, other: Record | Paper, /) -> bool:
    """Tell whether titles that differ are spellings of one work's title; symmetric.

    Only for two that a shared ``likeness.team`` brought together or could have.
    """
    mine, yours = (each.published.year if each.published else None for each in (one, other))
    if mine is None or yours is None or abs(mine - yours) > MAX_YEARS_APART:
        return False
    if set(likeness.teams(one.authors, mine)).isdisjoint(likeness.teams(other.authors, yours)):
        return False
    return (
        is_distinctive(one.title)
        and is_distinctive(other.title)
        and likeness.authors_shared(one.authors, other.authors) >= MIN_AUTHORS_SHARED
        and likeness.keys_are_near(normal.title_key(one.title), normal.title_key(other.title))
        and likeness.is_one_title(one.title, other.title)
    )


def evidence(reason: Reason, record: Record, paper: Paper, /) -> Evidence:
    """Return what decided, with its numbers."""
    return Evidence(
        reason=reason,
        detail={
            "titles": [record.title, paper.title],
            "years": [year_of(record), paper.year],
            "authors": [len(record.authors) or record.author_count, paper.author_count],
            "authors_shared": round(likeness.authors_shared(record.authors, paper.authors), 2),
        },
    )


def conflict(one: Iterable[Identifier], other: Iterable[Identifier], /) -> bool:
    """Tell whether both sides have identifiers of one kind and none of them is the same.

    Titles never conflict; the documents of two folders are of two kinds.
    """
    mine, yours = _by_kind(one), _by_kind(other)
    return any(mine[kind].isdisjoint(yours[kind]) for kind in mine.keys() & yours.keys())


def contradict(
    shared: Identifier, one: Iterable[Identifier], other: Iterable[Identifier], /
) -> bool:
    """Tell whether two sides that share an identifier differ in one of a better kind."""
    better = _RANK[shared.scheme]
    return conflict(
        [each for each in one if _RANK[each.scheme] < better],
        [each for each in other if _RANK[each.scheme] < better],
    )


_RANK = {scheme: place for place, scheme in enumerate(Scheme)}


def _by_kind(identifiers: Iterable[Identifier]) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for one in identifiers:
        if one.scheme is Scheme.TITLE:
            continue
        folder = one.value.partition("/")[0] if one.scheme is Scheme.LOCAL else ""
        kinds.setdefault(f"{one.scheme.value}:{folder}", set()).add(one.value)
    return kinds


def _years_agree(one: Facts, other: Facts) -> bool | None:
    if one.year is None or other.year is None:
        return None
    return abs(one.year - other.year) <= MAX_YEARS_APART


def _authors_agree(one: Facts, other: Facts) -> bool | None:
    if not one.authors or not other.authors:
        return None
    mine = [likeness.author(name) for name in one.authors]
    yours = [likeness.author(name) for name in other.authors]
    shorter = min(len(set(mine)), len(set(yours)))
    return mine[0] == yours[0] and 2 * len(set(mine) & set(yours)) >= shorter


def _abstracts_agree(one: Facts, other: Facts) -> bool:
    """Tell whether both abstracts are known and one, but for spelling."""
    mine, yours = normal.title_key(one.abstract), normal.title_key(other.abstract)
    return bool(one.abstract.strip()) and mine == yours


def _counts_agree(one: Facts, other: Facts) -> bool | None:
    if one.author_count is None or other.author_count is None:
        return None
    return one.author_count == other.author_count
