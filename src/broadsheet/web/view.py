"""How does a value read on a page? Small pure functions that templates call as filters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from broadsheet.model import Precision, Scheme
from broadsheet.text import ids, latex, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from broadsheet.model import Paper

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHOWN_AUTHORS = 3
LAST_LATIN = 0x24F  # end of Latin Extended-B
TENFOLD = 900.0  # percent
SHORTEST_OPENING, LONGEST_OPENING = 120, 520  # characters of a second story
FILLED = 0.75  # of its room, before whole sentences are given up
GIST = 240  # characters; what three lines of a row hold
SOURCE_NAMES = {
    "acl": "ACL Anthology",
    "arxiv": "arXiv",
    "bibtex": "BibTeX",
    "biorxiv": "bioRxiv",
    "capture": "captured page",
    "chemrxiv": "ChemRxiv",
    "crossref": "Crossref",
    "csl": "CSL-JSON",
    "daily": "daily papers",
    "endnote": "EndNote",
    "jsonl": "JSON Lines",
    "medrxiv": "medRxiv",
    "openalex": "OpenAlex",
    "openreview": "OpenReview",
    "pubmed": "PubMed",
    "ris": "RIS",
    "s2": "Semantic Scholar",
    "specimen": "specimens",
    "wos": "Web of Science",
    "zotero": "Zotero",
}
SCHEME_NAMES = {
    Scheme.ARXIV: "arXiv",
    Scheme.ACL: "ACL",
    Scheme.OPENREVIEW: "OpenReview",
    Scheme.DOI: "DOI",
    Scheme.PMID: "PMID",
    Scheme.OPENALEX: "OpenAlex",
    Scheme.S2: "S2",
}
_LANGUAGES = (
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "zh"),
    ("ARABIC", "ar"),
    ("HEBREW", "he"),
    ("DEVANAGARI", "hi"),
    ("THAI", "th"),
)


@lru_cache(maxsize=8192)
def plain(source: str) -> str:
    """Return text that may hold LaTeX as readable Unicode."""
    return latex.to_text(source)


@lru_cache(maxsize=4096)
def gist(source: str) -> str:
    """Return the beginning of an abstract, whole sentences where they fit in ``GIST``."""
    return sentences.gist(plain(source), limit=GIST)


@lru_cache(maxsize=1024)
def opening(source: str, limit: int) -> str:
    """Return the beginning of an abstract, about ``limit`` characters: the story's share of room.

    Whole sentences where they fill most of it, else a cut between words.
    """
    text = plain(source)
    whole = sentences.gist(text, limit=limit)
    if len(whole) >= limit * FILLED or len(text) <= limit:
        return whole
    return text[:limit].rpartition(" ")[0].rstrip(" ,;:.") + " …"


def copyfit(lead: Paper, seconds: Sequence[Paper]) -> int:
    """Return how many characters each second story may have, so that both columns end together.

    Heights are in pixels on the sheet at 1280 px, where they were measured: a headline of the
    lead sets 22 characters in 49 px, its abstract 60 in 22 px, a second's headline 25 in 29 px,
    its text 41 in 22 px; the rest of a lead stands 130 px high, of a second 185 px.
    """
    if not seconds:
        return LONGEST_OPENING
    height = 130 + 49 * _lines(lead.title, 22) + 22 * _lines(lead.abstract, 60)
    taken = sum(185 + 29 * _lines(paper.title, 25) for paper in seconds) - 50
    room = 41 * (height - taken) / 22 / len(seconds)
    return round(min(max(room, SHORTEST_OPENING), LONGEST_OPENING))


def _lines(source: str, width: int) -> int:
    return -(-len(plain(source)) // width)


def rise(percent: float) -> str:
    """Return a change as ``+62%``; from tenfold on as "times 30"."""
    return f"{percent:+.0f}%" if percent < TENFOLD else f"\u00d7{percent / 100 + 1:.0f}"


def has_formula(*sources: str) -> bool:
    """Tell whether any of these texts holds a formula that KaTeX must set."""
    return any(part.kind == "math" for source in sources for part in latex.segments(source))


@lru_cache(maxsize=4096)
def language(name: str) -> str:
    """Return the likely language of a name in another script, "" for Latin and unknown letters.

    Kana settles for Japanese before Han characters are read as Chinese.
    """
    foreign = (letter for letter in name if ord(letter) > LAST_LATIN)
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in foreign}
    return next((code for script, code in _LANGUAGES if script in scripts), "")


def number(value: int) -> str:
    """Return a whole number with separators: 3,214,907."""
    return f"{value:,}"


def decimal(value: float) -> str:
    """Return a score with two decimals: 0.62."""
    return f"{value:.2f}"


def counted(value: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 paper, 3,214 papers."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def long_day(day: date) -> str:
    """Return ``Friday, 21 August 2026``."""
    return f"{WEEKDAYS[day.weekday()]}, {full_day(day)}"


def full_day(day: date) -> str:
    """Return ``21 August 2026``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """Return ``21 Aug``."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def turn_day(day: date) -> str:
    """Return ``Fri 21``."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day}"


def month_name(day: date) -> str:
    """Return ``August 2026``."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def week_name(day: date) -> str:
    """Return ``2026-W34``, the ISO week, as it stands in addresses."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def moment(at: datetime) -> str:
    """Return ``21 Aug 2026, 02:14`` of an aware time, in its own zone."""
    return f"{short_day(at.date())} {at.year}, {at:%H:%M}"


def duration(span: timedelta) -> str:
    """Return about how long, in its largest fitting unit: 40 seconds, 1 minute, 5 hours, 2 days."""
    seconds = max(1, round(span.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length or (seconds >= length and unit == "minute"):
            return counted(round(seconds / length), unit)
    return counted(seconds, "second")


def published(paper: Paper) -> str:
    """Return when a paper appeared, as far as known: 4 Oct 2023, Oct 2023, 2023, or ""."""
    day = paper.published
    if day is None:
        return ""
    if paper.precision is Precision.YEAR:
        return str(day.year)
    month = f"{MONTHS[day.month - 1][:3]} {day.year}"
    return month if paper.precision is Precision.MONTH else f"{day.day} {month}"


def published_iso(paper: Paper) -> str:
    """Return the same date as a machine reads it: 2023-10-04, 2023-10, 2023, or ""."""
    if paper.published is None:
        return ""
    length = {Precision.YEAR: 4, Precision.MONTH: 7, Precision.DAY: 10}[paper.precision]
    return paper.published.isoformat()[:length]


def paper_url(paper: Paper, suffix: str = "") -> str:
    """Return the address of a paper's page: /papers/2401.01234."""
    return f"{_paper_path(paper.id)}{suffix}"


@lru_cache(maxsize=8192)  # a row asks some seven times
def _paper_path(paper_id: str) -> str:
    return f"/papers/{quote(ids.url_part(paper_id), safe='/:.,;()@+~')}"


@lru_cache(maxsize=16_384)
def author_url(name: str) -> str:
    """Return the address of an author's papers."""
    return f"/authors/{quote(name, safe='')}"


@lru_cache(maxsize=4096)
def topic_url(topic: str) -> str:
    """Return the address of a topic's papers."""
    return f"/topics/{quote(topic, safe='')}"


def shelf_url(name: str) -> str:
    """Return the address of a shelf."""
    return f"/shelves/{quote(name, safe='')}"


def search_url(query: str = "", **more: Any) -> str:
    """Return the address of a search; empty parameters are left out."""
    pairs = {k: v for k, v in {"q": query, **more}.items() if v not in ("", None, ())}
    return f"/papers?{urlencode(pairs, doseq=True)}"


def hidden_authors(paper: Paper) -> int:
    """Return how many authors a line of ``SHOWN_AUTHORS`` does not show."""
    count = max(len(paper.authors), paper.author_count or 0)
    return count - min(len(paper.authors), SHOWN_AUTHORS)


def source_name(source: str) -> str:
    """Return a source as people call it."""
    return SOURCE_NAMES.get(source, source)


def scheme_name(scheme: Scheme) -> str:
    """Return a kind of identifier as people write it."""
    return SCHEME_NAMES.get(scheme, scheme.value)


def listed(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def host_of(url: str) -> str:
    """Return where a link leads, short: arxiv.org."""
    return re.sub(r"^https?://(www\.)?", "", url).partition("/")[0]


def outbound(url: str) -> str:
    """Return the URL when it is http or https, else "" (so that no other scheme reaches a page)."""
    return url if re.match(r"https?://[^\s/]", url, re.IGNORECASE) else ""


FILTERS: Mapping[str, Callable[..., Any]] = {
    "counted": counted,
    "decimal": decimal,
    "full_day": full_day,
    "gist": gist,
    "host": host_of,
    "language": language,
    "listed": listed,
    "long_day": long_day,
    "moment": moment,
    "month_name": month_name,
    "number": number,
    "opening": opening,
    "outbound": outbound,
    "plain": plain,
    "rise": rise,
    "segments": latex.segments,
    "short_day": short_day,
    "scheme": scheme_name,
    "source": source_name,
    "turn_day": turn_day,
    "week_name": week_name,
}
GLOBALS: Mapping[str, Any] = {
    "author_url": author_url,
    "paper_url": paper_url,
    "published": published,
    "published_iso": published_iso,
    "search_url": search_url,
    "shelf_url": shelf_url,
    "topic_url": topic_url,
}
