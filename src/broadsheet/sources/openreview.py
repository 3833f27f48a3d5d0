"""OpenReview: the public submissions of a venue, and what is public about their reviews.

API 2 (https://docs.openreview.net/reference/api-v2) wraps each field as ``{"value": ...}``, API 1,
which still has the venues of before 2023, does not. What is not for everyone to read, note or
field, is passed over: with a token the API shows its owner more than a library may keep.

A pass reads the newest change first and ends at what an earlier pass has seen. A review does not
change the submission that it is about: those of older submissions come with `--full`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from broadsheet.errors import SettingError, UnreachableError
from broadsheet.model import Record, Signal, SignalKind
from broadsheet.sources import _entry, _json, _passes, _plan
from broadsheet.sources._fields import FieldError
from broadsheet.sources._json import JsonError
from broadsheet.sources._json_source import mapping, objects, text, texts
from broadsheet.sources._passes import Page, reading_pass
from broadsheet.sources._plan import Kind
from broadsheet.sources._turns import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from broadsheet.config import Settings
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

NAME = "openreview"
WEB = "https://openreview.net"
PAGE = 200  # notes of one answer; with their replies a thousand would be too large
FIRST_DAYS = 36_500  # the first pass reads the whole venue
MAX_RATINGS = 100  # of one paper
EVERYONE = "everyone"
SITE = Site("openreview.net", 3.0)  # a guest may ask twenty times a minute

_NOBODY = frozenset({"anonymous", "anonymous authors", "anon"})
_NUMBER = re.compile(r"\s*(-?\d{1,3}(?:\.\d)?)(?!\d)")
_VENUE = re.compile(r"[^\s,=&?#]{3,200}")
_WITHDRAWN = ("withdrawn_submission", "desk_rejected_submission")
_ABSENT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways in which the submissions of a venue can be asked for."""

    url: str  # of the notes of one of the APIs
    field: str
    value: str


def parse(data: bytes, *, where: str = "answer", known: date | None = None) -> Page:
    """Return the submissions in an answer, and the id after which the next page begins.

    Args:
        data: The answer, of either API.
        where: What a fault's place begins with.
        known: What changed before this day was read by an earlier pass; the list ends there.
    """
    try:
        answer = _json.read_object(data)
    except JsonError as error:
        return Page(problem=str(error))
    notes = answer.get("notes")
    if not isinstance(notes, list):
        return Page(problem=f"the answer is no list of notes: {str(answer)[:200]}")
    public = [note for note in objects(notes) if is_public(note)]
    items = _passes.records(public, to_record, source=NAME, where=where)
    last = mapping(notes[-1]) if notes else {}
    changed = _day(last.get("tmdate") or last.get("mdate"))
    is_over = known is not None and changed is not None and changed < known
    return Page(items=tuple(items), token="" if is_over else text(last.get("id")))


def is_public(note: Mapping[str, Any]) -> bool:
    """Tell whether a note is there, and for everyone to read."""
    return EVERYONE in texts(note.get("readers")) and not note.get("ddate")


def to_record(note: dict[str, Any]) -> Record:
    """Return the record of a submission.

    Raises:
        FieldError: it is none.
    """
    content = _public_content(note)
    forum = text(note.get("forum")) or text(note.get("id"))
    names = _entry.Names()
    if not names.add(f"openreview:{forum}"):
        raise FieldError(f"forum: {forum[:40]!r} is no id of OpenReview's")
    for other in (*texts(note.get("externalIds")), text(content.get("pdf"))):
        names.add(other.replace("arxiv:", "arXiv:", 1))
    venueid = text(content.get("venueid")).casefold()
    summary = text(content.get("TLDR")) or text(content.get("TL;DR"))
    replies = objects(mapping(note.get("details")).get("replies"))
    public = [each for each in replies if is_public(each)]
    record = _entry.to_record(
        NAME,
        {
            **names.values(),
            "source_id": forum,
            "title": text(content.get("title")),
            "abstract": text(content.get("abstract")),
            "authors": _authors(content),
            "published": _iso(note.get("cdate") or note.get("tcdate")),
            "announced": _iso(note.get("odate") or note.get("pdate")),
            "updated": _iso(note.get("mdate") or note.get("tmdate")),
            "venue": text(content.get("venue")),
            "topics": _topics(content),
            "summary": summary,
            "summary_by": "authors" if summary else "",
            "license": text(note.get("license")),
            "status": "withdrawn" if venueid.endswith(_WITHDRAWN) else "",
            "links": list(_links(content, forum)),
            "extra": _extra(note, content, public),
        },
    )
    return _with_signals(record, public)


def _public_content(note: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a note that everyone may read, without API 2's wrapping."""
    found: dict[str, Any] = {}
    for name, value in mapping(note.get("content")).items():
        if not isinstance(value, dict):
            found[name] = value
        elif "value" in value and EVERYONE in (texts(value.get("readers")) or [EVERYONE]):
            found[name] = value["value"]
    return found


def _authors(content: Mapping[str, Any]) -> list[str]:
    given = content.get("authors")
    names = [
        text(each.get("fullname")) or text(each.get("name")) if isinstance(each, dict) else each
        for each in (given if isinstance(given, list) else [])
    ]
    return [name for name in names if isinstance(name, str) and name.casefold() not in _NOBODY]


def _topics(content: Mapping[str, Any]) -> list[str]:
    given = content.get("keywords")
    found = re.split(r"\s*[,;]\s*", given) if isinstance(given, str) else texts(given)
    return [each for each in found if each]


def _links(content: Mapping[str, Any], forum: str) -> Iterator[dict[str, str]]:
    pdf = text(content.get("pdf"))
    if pdf.startswith("/"):
        yield {"kind": "pdf", "url": f"{WEB}/pdf?id={forum}"}
    for name, kind in (("pdf", "pdf"), ("html", "abstract"), ("code", "code"), ("data", "data")):
        url = text(content.get(name))
        if url.startswith(("http://", "https://")) and " " not in url:
            yield {"kind": kind, "url": url}


def _extra(
    note: Mapping[str, Any], content: Mapping[str, Any], replies: list[dict[str, Any]]
) -> dict[str, Any]:
    kinds = Counter(map(_kind, replies))
    ratings = [one for one in map(_rating, replies) if one is not None]
    decision = next(filter(None, map(_decision, replies)), "")
    return {
        "venueid": text(content.get("venueid")),
        "area": text(content.get("primary_area")),
        "number": note.get("number"),
        "accepted": _iso(note.get("pdate")),
        "decision": decision,
        "ratings": ratings[:MAX_RATINGS],
        "reviews": kinds["review"] or None,
    }


def _with_signals(record: Record, replies: list[dict[str, Any]]) -> Record:
    """Return the record with the number of its public replies, as it grew from day to day."""
    days = sorted(day for each in replies if (day := _day(each.get("cdate") or each.get("tcdate"))))
    totals = {day: number for number, day in enumerate(days, start=1)}
    signals = tuple(
        Signal(
            kind=SignalKind.COMMENT,
            value=total,
            at=datetime.combine(day, time(), UTC) + timedelta(days=1),  # the end of that day
            origin=NAME,
            via=NAME,
        )
        for day, total in totals.items()
    )
    return replace(record, signals=signals)


def _kind(reply: Mapping[str, Any]) -> str:
    """Return what a reply is: "review", "decision", "comment"."""
    named = [*texts(reply.get("invitations")), text(reply.get("invitation"))]
    last = next((name.rpartition("/")[2].casefold() for name in named if name), "")
    if last.endswith("review") and "meta" not in last:
        return "review"
    return "decision" if last.endswith("decision") else "comment"


def _rating(reply: Mapping[str, Any]) -> float | None:
    """Return the rating of a review: 8, or that of "8: accept, good paper"."""
    if _kind(reply) != "review":
        return None
    content = _public_content(reply)
    given = next(
        (content[name] for name in ("rating", "recommendation", "overall") if name in content), None
    )
    found = _NUMBER.match(str(given)) if isinstance(given, (int, float, str)) else None
    return float(found[1]) if found else None


def _decision(reply: Mapping[str, Any]) -> str:
    return text(_public_content(reply).get("decision"))[:100] if _kind(reply) == "decision" else ""


def _day(moment: Any) -> date | None:
    """Return the day of a number of milliseconds since 1970; None where it is none."""
    if not isinstance(moment, int) or isinstance(moment, bool) or not 0 < moment < 10**14:
        return None
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment)).date()


def _iso(moment: Any) -> str:
    day = _day(moment)
    return day.isoformat() if day else ""


class Venue:
    """The submissions of one venue, by the first way that finds any."""

    def __init__(self, http: Http, ways: list[Way], *, token: str = "") -> None:
        self._http = http
        self._ways = ways
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def page(self, since: date | None, token: str) -> Page:
        """Return one page of submissions, newest change first.

        Raises:
            SourceError: the API does not answer, or knows no such venue.
        """
        number, _, after = token.partition(" ")
        if after:
            return self._numbered(int(number), since, after)
        for way in range(len(self._ways)):
            try:
                page = self._numbered(way, since, "")
            except UnreachableError as error:
                if error.status not in _ABSENT:
                    raise
                continue
            if page.items or page.token or page.problem:
                return page
        raise UnreachableError(
            f"OpenReview shows no submissions of {self._ways[0].value}: is that the venue's id, as "
            "in ICLR.cc/2025/Conference, and is it public?"
        )

    def _numbered(self, number: int, since: date | None, after: str) -> Page:
        way = self._ways[number]
        params = {way.field: way.value, "limit": str(PAGE), "details": "replies"}
        params |= {"sort": "tmdate:desc"} | ({"after": after} if after else {})
        answer = self._http.get(
            way.url, params=params, headers=self._headers, key="openreview_token"
        )
        page = parse(answer.body, where=f"{way.value[:80]} after {after or 'nothing'}", known=since)
        if page.problem.endswith("a page for people"):
            raise UnreachableError(
                "OpenReview wants to see a human first: it answers with a page that asks for one. "
                "Give it an openreview_token, or try again later"
            )
        return replace(page, token=f"{number} {page.token}" if page.token else "")


def _prepare(means: Means, name: str) -> Opener:
    settings = means.settings
    ways = _ways(settings, _plan.part(name))

    def opened(reading: Reading) -> Remote:
        venue = Venue(means.http(), ways, token=settings.openreview_token)
        return reading_pass(name, venue.page, reading, first_days=FIRST_DAYS, look_back=1)

    return opened


def _ways(settings: Settings, venue: str) -> list[Way]:
    """Return the ways to a venue: an invitation is asked for as it is.

    Raises:
        SettingError: it is no id of a venue.
    """
    new, old = (
        url.rstrip("/") + "/notes" for url in (settings.openreview_url, settings.openreview_v1_url)
    )
    if venue.startswith("venueid="):
        return [Way(new, "content.venueid", venue.removeprefix("venueid="))]
    if not _VENUE.fullmatch(venue):
        raise SettingError(
            f"sources: {venue[:60]!r} is no id of a venue, such as ICLR.cc/2025/Conference",
            field="sources",
        )
    if "/-/" in venue:
        return [Way(url, "invitation", venue) for url in (new, old)]
    pairs = ((new, "Submission"), (old, "Blind_Submission"), (old, "Submission"))
    return [Way(url, "invitation", f"{venue.rstrip('/')}/-/{kind}") for url, kind in pairs]


def _sites(settings: Settings) -> Mapping[str, Site]:
    return _plan.one_site(SITE, (settings.openreview_url, settings.openreview_v1_url))


KIND = Kind(
    form="openreview:VENUE",
    reads="the public submissions of a venue of OpenReview, with decisions, ratings and the "
    "number of public replies",
    example="openreview:ICLR.cc/2025/Conference",
    prepare=_prepare,
    least=timedelta(hours=12),
    sites=_sites,
)
