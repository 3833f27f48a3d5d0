"""Captured listing pages of a hosted daily list, saved as plain text.

A page is a heading (some of whose lines may be missing), a day without a year, and papers: a
title, an abstract of one or more paragraphs and, on some pages, a block with the number of
authors, a date, and the number of comments::

    Pointer Networks

    We introduce a new neural architecture ...

      • 3 authors
    ·
    Jun 9, 2015 2

What can honestly be said of time: a date with a year is the paper's date; a date without one
means the year of the capture, which the page does not tell, so it is kept as written in
``extra`` with the page's own day, and ``published`` stays empty. The page was seen no earlier
than the first day that has the page's month and day and is not before any full date on it:
comments are dated by that bound, which depends on nothing but the page's own words, so that
importing a copy of the page adds nothing. Where there is no bound, the number of comments is
kept in ``extra``.
"""
# ruff: noqa: RUF001  # typographic quotes end sentences

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from broadsheet.model import Fault, Record, Signal, SignalKind
from broadsheet.sources import _fields, _lines
from broadsheet.text import links, normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from broadsheet.model import Observation

NAME = "capture"
MAX_PAGE = 16 * 1024 * 1024
"""Bytes; the largest page seen has 150 thousand."""

MAX_TITLE_LINE = 300
"""Characters: a longer block is an abstract, however it ends."""

MIN_SENTENCE_WORDS = 12
"""Words: a shorter block that ends like a sentence may be a title that asks or exclaims."""

LEAP_YEARS_APART = 8
"""Years that 29 February can be away, around 1900 and 2100."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = r"(?P<month>" + "|".join(_MONTHS) + r")[a-z]* (?P<day>\d{1,2})(?:, (?P<year>\d{4}))?"
_PAGE_DAY = re.compile(_DATE, re.ASCII)
_META_DATE = re.compile(rf"{_DATE}(?:\s+(?:•\s*)?(?P<comments>\d{{1,6}}))?", re.ASCII)
_AUTHORS = re.compile(r"\s*•?\s*(?P<count>\d{1,5}) authors?", re.ASCII)
_HEADING = re.compile(
    r"new|get trending papers in your email inbox!?|subscribe|daily papers|trending papers"
    r"|by\s?.{1,40} and the research community",
    re.IGNORECASE,
)
_MARKS = re.compile(
    r"(?m)^(?:Get trending papers in your email inbox!?|by\s?.{1,40} and the research community"
    r"|Daily Papers|\s*•\s*\d{1,5} authors?)$"
)
_SENTENCE_END = re.compile(r"[.!?…:][\"'”’)\]]*\Z")


def is_capture(text: str) -> bool:
    """Tell whether the beginning of a file looks like a captured page: two of its marks."""
    return len({found.strip()[:6] for found in _MARKS.findall(_unix(text))}) > 1


def _unix(text: str) -> str:
    """Return a text without byte order mark, its lines ended as Unix does."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


class Capture:
    """One captured page, plain or packed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The same for all captured pages."""
        return NAME

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the papers in the page's order; what cannot be one becomes a fault.

        Raises:
            SourceError: there is no such file, or it may not be read.
        """
        raw, is_whole = self._bytes()
        text = _unix(raw.decode("utf-8", "replace"))
        page = _Page(digest=hashlib.sha256(text.encode()).hexdigest()[:12])
        listings = _listings(_blocks(text), page)
        bound = _seen_not_before(page.day, listings)
        is_cut = not is_whole or not text.endswith("\n")
        for number, listing in enumerate(listings, start=1):
            listing.is_cut = is_cut and number == len(listings) and not listing.has_meta
            yield self._item(listing, page=page, number=number, bound=bound)

    def _bytes(self) -> tuple[bytes, bool]:
        """Return the page, unpacked, and whether that is all of it."""
        raw = bytearray()
        try:
            for chunk in _lines.chunks(self.path):
                raw += chunk
                if len(raw) > MAX_PAGE:
                    return bytes(raw[:MAX_PAGE]), False
        except _lines.CutError:
            return bytes(raw), False
        return bytes(raw), True

    def _item(
        self, listing: _Listing, *, page: _Page, number: int, bound: date | None
    ) -> Record | Fault:
        where = f"{self.path.name} paper {number}"
        problem = _problem(listing)
        if problem:
            raw = f"{listing.title}\n\n{listing.abstract}"[:500]
            return Fault(source=NAME, where=where, reason=problem, raw=raw)
        said = {
            "page_day": page.day_text,
            "published_text": "" if listing.published else listing.date_text,
            "seen_not_before": bound.isoformat() if bound else "",
            "comments": listing.comments if listing.comments and not bound else 0,
            "is_cut": listing.is_cut,
        }
        return Record(
            source=NAME,
            source_id=f"{page.digest}-{number}",
            title=listing.title,
            abstract=listing.abstract,
            author_count=listing.author_count,
            published=listing.published,
            links=links.find(listing.abstract),
            signals=_comments(listing.comments, bound),
            extra={name: value for name, value in said.items() if value},
        )


@dataclass(slots=True)
class _Page:
    """What a page says of itself."""

    digest: str  # of its text: the name of its records
    day_text: str = ""  # "Jan 9"
    day: tuple[int, int] | None = None  # month, day


@dataclass(slots=True)
class _Listing:
    """One paper as the page shows it."""

    title: str
    paragraphs: list[str] = field(default_factory=list)
    has_meta: bool = False
    author_count: int | None = None
    date_text: str = ""
    published: date | None = None
    comments: int | None = None
    is_cut: bool = False

    @property
    def abstract(self) -> str:
        """The paragraphs, an empty line between them."""
        return "\n\n".join(self.paragraphs)


def _blocks(text: str) -> list[list[str]]:
    """Return the page's blocks: lines with no empty line between them."""
    pieces = re.split(r"\n[^\S\n]*(?:\n[^\S\n]*)+", text.strip("\n"))
    return [
        [line for line in piece.split("\n") if line.strip()] for piece in pieces if piece.strip()
    ]


def _listings(blocks: Sequence[list[str]], page: _Page) -> list[_Listing]:
    """Return the papers; what the heading says goes to ``page``."""
    found: list[_Listing] = []
    for at in range(_heading_length(blocks, page), len(blocks)):
        block = blocks[at]
        following = blocks[at + 1] if at + 1 < len(blocks) else None
        last = found[-1] if found else None
        if last and _is_meta(block, last, following):
            _read_meta(block, last)
        elif last is None or last.has_meta or _is_title(block, last, following):
            found.append(_Listing(title=normal.clean(" ".join(block))))
        else:
            last.paragraphs.append(normal.clean(" ".join(block)))
    return found


def _heading_length(blocks: Sequence[list[str]], page: _Page) -> int:
    """Return how many blocks are heading, and note the day that ends it."""
    at = 0
    while at < len(blocks) and all(_HEADING.fullmatch(line.strip()) for line in blocks[at]):
        at += 1
    day = _PAGE_DAY.fullmatch(blocks[at][0].strip()) if at < len(blocks) else None
    # A paper may be called "May 4"; then its abstract comes next, not another title.
    if not day or len(blocks[at]) > 1 or (at + 1 < len(blocks) and _is_abstract(blocks[at + 1])):
        return at
    page.day_text = day[0]
    page.day = (_MONTHS.index(day["month"]) + 1, int(day["day"]))
    return at + 1


def _is_meta(block: list[str], last: _Listing, following: list[str] | None) -> bool:
    """Tell whether a block is what the page says about the last paper under its abstract."""
    lines = [line.strip() for line in block]
    has_authors = any(map(_AUTHORS.fullmatch, lines))
    has_date = any(map(_META_DATE.fullmatch, lines))
    if not all(
        line == "·" or _AUTHORS.fullmatch(line) or _META_DATE.fullmatch(line) for line in lines
    ):
        return False
    if (has_authors and last.author_count is not None) or (has_date and last.date_text):
        return False
    if has_authors or last.has_meta:
        return True
    # A date alone may be the next paper's title: then an abstract follows.
    return has_date and bool(last.paragraphs) and not (following and _is_abstract(following))


def _read_meta(block: list[str], last: _Listing) -> None:
    """Note what a block under an abstract says."""
    last.has_meta = True
    for line in map(str.strip, block):
        if authors := _AUTHORS.fullmatch(line):
            last.author_count = int(authors["count"])
        elif found := _META_DATE.fullmatch(line):
            last.date_text = _PAGE_DAY.match(line)[0]  # type: ignore[index]  # begins alike
            last.comments = int(found["comments"]) if found["comments"] else None
            last.published = _full_date(found)


def _full_date(found: re.Match[str]) -> date | None:
    """Return a date whose year is given; None without one, or when there is no such day."""
    year = int(found["year"] or 0)
    if not _fields.MIN_YEAR <= year <= _fields.MAX_YEAR:
        return None
    return _day(year, _MONTHS.index(found["month"]) + 1, int(found["day"]))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_title(block: list[str], last: _Listing, following: list[str] | None) -> bool:
    """Tell whether a block is the next title, not one more paragraph of the last abstract."""
    line = block[0].strip()
    if not last.paragraphs or len(block) > 1 or len(line) > MAX_TITLE_LINE:
        return False
    if line.endswith((".", ":", "…")):
        return False
    return following is None or _is_abstract(following)


def _is_abstract(block: list[str]) -> bool:
    """Tell whether a block reads like an abstract: long, or a sentence of some length."""
    text = " ".join(block)
    is_sentence = _SENTENCE_END.search(text) and len(text.split()) >= MIN_SENTENCE_WORDS
    return len(text) > MAX_TITLE_LINE or bool(is_sentence)


def _seen_not_before(day: tuple[int, int] | None, listings: Sequence[_Listing]) -> date | None:
    """Return the first day on which the page can have been seen; None when nothing tells."""
    newest = max((each.published for each in listings if each.published), default=None)
    if not day or not newest:
        return None
    years = range(newest.year, newest.year + LEAP_YEARS_APART + 1)
    days = (_day(year, *day) for year in years)
    return next((each for each in days if each and each >= newest), None)


def _comments(count: int | None, bound: date | None) -> tuple[Signal, ...]:
    if not count or not bound:
        return ()
    at = datetime.combine(bound, time(), UTC)
    return (Signal(kind=SignalKind.COMMENT, value=count, at=at, origin="hosted", via=NAME),)


def _problem(listing: _Listing) -> str:
    """Return why a listing cannot be a record, "" when it can."""
    if not listing.title:
        return "title: there is none"
    if len(listing.title) > _fields.MAX_TITLE:
        return f"title: more than {_fields.MAX_TITLE:,} characters"
    if len(listing.abstract) > _fields.MAX_ABSTRACT:
        return f"abstract: more than {_fields.MAX_ABSTRACT:,} characters"
    if not listing.paragraphs and not listing.has_meta:
        return "abstract: the page ends behind this title"
    return ""
