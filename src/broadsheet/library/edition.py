"""What is in the papers of a day, a week, a month, and why is there nothing?

An edition is ranked by its papers' heat at the end of its last day, or now while it is open, so
an old edition keeps its order however often it is read. Numbers that a source reports later
still tell what had happened by then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.library import ranking
from broadsheet.model import DayCount, Edition, EditionState, Period, Ranked
from broadsheet.text import days

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from broadsheet.ports import Store

SATURDAY = 5
WEEK_DAYS = 7
RUNS_LOOKED_AT = 50


def edition(
    store: Store,
    day: date,
    /,
    *,
    period: Period,
    now: datetime,
    zone: ZoneInfo,
    limit: int | None = None,
    offset: int = 0,
) -> Edition:
    """Return the edition of the period that contains ``day``; ``limit`` None: all its papers."""
    first, last = days.bounds(period, day)
    end = ranking.midnight(last, zone) + timedelta(days=1) if last < date.max else now
    moment = ranking.Moment(period=period, at=min(end, now), now=now, zone=zone)
    keys = store.edition_keys(first, last)
    signals = store.signals(keys)
    ranked = ranking.rank(store.papers(keys), signals, moment)
    counts = store.day_counts(first, last)
    made = Edition(
        period=period,
        first=first,
        last=last,
        papers=ranking.page(ranked, signals, moment, offset=offset, limit=limit),
        total=len(ranked),
        announced=sum(count.announced for count in counts),
        picked=sum(count.picked for count in counts),
        state=EditionState.OPEN if now < end else EditionState.COMPLETE,
        previous=_start(store.nearest_day(first, is_later=False), period),
        next=_start(store.nearest_day(last, is_later=True), period),
        days=tuple(_side_column(store, period, first)),
    )
    if not ranked:
        reason = why_empty(store, first, last, period=period, now=now, zone=zone)
        return replace(made, state=EditionState.EMPTY, reason=reason)
    if ranked[0][1].is_specimen:
        reason = "These papers are specimens, written to show the page until a source delivers."
        return replace(made, state=EditionState.SPECIMEN, reason=reason)
    return made


def latest_edition(
    store: Store, /, *, now: datetime, zone: ZoneInfo, limit: int | None = None
) -> Edition:
    """Return today's edition, or the newest before it that has papers and says so."""
    today = now.astimezone(zone).date()
    current = edition(store, today, period=Period.DAY, now=now, zone=zone, limit=limit)
    if current.total or current.previous is None:
        return current
    found = edition(store, current.previous, period=Period.DAY, now=now, zone=zone, limit=limit)
    note = f"This is the newest edition. {current.reason}"
    return replace(found, reason=f"{found.reason} {note}".strip())


def hottest(
    store: Store,
    first: date,
    last: date,
    /,
    *,
    now: datetime,
    zone: ZoneInfo,
    limit: int | None = None,
) -> list[Ranked]:
    """Return the papers of the editions of [first, last] by their heat now, hottest first.

    The half-life is that of the shortest period that holds these days.
    """
    length = (last - first).days + 1
    period = Period.DAY if length == 1 else Period.WEEK if length <= WEEK_DAYS else Period.MONTH
    moment = ranking.Moment(period=period, at=now, now=now, zone=zone)
    keys = store.edition_keys(first, last)
    signals = store.signals(keys)
    ranked = ranking.rank(store.papers(keys), signals, moment)
    return list(ranking.page(ranked, signals, moment, offset=0, limit=limit))


def day_counts(store: Store, first: date, last: date, /) -> list[DayCount]:
    """Return one row per day of [first, last], by day, those without papers too."""
    found = {count.day: count for count in store.day_counts(first, last)}
    all_days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    empty = DayCount(day=first, papers=0, announced=0, picked=0)
    return [found.get(day) or replace(empty, day=day) for day in all_days]


def why_empty(
    store: Store, first: date, last: date, /, *, period: Period, now: datetime, zone: ZoneInfo
) -> str:
    """Return a sentence or two: why a period has no papers, and what is to be done."""
    today = now.astimezone(zone).date()
    delivered = last_delivery(store)
    name = _told(first, period)
    if delivered is None:
        return "No source has delivered yet. Bring papers in with: broadsheet import FILE"
    heard = delivered.astimezone(zone).date()
    if first > today:
        reason = f"{name} has not come yet."
    elif period is Period.DAY and first.weekday() >= SATURDAY:
        reason = f"{name}: sources list new papers from Monday to Friday."
    elif heard < first:
        reason = f"No source has delivered since {_day(heard)}."
    elif last >= today:
        reason = f"Nothing is listed for {name} yet."
    else:
        reason = f"No source listed anything for {name}."
    return reason[0].upper() + reason[1:]


def last_delivery(store: Store, /) -> datetime | None:
    """Return when an import last ended well, or None."""
    runs = store.runs(limit=RUNS_LOOKED_AT)
    return max((run.finished for run in runs if run.finished and not run.error), default=None)


def _side_column(store: Store, period: Period, first: date) -> list[DayCount]:
    around = days.bounds(Period.WEEK if period is Period.DAY else period, first)
    return day_counts(store, *around)


def _start(day: date | None, period: Period) -> date | None:
    return days.bounds(period, day)[0] if day else None


def _told(first: date, period: Period) -> str:
    if period is Period.DAY:
        return _day(first)
    if period is Period.WEEK:
        return f"the week of {_day(first)}"
    return f"{first:%B} {first.year}"


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B} {day.year}"
