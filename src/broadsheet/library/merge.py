"""Fold what sources said about one work into one paper.

The rules, field by field; ``fold`` is a function of the *set* of records, so the order of arrival
never matters. "Newest" is by version, then date of the version, then the day it was listed;
records that tie are ordered by source, name and content.

=================  ============================================================================
title              of the newest record
abstract           of the newest record that has one: an empty one never wins
authors            the newest record's longest list: a newest list wins only when it is no
                   stump of another ("First Author" of a feed against the full list)
author_count       the number of authors where they are known, else the largest that was said
published          the earliest; of dates that agree, the one to the day wins over month and year
updated            the latest, where later than published
announced, picked  the earliest; where nobody saw the announcement, the listing that arXiv's
                   deadline put it into
day                picked, else announced, else published where known to the day
version            the largest
categories         arXiv's first, in its order; then those that others add
topics, links      all, in order of newest record first; one link per kind and address
venue              a publisher's before a preprint server's
comment, license   of the newest record that has one
summary            of the newest record that has one, together with who made it
citations          the most that any source counted
status             retracted before withdrawn; of each source only its newest record counts, so
                   that a new version of a paper that was withdrawn speaks for it again
identifiers        all, best first, and those the paper ever had
=================  ============================================================================
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

from broadsheet.model import (
    Identifier,
    Link,
    Paper,
    PaperId,
    Precision,
    Record,
    Scheme,
    Status,
)
from broadsheet.text import ids, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

T = TypeVar("T")

SPECIMEN_SOURCE = "specimen"
PREPRINT_VENUES = frozenset(
    {"", "arxiv", "arxiv.org", "corr", "biorxiv", "medrxiv", "chemrxiv", "openreview"}
)
IN_TIME_FOR = "in_time_for"  # an extra field of arXiv's records: the day of a listing
CITATIONS = "citations"  # an extra field: how often it is cited, as the source counts
MAX_CITATIONS = 10**9  # more is no count
MIN_TITLE_WORDS = 4
"""A title of fewer words ("Introduction", "Editorial") does not name a work by itself."""


def fold(
    records: Collection[Record],
    /,
    *,
    key: int = 0,
    known: Iterable[Identifier] = (),
    barred: Collection[Identifier] = (),
) -> Paper:
    """Return the paper that these records make.

    Args:
        records: At least one; all of one work.
        key: Of the paper in the store; 0 when it is new.
        known: Identifiers that it had before; none is ever lost.
        barred: Identifiers that a record names but that belong to another paper: a source that
            gives one DOI to two works says it of one of them wrongly.

    Raises:
        ValueError: there are no records.
    """
    if not records:
        raise ValueError("a paper needs at least one record")
    if len(records) == 1:
        return _alone(next(iter(records)), key=key, known=known, barred=barred)
    newest = newest_first(records)
    identifiers = _identifiers(newest, known, barred)
    authors = _authors(newest)
    published, precision = _published(newest)
    announced = min((r.announced for r in newest if r.announced), default=None) or _due(newest)
    picked = min((r.picked for r in newest if r.picked), default=None)
    summary = next(((r.summary, r.summary_by) for r in newest if r.summary), ("", ""))
    status, status_by = _status(newest)
    return Paper(
        key=key,
        id=PaperId(str(identifiers[0])),
        identifiers=identifiers,
        title=newest[0].title,
        abstract=_first(newest, lambda r: r.abstract),
        authors=authors,
        author_count=_author_count(newest, authors),
        published=published,
        precision=precision,
        updated=_updated(newest, published),
        announced=announced,
        picked=picked,
        day=picked or announced or (published if precision is Precision.DAY else None),
        version=max((r.version for r in newest if r.version), default=None),
        categories=_categories(newest),
        topics=_union(topic for r in newest for topic in r.topics),
        venue=_venue(newest),
        comment=_first(newest, lambda r: r.comment),
        summary=summary[0],
        summary_by=summary[1],
        license=_first(newest, lambda r: r.license),
        status=status,
        status_by=status_by,
        links=_links(newest),
        sources=tuple(sorted({r.source for r in newest})),
        citations=_citations(newest),
        is_specimen=all(r.source == SPECIMEN_SOURCE for r in newest),
    )


def _alone(
    record: Record,
    *,
    key: int,
    known: Iterable[Identifier],
    barred: Collection[Identifier],
) -> Paper:
    """Return the paper of one record, as the rules for several give it, for speed.

    Most papers have one, and all have at first.
    """
    own = own_identifiers(record)
    identifiers = own if len(own) == 1 else ids.best(own)
    if known or barred:
        identifiers = ids.best({*own}.difference(barred).union(known))
    published, updated = record.published, record.updated
    precision = record.precision if published else Precision.DAY
    announced = record.announced
    if announced is None and IN_TIME_FOR in record.extra:
        announced = _due([record])
    day = record.picked or announced
    return Paper(
        key=key,
        id=PaperId(str(identifiers[0])),
        identifiers=identifiers,
        title=record.title,
        abstract=record.abstract,
        authors=record.authors,
        author_count=len(record.authors) or record.author_count or None,
        published=published,
        precision=precision,
        updated=published if updated and published and updated < published else updated,
        announced=announced,
        picked=record.picked,
        day=day or (published if precision is Precision.DAY else None),
        version=record.version or None,
        categories=_union(record.categories),
        topics=_union(record.topics),
        venue=record.venue,
        comment=record.comment,
        summary=record.summary,
        summary_by=record.summary_by if record.summary else "",
        license=record.license,
        status=record.status,
        status_by=record.source if record.status else "",
        links=_links((record,)),
        sources=(record.source,),
        citations=_citations((record,)) if CITATIONS in record.extra else None,
        is_specimen=record.source == SPECIMEN_SOURCE,
    )


def newest_first(records: Collection[Record], /) -> list[Record]:
    """Return the records by version, then date, then by content: never a tie."""
    return sorted(records, key=_age, reverse=True) if len(records) > 1 else list(records)


def own_identifiers(record: Record, /) -> tuple[Identifier, ...]:
    """Return the identifiers of a record and what they imply, else one made from its title.

    Where the authors are unknown their number stands for the first one. A title that names no
    work by itself, without year and authors, would give papers that have nothing to do with each
    other one identifier; such a record goes by its place instead.
    """
    if record.identifiers:
        if len(record.identifiers) == 1 and record.identifiers[0].scheme is Scheme.ARXIV:
            return record.identifiers  # it implies none
        return _union(name for one in record.identifiers for name in ids.implied(one))
    year = record.published.year if record.published else None
    counted = f"{record.author_count} authors" if record.author_count else None
    who = record.authors[0] if record.authors else counted
    if is_distinctive(record.title) or (year and who):
        return (ids.title_identifier(record.title, year, who),)
    return (Identifier(Scheme.LOCAL, f"{record.source}/{record.source_id}"),)


def is_distinctive(title: str, /) -> bool:
    """Tell whether a title names one work without further evidence: four words or more.

    Scripts that put no spaces between words count two characters as a word.
    """
    dense = sum(_CJK[0] <= letter <= _CJK[1] for letter in title)
    return len(title.split()) + dense // 2 >= MIN_TITLE_WORDS


_CJK = ("\u2e80", "\u9fff")  # radicals, kana, Han


def _age(record: Record) -> tuple[object, ...]:
    """Order records from oldest to newest, without ties between different ones."""
    moment = record.updated or record.published
    return (
        record.version or 0,
        moment.isoformat() if moment else "",
        record.announced.isoformat() if record.announced else "",
        record.source,
        record.source_id,
        record.title,
        record.abstract,
        repr(record),
    )


def _first(newest: Sequence[Record], text: Callable[[Record], str]) -> str:
    return next((found for record in newest if (found := text(record))), "")


def _union(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _due(newest: Sequence[Record]) -> date | None:
    """Return the earliest listing that a first version was in time for, by arXiv's deadlines."""
    said = (str(record.extra[IN_TIME_FOR]) for record in newest if IN_TIME_FOR in record.extra)
    return min(map(date.fromisoformat, said), default=None)


def _citations(records: Sequence[Record]) -> int | None:
    counts = (record.extra.get(CITATIONS) for record in records)
    return max((n for n in counts if type(n) is int and 0 <= n <= MAX_CITATIONS), default=None)


def _identifiers(
    newest: Sequence[Record], known: Iterable[Identifier], barred: Collection[Identifier]
) -> tuple[Identifier, ...]:
    found = {one for record in newest for one in own_identifiers(record)}
    return tuple(ids.best((found - set(barred)) | set(known)))


def _authors(newest: Sequence[Record]) -> tuple[str, ...]:
    best: tuple[str, ...] = ()
    for record in newest:
        if not best or (len(record.authors) > len(best) and _is_stump(best, record.authors)):
            best = record.authors or best
    return best


def _is_stump(short: Sequence[str], full: Sequence[str]) -> bool:
    """Tell whether a list of authors is the beginning of a longer one."""
    keys = [normal.author_key(name) for name in full[: len(short)]]
    return keys == [normal.author_key(name) for name in short]


def _author_count(newest: Sequence[Record], authors: Sequence[str]) -> int | None:
    return len(authors) or max((r.author_count for r in newest if r.author_count), default=None)


_UNITS = {Precision.YEAR: 1, Precision.MONTH: 2, Precision.DAY: 3}


def _published(newest: Sequence[Record]) -> tuple[date | None, Precision]:
    """Return the earliest date, made finer by those that fall into the same year or month."""
    dates = [(r.published, r.precision) for r in newest if r.published]
    if not dates:
        return None, Precision.DAY
    earliest, precision = min(dates, key=lambda each: (_coarse(*each), each[0], _UNITS[each[1]]))
    while True:
        finer = [
            (one, unit)
            for one, unit in dates
            if _UNITS[unit] > _UNITS[precision]
            and _coarse(one, precision) == _coarse(earliest, precision)
        ]
        if not finer:
            return earliest, precision
        earliest, precision = min(finer, key=lambda each: (each[0], _UNITS[each[1]]))


def _coarse(day: date, precision: Precision) -> tuple[int, ...]:
    return (day.year, day.month, day.day)[: _UNITS[precision]]


def _updated(newest: Sequence[Record], published: date | None) -> date | None:
    latest = max((r.updated for r in newest if r.updated), default=None)
    if latest and published and latest < published:
        return published
    return latest


def _categories(newest: Sequence[Record]) -> tuple[str, ...]:
    ordered = sorted(newest, key=lambda record: record.source != "arxiv")
    return _union(category for record in ordered for category in record.categories)


def _venue(newest: Sequence[Record]) -> str:
    venues = [record.venue for record in newest if record.venue]
    published = (one for one in venues if one.strip().casefold() not in PREPRINT_VENUES)
    return next(published, venues[0] if venues else "")


def _status(newest: Sequence[Record]) -> tuple[Status | None, str]:
    """Return the gravest status that a source's newest record gives, and who says so."""
    spoken: dict[str, Status] = {}
    heard: set[str] = set()
    for record in newest:
        if record.source not in heard and record.status:
            spoken[record.source] = record.status
        heard.add(record.source)
    for status in (Status.RETRACTED, Status.WITHDRAWN):
        for source, said in spoken.items():
            if said is status:
                return status, source
    return None, ""


def _links(newest: Sequence[Record]) -> tuple[Link, ...]:
    if len(newest) == 1 and len({link.kind for link in newest[0].links}) == len(newest[0].links):
        return newest[0].links
    seen: dict[tuple[str, str], Link] = {}
    for record in newest:
        for link in record.links:
            seen.setdefault((link.kind, link.url.rstrip("/")), link)
    return tuple(seen.values())
