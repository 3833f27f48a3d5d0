"""The hosted daily list's JSON API: which papers people picked, and what they thought of them.

``GET /api/daily_papers?date=2026-08-21``. The day on which a paper was picked is not the day on
which it was published: asking for the one and filtering by the other finds nothing. Votes,
comments and stars are totals at the moment of asking; a total that has not moved since the last
reading is not noted again. Who picked a paper, for which organisation it was made, and what its
makers show of it, are kept beside the record, by name only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from broadsheet.errors import UnreachableError
from broadsheet.model import Fault, Record, Signal, SignalKind
from broadsheet.sources import _fields, _json
from broadsheet.sources._fields import FieldError
from broadsheet.sources._plan import Kind
from broadsheet.sources.jsonlines import to_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from broadsheet.model import Observation
    from broadsheet.ports import Remote
    from broadsheet.sources._http import Http
    from broadsheet.sources._plan import Means, Opener, Reading

NAME = "daily"
BEGAN = date(2023, 5, 4)  # the first day of the list
PATH = "/api/daily_papers"
ONE_DAY = timedelta(days=1)
LIMIT = 100  # papers of one answer; a day has a few dozen, and then a second page
MAX_PAGES = 20  # of one day
LOOK_BACK = 3  # days that are read again, for their votes
FIRST_DAYS = 7  # before the first reading
FORM = "daily"

_COUNTS = (
    (SignalKind.VOTE, "hosted", "upvotes"),
    (SignalKind.COMMENT, "hosted", "numComments"),
    (SignalKind.STAR, "github", "githubStars"),
)
_KEPT = ("ai_summary_model", "discussionId", "mediaUrls")
_NAMES = ("name", "fullname")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer held."""

    items: tuple[Record | Fault, ...]
    problem: str = ""  # why it is no answer at all


def parse(
    data: bytes, *, where: str = "answer", day: date | None = None, seen: datetime | None = None
) -> Page:
    """Return what an answer holds; an entry that is no paper becomes a fault. Never raises.

    Args:
        data: A list of papers, as JSON.
        where: What a fault's place begins with.
        day: The day that was asked for, where an entry does not say when it was picked.
        seen: When the totals were read; None: unknown, they count from the day of picking, the
            first on which they can have been true.
    """
    try:
        values = _json.read(data)
    except _json.JsonError as error:
        return Page(items=(), problem=str(error))
    if not isinstance(values, list):
        return Page(items=(), problem="the answer is no list of papers")
    items: list[Record | Fault] = []
    for number, entry in enumerate(values, start=1):
        try:
            items.append(_record(entry, day=day, seen=seen))
        except FieldError as error:
            raw = json.dumps([entry], ensure_ascii=True)
            place = f"{where} paper {number}"
            items.append(Fault(source=NAME, where=place, reason=str(error), raw=raw, form=FORM))
    return Page(items=tuple(items))


class DailyList:
    """The daily list, from the last day that was read to today."""

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        cursor: Mapping[str, Any],
        now: datetime,
        since: date | None = None,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/") + PATH
        self._now = now
        self._totals: dict[str, str] = dict(cursor.get("totals", {}))
        self._day = str(cursor.get("day", ""))
        self._past = dict(cursor.get("past", {}))
        asked = since.isoformat() if since else ""
        if asked and self._past.get("asked") != asked:
            self._past = {"asked": asked, "next": asked}
        known = self._past.get("next")
        self._first = date.fromisoformat(known) if known else self._start()

    @property
    def name(self) -> str:
        """The name that `/status` shows."""
        return NAME

    @property
    def cursor(self) -> Mapping[str, Any]:
        """The last day that was read, the totals of late, and how far a longer past was read."""
        past = {"past": dict(self._past)} if self._past else {}
        return {"day": self._day, "totals": dict(self._totals), **past}

    def read(self) -> Iterator[Record | Observation | Fault]:
        """Yield the papers of each day, oldest day first.

        A day that the service cannot tell is passed over, is a fault, and fails the run in the
        end; after two in a row nothing more is asked.

        Raises:
            SourceError: a day could not be read; the others are done, or those before it.
        """
        today = self._now.astimezone(UTC).date()
        late = today - timedelta(days=LOOK_BACK)  # earlier days are not read again
        kept: dict[str, str] = {}
        failures: dict[date, UnreachableError] = {}
        day = self._first
        while day <= today:
            try:
                items = self._items(day)
            except UnreachableError as error:
                if error.status is None or day - ONE_DAY in failures:
                    raise
                failures[day] = error
                day += ONE_DAY
                continue
            if day - ONE_DAY in failures:
                yield _missing(day - ONE_DAY, failures[day - ONE_DAY])
            for item in items:
                yield self._news(item, kept) if isinstance(item, Record) and day >= late else item
            self._note(day)
            day += ONE_DAY
        self._past = {}
        if failures:
            raise next(iter(failures.values()))
        self._totals = kept  # of the days that are read again

    def _note(self, day: date) -> None:
        """Note that a day was read."""
        self._day = max(self._day, day.isoformat())
        if self._past:
            self._past["next"] = (day + ONE_DAY).isoformat()

    def _start(self) -> date:
        today = self._now.astimezone(UTC).date()
        if not self._day:
            return today - timedelta(days=FIRST_DAYS)
        return min(date.fromisoformat(self._day), today) - timedelta(days=LOOK_BACK)

    def _items(self, day: date) -> list[Record | Fault]:
        """Return the entries of a day, of all its pages.

        Raises:
            UnreachableError: a page is none.
        """
        found: list[Record | Fault] = []
        for number in range(MAX_PAGES):
            params = {"date": day.isoformat(), "limit": str(LIMIT)}
            params |= {"p": str(number)} if number else {}
            answer = self._http.get(self._url, params=params)
            page = parse(answer.body, where=str(day), day=day, seen=self._now)
            if page.problem:
                told = f"{self._url} of {day}: {page.problem}"
                raise UnreachableError(told, status=answer.status)
            found += page.items
            if len(page.items) < LIMIT:
                break
        return found

    def _news(self, record: Record, kept: dict[str, str]) -> Record:
        """Return the record without totals that have not moved since they were noted."""
        totals = "/".join(f"{one.kind.value}{one.value}" for one in record.signals)
        kept[record.source_id] = totals
        if self._totals.get(record.source_id) == totals:
            return replace(record, signals=())
        self._totals[record.source_id] = totals
        return record


def _missing(day: date, error: UnreachableError) -> Fault:
    reason = f"the list of this day could not be read: {error}"
    return Fault(source=NAME, where=day.isoformat(), reason=reason)


def _prepare(means: Means, _name: str) -> Opener:
    def opened(reading: Reading) -> Remote:
        return DailyList(
            means.http(),
            means.settings.daily_list_url,
            cursor=reading.cursor,
            now=reading.now,
            since=reading.since or (BEGAN if reading.is_full else None),
        )

    return opened


KIND = Kind(
    form=NAME,
    reads="the hosted daily list: what people picked, votes, comments, stars, keywords",
    example=NAME,
    prepare=_prepare,
)


def _record(entry: Any, *, day: date | None, seen: datetime | None) -> Record:
    """Return the record of an entry.

    Raises:
        FieldError: it is none.
    """
    paper = entry.get("paper") if isinstance(entry, dict) else None
    if not isinstance(paper, dict):
        raise FieldError("paper: the entry has none")
    picked = _picked(entry, paper) or day
    people = paper.get("authors")
    authors = [
        one.get("name")
        for one in (people if isinstance(people, list) else [])
        if isinstance(one, dict) and one.get("name") and not one.get("hidden")
    ]
    record = to_record(
        {
            "source": NAME,
            "id": paper.get("id"),
            "title": paper.get("title") or entry.get("title"),
            "abstract": paper.get("summary") or entry.get("summary"),
            "authors": authors,
            "published": paper.get("publishedAt"),
            "picked": picked.isoformat() if picked else None,
            "ai_summary": paper.get("ai_summary"),
            "ai_keywords": paper.get("ai_keywords"),
            "githubRepo": paper.get("githubRepo"),
            "projectPage": paper.get("projectPage"),
            "extra": _extra(entry, paper),
        },
        shelf=NAME,
    )
    at = seen or (datetime.combine(picked, time(), UTC) if picked else None)
    return replace(record, signals=_signals({**entry, **paper}, at) if at else ())


def _extra(entry: Mapping[str, Any], paper: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has no place of its own; until 2025 some of it stood in the entry only."""
    both = {**entry, **paper}
    named = {
        "organization": both.get("organization"),
        "submitted_by": paper.get("submittedOnDailyBy") or entry.get("submittedBy"),
    }
    found = {name: both[name] for name in _KEPT if both.get(name)}
    found |= {name: people for name, value in named.items() if (people := _called(value))}
    if entry.get("isAuthorParticipating") is True:
        found["author_participates"] = True
    return found


def _called(value: Any) -> dict[str, str]:
    """Return how a person or an organisation is called: nothing else of them is kept."""
    if not isinstance(value, dict):
        return {}
    return {name: value[name] for name in _NAMES if isinstance(value.get(name), str)}


def _picked(entry: Mapping[str, Any], paper: Mapping[str, Any]) -> date | None:
    """Return the day on which a paper was picked, where the entry says so.

    Until 2025 an entry's own `publishedAt` was the moment of picking; since then it repeats the
    paper's.

    Raises:
        FieldError: it says something else than a day.
    """
    said = paper.get("submittedOnDailyAt")
    if said is None and entry.get("publishedAt") != paper.get("publishedAt"):
        said = entry.get("publishedAt")
    if said is None:
        return None
    if not isinstance(said, str):
        raise FieldError("submittedOnDailyAt: expected a date")
    return _fields.moment_of("submittedOnDailyAt", said).date()


def _signals(values: Mapping[str, Any], at: datetime) -> tuple[Signal, ...]:
    """Return the totals that an entry gives.

    Raises:
        FieldError: one is no number.
    """
    fields = _fields.Fields(values)
    return tuple(
        Signal(kind=kind, value=value, at=at, origin=origin, via=NAME)
        for kind, origin, name in _COUNTS
        if (value := fields.whole(name)) is not None
    )
