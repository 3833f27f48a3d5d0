"""Is a day complete, partial, empty for a reason, or late? Values in, a state and a sentence out.

What arXiv lists on a day is told by up to three witnesses: its feeds, its repository and, where
both kept silent, its query API. A day is complete in a category when some witness has told, and
every paper that any of them named is here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from broadsheet.model import (
    FEED,
    REPOSITORY,
    Completeness,
    EditionState,
    PartDay,
    Period,
)
from broadsheet.text import arxiv_calendar
from broadsheet.text.arxiv_calendar import EASTERN, Listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from broadsheet.model import Holding, Identifier, Sync

FILLED = timedelta(days=14)  # days before today whose gaps are filled without being asked
SATURDAY = 5
TOLD = 300  # characters of an error
ARXIV = frozenset({FEED, REPOSITORY})
_WAYS = {FEED: "feed", REPOSITORY: "repository"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known when an edition is judged."""

    period: Period
    first: date
    last: date
    now: datetime
    zone: ZoneInfo  # of the readers
    papers: int  # in the edition
    is_specimen: bool
    holdings: Sequence[Holding]  # of its days, and of some after them
    began: Mapping[str, date]  # by category: the first day that any witness told of
    syncs: Sequence[Sync]
    sources: Collection[str]  # that the settings name
    categories: Sequence[str]
    delivered: datetime | None  # when a source last delivered; None: never
    trouble: str  # what went wrong when a source was last read, else ""

    @property
    def today(self) -> date:
        """The readers' date."""
        return self.now.astimezone(self.zone).date()

    @property
    def reads_arxiv(self) -> bool:
        """Whether arXiv's listings are read here at all."""
        return bool(ARXIV & set(self.sources))


def judge(scene: Scene) -> Completeness:
    """Return the state of an edition, and why it is so: the one place where that is worded."""
    if scene.is_specimen:
        said = "These papers are specimens, written to show the page until a source delivers."
        return Completeness(state=EditionState.SPECIMEN, sentence=said)
    if not scene.papers:
        state, said = _without_papers(scene)
        said = said if said.startswith("arXiv") else said[0].upper() + said[1:]
        return Completeness(state=state, sentence=said)
    lacking, said = _lacking(scene)
    if lacking:
        return Completeness(state=lacking, sentence=said)
    state = EditionState.COMPLETE if scene.last < scene.today else EditionState.OPEN
    return Completeness(state=state, sentence=_agreed(scene, state))


# --- what is missing -----------------------------------------------------------------------


def missed(
    holdings: Iterable[Holding],
    categories: Iterable[str],
    now: datetime,
    *,
    began: Mapping[str, date] | None = None,
) -> list[tuple[date, str]]:
    """Return the days and categories of the last fortnight of which no witness told anything.

    A category of which none was ever told was not missed: it is new here. ``began`` is worked
    out from the holdings when it is not given.
    """
    told = {(one.listed.day, one.listed.part) for one in holdings}
    due = arxiv_calendar.newest_due(now)
    found = []
    for part in categories:
        starts = [day for day, of in told if of == part]
        start = min(starts, default=None) if began is None else began.get(part)
        if start is not None:
            days = arxiv_calendar.listing_days(max(start, due - FILLED), due)
            found += [(day, part) for day in days if (day, part) not in told]
    return sorted(found)


def part_days(
    holdings: Sequence[Holding],
    days: Iterable[date],
    *,
    categories: Sequence[str],
    began: Mapping[str, date],
    now: datetime,
) -> list[PartDay]:
    """Return how each of these days stands in each category, by day and category.

    Days before a category was first read are left out, and those that are not due.
    """
    announced = {
        (one.listed.part, name)
        for one in holdings
        if one.listed.source == FEED
        for name in one.listed.papers
    }
    gone = missed(holdings, categories, now, began=began)
    found = []
    for day in days:
        for part in categories:
            here = [one for one in holdings if (one.listed.day, one.listed.part) == (day, part)]
            if here:
                found.append(_part_day(here, announced))
            elif (day, part) in gone:
                found.append(_late(day, part))
    return found


def _part_day(here: Sequence[Holding], announced: Collection[tuple[str, Identifier]]) -> PartDay:
    """Return a day of one category as its witnesses tell."""
    part = here[0].listed.part
    totals = {one.listed.source: one.total for one in here}
    papers, lost = _union(here)
    harvested = totals.get(REPOSITORY, next((n for of, n in totals.items() if of != FEED), None))
    expected = max(len(papers), *totals.values())
    unheard = sum((part, name) not in announced for name in papers)
    notes = []
    if lost:
        word = "paper is" if len(lost) == 1 else "papers are"
        notes.append(f"{len(lost)} {word} asked for by name")
    if FEED not in totals:
        notes.append("the feed did not have it")
    elif unheard and harvested is not None:
        notes.append(f"the feed lacked {unheard:,}")
    return PartDay(
        day=here[0].listed.day,
        part=part,
        announced=totals.get(FEED),
        harvested=harvested,
        expected=expected,
        held=expected - len(lost),
        state=EditionState.PARTIAL if lost else EditionState.COMPLETE,
        note="; ".join(notes),
    )


def _late(day: date, part: str) -> PartDay:
    return PartDay(
        day=day,
        part=part,
        announced=None,
        harvested=None,
        expected=0,
        held=0,
        state=EditionState.LATE,
        note="no listing has come; the repository is asked, then the query API",
    )


def _union(holdings: Iterable[Holding]) -> tuple[set[Identifier], set[Identifier]]:
    """Return the papers that are listed, and those of them that are not here."""
    papers: set[Identifier] = set()
    lost: set[Identifier] = set()
    for one in holdings:
        papers |= one.listed.papers | one.missing
        lost |= one.missing
    return papers, lost


def _inside(scene: Scene) -> list[Holding]:
    return [one for one in scene.holdings if scene.first <= one.listed.day <= scene.last]


def _lacking(scene: Scene) -> tuple[EditionState | None, str]:
    """Return what an edition that has papers lacks; (None, "") where that is nothing known."""
    papers, lost = _union(_inside(scene))
    if lost:
        here, all_ = len(papers) - len(lost), len(papers)
        if _is_reading(scene, ARXIV):
            return EditionState.PARTIAL, f"Still being read: {here:,} of {all_:,} papers."
        what = "the other is" if len(lost) == 1 else f"the other {len(lost):,} are"
        return EditionState.PARTIAL, (
            f"{here:,} of the {all_:,} papers that arXiv lists are here; {what} asked for by name."
        )
    gone = [pair for pair in _missed(scene) if scene.first <= pair[0] <= scene.last]
    if not gone or not scene.reads_arxiv:
        return None, ""
    days = sorted({day for day, _ in gone})
    which = ", ".join(sorted({part for _, part in gone}))
    is_all = scene.period is Period.DAY and len(gone) == len(scene.categories)
    said = f"arXiv's listing of {which} for {_days(days)} has not come.{_next(scene)}"
    return (EditionState.LATE if is_all else EditionState.PARTIAL), said


def _missed(scene: Scene) -> list[tuple[date, str]]:
    """Return what was missed within the edition, the last fortnight or longer ago."""
    told = {(one.listed.day, one.listed.part) for one in scene.holdings}
    last = min(scene.last, arxiv_calendar.newest_due(scene.now))
    return [
        (day, part)
        for day in arxiv_calendar.listing_days(scene.first, last)
        for part in scene.categories
        if scene.began.get(part, date.max) <= day and (day, part) not in told
    ]


def _agreed(scene: Scene, state: EditionState) -> str:
    """Return what is known of an edition that lacks nothing."""
    here = _inside(scene)
    more = "" if state is EditionState.COMPLETE else " More votes may still come."
    papers, _ = _union(here)
    if not any(one.total for one in here):
        return f"All that its sources delivered is here.{more}"
    if not papers:  # long past: only numbers are kept
        return f"All that arXiv listed is here.{more}"
    said = f"All {len(papers):,} papers that arXiv lists are here"
    if len(papers) == 1:
        said = "The one paper that arXiv lists is here"
    heard = {one.listed.source for one in here}
    if heard == {FEED}:
        after = (
            ""
            if REPOSITORY not in scene.sources
            else ", as its feed says: its repository is asked next"
        )
        return f"{said}{after}.{more}"
    announced = set().union(
        *(one.listed.papers for one in scene.holdings if one.listed.source == FEED)
    )
    lacked = len(papers - announced)
    if FEED in heard and not lacked:
        return f"{said}; its feed and its repository agree.{more}"
    if FEED in heard:
        return f"{said}, {lacked:,} of which its feed lacked.{more}"
    return f"{said}; its feed did not have them.{more}"


# --- why there is nothing ------------------------------------------------------------------


def _without_papers(scene: Scene) -> tuple[EditionState, str]:
    """Return the state of an edition without papers, and why it has none."""
    name = told(scene.first, scene.period)
    if scene.delivered is None:
        return EditionState.EMPTY, _nothing_yet(scene)
    if scene.first > scene.today:
        return EditionState.EMPTY, f"{name} has not come yet."
    if scene.period is Period.DAY and scene.first.weekday() >= SATURDAY:
        return EditionState.EMPTY, f"{name}: sources list new papers from Monday to Friday."
    is_arxivs = scene.period is Period.DAY and scene.reads_arxiv
    found = _arxiv_day(scene, name) if is_arxivs else None
    return found or (EditionState.EMPTY, _quiet(scene, name, scene.delivered))


def _quiet(scene: Scene, name: str, delivered: datetime) -> str:
    """Return that sources had nothing, where no calendar says why."""
    heard = delivered.astimezone(scene.zone).date()
    if heard < scene.first:
        return f"No source has delivered since {full_day(heard)}.{scene.trouble}"
    if scene.last >= scene.today:
        return f"Nothing is listed for {name} yet.{scene.trouble}"
    return f"No source listed anything for {name}."


def _nothing_yet(scene: Scene) -> str:
    if _is_reading(scene, scene.sources):
        return "The first papers are being read now."
    hand = "Bring papers in with: broadsheet import FILE"
    if not scene.sources:
        return f"No source has delivered yet, and the setting sources names none. {hand}"
    return f"No source has delivered yet.{_next(scene)} {hand}"


def _arxiv_day(scene: Scene, name: str) -> tuple[EditionState, str] | None:
    """Return why arXiv lists nothing on a day; None where it is not arXiv's doing."""
    day, here = scene.first, _inside(scene)
    if none := arxiv_calendar.why_none(day):
        return EditionState.EMPTY, f"{name}: arXiv lists nothing {none}."
    _, lost = _union(here)
    if lost:
        return EditionState.PARTIAL, f"Still being read: 0 of {len(lost):,} papers."
    if here and not any(one.total for one in here):
        parts = ", ".join(dict.fromkeys(one.listed.part for one in here))
        return EditionState.EMPTY, (
            f"{name}: arXiv lists nothing in {parts}; the setting arxiv_categories may be too "
            "narrow."
        )
    if maybe := arxiv_calendar.why_unsure(day):
        return EditionState.EMPTY, f"{name}: arXiv may list nothing {maybe}."
    return None if here else _not_come(scene, name)


def _not_come(scene: Scene, name: str) -> tuple[EditionState, str] | None:
    """Return that a listing is not out, or is late; None of a day before this library began."""
    day = scene.first
    expected = arxiv_calendar.listing(day, scene.now)
    if expected is Listing.COMING:
        built = datetime.combine(day, time(), EASTERN)
        return EditionState.EMPTY, (
            f"Nothing is listed for {name} yet: arXiv's listing comes at {_clock(scene, built)}."
        )
    if expected is Listing.OUT:
        return EditionState.EMPTY, f"Nothing is listed for {name} yet: it comes these hours."
    if not any(start <= day for start in scene.began.values()):
        return None
    return EditionState.LATE, f"arXiv's listing for {name} has not come.{_next(scene)}"


def _is_reading(scene: Scene, sources: Collection[str]) -> bool:
    """Tell whether one of these is being read; that others are says nothing about a listing."""
    return any(
        one.holder and one.until is not None and one.until > scene.now
        for one in scene.syncs
        if one.source in sources
    )


def _next(scene: Scene) -> str:
    """Return what went wrong at arXiv's sources, and when they are asked again, or ""."""
    ours = [one for one in scene.syncs if one.source in ARXIV and one.source in scene.sources]
    said = "".join(
        f" arXiv's {_WAYS[one.source]} could not be read whole: {one.error[:TOLD].rstrip('.')}."
        for one in ours
        if one.error
    )
    if not ours:
        return scene.trouble
    due = min(one.due for one in ours)
    if _is_reading(scene, ARXIV):
        return f"{said} It is being read now."
    when = "now" if due <= scene.now else f"at {_clock(scene, due)}"
    return f"{said} arXiv is asked again {when}."


# --- words ---------------------------------------------------------------------------------


def _clock(scene: Scene, moment: datetime) -> str:
    local = moment.astimezone(scene.zone)
    day = "" if local.date() == scene.today else f" on {local:%A}"
    return f"{local:%H:%M}{day} ({scene.zone.key})"


def told(first: date, period: Period) -> str:
    """Return a period as a sentence names it."""
    if period is Period.DAY:
        return full_day(first)
    if period is Period.WEEK:
        return f"the week of {full_day(first)}"
    return f"{first:%B} {first.year}"


def full_day(day: date) -> str:
    """Return a day as a sentence names it: "Friday, 21 August 2026"."""
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def _days(days: Sequence[date]) -> str:
    short = [f"{day.day} {day:%B}" for day in days]
    return short[0] if len(short) == 1 else f"{', '.join(short[:-1])} and {short[-1]}"
