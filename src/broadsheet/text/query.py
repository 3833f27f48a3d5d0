"""What is asked? The language of the search box, read without ever refusing.

Words count towards the score; ``"phrases"``, ``+words`` and words in a field must be there;
``-words`` must not; ``prefix*`` stands for every word that begins so. Filters:
``author: category: topic: source: has: year: since: until: after: before:``; ``sort:`` orders.
What looks like an operator but makes no sense is text.
"""
# ruff: noqa: RUF001  # people type dashes for ranges

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.model import Clause, ClauseKind, Filters, Occur, Query, Sort
from broadsheet.text import ids, latex, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_LENGTH = 1000
"""Characters of a query that are read; callers tell the reader when there were more."""

TEXT_FIELDS = {
    "title": "title",
    "ti": "title",
    "abstract": "abstract",
    "abs": "abstract",
    "venue": "venue",
}
"""Prefixes of words and phrases, with the field they look in."""

LINK_KINDS = ("code", "data", "project", "pdf", "discussion", "doi")
"""What ``has:`` can ask for."""

_PIECE = re.compile(
    r'(?P<sign>[-+](?=["“\w]))?(?:(?P<field>[A-Za-z]{2,10}):(?=\S))?'
    r'(?:"(?P<straight>[^"]*)"|“(?P<curly>[^“”]*)”|(?P<word>\S+))'
)
_DAY = re.compile(r"(?P<year>\d{4})(?:[-/](?P<month>\d{1,2})(?:[-/](?P<day>\d{1,2}))?)?", re.ASCII)
_YEARS = re.compile(r"(?P<first>\d{4})?(?P<dots>\.\.\.?|-|–|…)?(?P<last>\d{4})?", re.ASCII)
_CATEGORY = re.compile(
    r"(?P<archive>[a-z]+(?:-[a-z]+)*)(?:\.(?P<subject>[a-z]+(?:-[a-z]+)*))?", re.IGNORECASE
)
_SUBJECT_CODE_LENGTH = 2  # "LG" in cs.LG is written in capitals, "str-el" in cond-mat.str-el is not
_MIN_PREFIX = 2
_SORTS = {
    "relevance": Sort.RELEVANCE,
    "date": Sort.DATE,
    "new": Sort.DATE,
    "newest": Sort.DATE,
    "votes": Sort.VOTES,
    "heat": Sort.HEAT,
    "hot": Sort.HEAT,
    "trending": Sort.HEAT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A stretch of the query between blanks that are not quoted."""

    typed: str
    start: int
    end: int
    sign: str
    field: str  # lower case; "" for none
    value: str
    is_quoted: bool


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What the pieces read so far mean."""

    clauses: list[Clause] = field(default_factory=list)
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    meaning: list[str] = field(default_factory=list)


def parse(text: str) -> Query:
    """Read what was typed; every string is a query.

    A word in a field (``title:entropy``) must be there. Dates: ``since:`` and ``until:``
    include the day, month or year they name, ``after:`` and ``before:`` exclude it; several
    narrow one another. When the whole text is an identifier, ``identifier`` is set and the
    text is read as words all the same, for when no such paper is here.
    """
    head = text[:MAX_LENGTH]
    reading = _Reading()
    for piece in _pieces(head):
        _read(piece, reading)
    # Without a word there is no meaning either: an encoder finds something even for "?!".
    meaning = latex.to_text(" ".join(reading.meaning)) if reading.clauses else ""
    return Query(
        text=text,
        clauses=tuple(reading.clauses),
        filters=reading.filters,
        sort=reading.sort,
        identifier=ids.parse(head.strip().removeprefix("id:")),
        meaning=normal.clean(meaning),
    )


def parts(query: Query) -> list[tuple[str, str]]:
    """Return a label, and the text without it, for each part that is more than a word."""
    head, rest = query.text[:MAX_LENGTH], query.text[MAX_LENGTH:]
    found: list[tuple[str, str]] = []
    for piece in _pieces(head):
        label = _label(piece)
        if label:
            without = f"{head[: piece.start]} {head[piece.end :]}{rest}"
            found.append((label, " ".join(without.split())))
    return found


def _pieces(text: str) -> Iterator[_Piece]:
    for found in _PIECE.finditer(text):
        quoted = found["straight"] if found["straight"] is not None else found["curly"]
        yield _Piece(
            typed=found[0],
            start=found.start(),
            end=found.end(),
            sign=found["sign"] or "",
            field=(found["field"] or "").lower(),
            value=normal.clean(found["word"].strip('"“”') if quoted is None else quoted),
            is_quoted=quoted is not None,
        )


def _read(piece: _Piece, reading: _Reading) -> None:
    """Add what the piece means to the reading."""
    if piece.field in _FILTERS and not piece.sign and piece.value:
        narrowed = _FILTERS[piece.field](reading.filters, piece.value)
        if narrowed is not None:
            reading.filters = narrowed
            return
    if piece.field == "sort" and not piece.sign and piece.value.lower() in _SORTS:
        reading.sort = _SORTS[piece.value.lower()]
        return
    clause = _clause(piece)
    if any(map(str.isalnum, clause.text)):
        reading.clauses.append(clause)
    if clause.occur is not Occur.NOT and clause.field in {None, "title", "abstract"}:
        reading.meaning.append(clause.text)


def _clause(piece: _Piece) -> Clause:
    """Return the words, phrase or prefix that the piece asks for."""
    where = TEXT_FIELDS.get(piece.field)
    if piece.sign == "-" and piece.field in {"author", "au"}:
        where = "author"
    text = piece.value
    if piece.field and not where:
        text = normal.clean(piece.typed.removeprefix(piece.sign).replace('"', " "))
    kind = ClauseKind.PHRASE if piece.is_quoted else ClauseKind.WORD
    if not piece.is_quoted and text.endswith("*") and len(text.rstrip("*")) >= _MIN_PREFIX:
        kind, text = ClauseKind.PREFIX, text.rstrip("*")
    occur = Occur.SHOULD
    if piece.sign == "-":
        occur = Occur.NOT
    elif piece.sign == "+" or where or kind is ClauseKind.PHRASE:
        occur = Occur.MUST
    return Clause(text=text, kind=kind, occur=occur, field=where, typed=piece.typed)


def _label(piece: _Piece) -> str:
    """Return how a page names the piece; nothing for plain words."""
    reading = _Reading()
    _read(piece, reading)
    if reading.filters:
        return f"{_FILTER_LABELS[piece.field]} {piece.value}"
    if piece.field == "sort" and not reading.clauses:
        return f"by {reading.sort.value}"
    if not reading.clauses:
        return ""
    clause = reading.clauses[0]
    if clause == Clause(text=clause.text, typed=clause.typed):
        return ""
    text = {ClauseKind.PHRASE: f"“{clause.text}”", ClauseKind.PREFIX: f"{clause.text}…"}.get(
        clause.kind, clause.text
    )
    words = ["not" if clause.occur is Occur.NOT else "", clause.field or "", text]
    return " ".join(word for word in words if word)


def _author(filters: Filters, value: str) -> Filters | None:
    return replace(filters, authors=_with(filters.authors, value)) if _has_word(value) else None


def _category(filters: Filters, value: str) -> Filters | None:
    found = _CATEGORY.fullmatch(value)
    if not found:
        return None
    name, subject = found["archive"].lower(), found["subject"]
    if subject:
        is_code = len(subject) == _SUBJECT_CODE_LENGTH
        name = f"{name}.{subject.upper() if is_code else subject.lower()}"
    return replace(filters, categories=_with(filters.categories, name))


def _topic(filters: Filters, value: str) -> Filters | None:
    return (
        replace(filters, topics=_with(filters.topics, value.lower())) if _has_word(value) else None
    )


def _source(filters: Filters, value: str) -> Filters | None:
    return replace(filters, sources=_with(filters.sources, value)) if _has_word(value) else None


def _has(filters: Filters, value: str) -> Filters | None:
    kind = value.lower()
    return replace(filters, has=_with(filters.has, kind)) if kind in LINK_KINDS else None


def _year(filters: Filters, value: str) -> Filters | None:
    found = _YEARS.fullmatch(value)
    if not found or not (found["first"] or found["last"]):
        return None
    if found["last"] and found["first"] and not found["dots"]:
        return None
    first = _first_day(found["first"]) if found["first"] else None
    last = found["last"] or ("" if found["dots"] else found["first"])
    until = _last_day(last) if last else None
    if (
        (found["first"] and not first)
        or (last and not until)
        or (first and until and first > until)
    ):
        return None
    return _between(filters, since=first, until=until)


def _since(filters: Filters, value: str) -> Filters | None:
    day = _first_day(value)
    return _between(filters, since=day) if day else None


def _until(filters: Filters, value: str) -> Filters | None:
    day = _last_day(value)
    return _between(filters, until=day) if day else None


def _after(filters: Filters, value: str) -> Filters | None:
    day = _last_day(value)
    return _between(filters, since=day + timedelta(days=1)) if day and day < date.max else None


def _before(filters: Filters, value: str) -> Filters | None:
    day = _first_day(value)
    return _between(filters, until=day - timedelta(days=1)) if day and day > date.min else None


_FILTERS: dict[str, Callable[[Filters, str], Filters | None]] = {
    "author": _author,
    "au": _author,
    "category": _category,
    "cat": _category,
    "topic": _topic,
    "source": _source,
    "has": _has,
    "year": _year,
    "since": _since,
    "until": _until,
    "after": _after,
    "before": _before,
}
_FILTER_LABELS = {
    "author": "author",
    "au": "author",
    "category": "category",
    "cat": "category",
    "topic": "topic",
    "source": "source",
    "has": "with",
    "year": "year",
    "since": "since",
    "until": "until",
    "after": "after",
    "before": "before",
}


def _with(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return values if value in values else (*values, value)


def _has_word(value: str) -> bool:
    return any(map(str.isalnum, value))


def _between(filters: Filters, *, since: date | None = None, until: date | None = None) -> Filters:
    """Return the filters narrowed to days that both the old and the new bounds allow."""
    if since:
        filters = replace(filters, since=max(since, filters.since or since))
    if until:
        filters = replace(filters, until=min(until, filters.until or until))
    return filters


def _first_day(value: str) -> date | None:
    """Return the first day of a year, month or day; None when there is no such."""
    found = _DAY.fullmatch(value)
    if not found:
        return None
    try:
        return date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None


def _last_day(value: str) -> date | None:
    """Return the last day of a year, month or day; None when there is no such."""
    first = _first_day(value)
    found = _DAY.fullmatch(value)
    if not first or not found or found["day"]:
        return first
    if not found["month"]:
        return date(first.year, 12, 31)
    if first.month == 12:  # noqa: PLR2004
        return date(first.year, 12, 31)
    return date(first.year, first.month + 1, 1) - timedelta(days=1)
