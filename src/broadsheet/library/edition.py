"""What is in the papers of a day, a week, a month, and why is there nothing?

An edition is ranked by its papers' heat at the end of its last day, or now while it is open, so
an old edition keeps its order however often it is read. Numbers that a source reports later
still tell what had happened by then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from broadsheet.library import completeness, ranking
from broadsheet.library.completeness import TOLD, Scene, full_day, judge
from broadsheet.model import DayCount, DayStanding, Edition, EditionState, Period
from broadsheet.text import arxiv_calendar, days

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from broadsheet.library.ranking import Desk
    from broadsheet.model import PartDay
    from broadsheet.ports import Store

HELD_LATER = timedelta(days=7)  # after its last day: moderators hold papers back for some days
LONG_WEEKEND = timedelta(days=4)
RUNS_LOOKED_AT = 50


def edition(
    desk: Desk,
    day: date,
    /,
    *,
    period: Period,
    limit: int | None = None,
    offset: int = 0,
) -> Edition:
    """Return the edition of the period that contains ``day``; ``limit`` None: all its papers."""
    first, last = days.bounds(period, day)
    end = ranking.midnight(last, desk.zone) + timedelta(days=1) if last < date.max else desk.now
    moment = ranking.Moment(period=period, at=min(end, desk.now), now=desk.now, zone=desk.zone)
    order = desk.kept(("edition", period, first), lambda: _order(desk, first, last, moment))
    counts = desk.store.day_counts(first, last)
    made = Edition(
        period=period,
        first=first,
        last=last,
        papers=desk.page(order, moment, offset=offset, limit=limit),
        total=len(order.keys),
        announced=sum(count.announced for count in counts),
        picked=sum(count.picked for count in counts),
        state=EditionState.OPEN,
        previous=_start(desk.store.nearest_day(first, is_later=False), period),
        next=_start(desk.store.nearest_day(last, is_later=True), period),
        days=tuple(_side_column(desk.store, period, first)),
    )
    scene = _scene(desk, first, last, period)
    judged = judge(replace(scene, papers=made.total, is_specimen=order.is_specimen))
    return replace(made, state=judged.state, standing=judged.sentence)


def standings(desk: Desk, /, *, listings: int) -> list[DayStanding]:
    """Return how each day stands since arXiv's last so many listings began, newest first.

    What is said of a day is what its edition says. A library of which nothing real is known, or
    that shows specimens, has none.
    """
    due = arxiv_calendar.newest_due(desk.now)
    listed = arxiv_calendar.listing_days(due - timedelta(days=2 * listings + 7), due)[-listings:]
    first, last = min([*listed, desk.today]), max(due, desk.today)
    scene = _scene(desk, first, last, Period.DAY)
    if scene.delivered is None or desk.store.counts()["specimens"]:
        return []
    parts = completeness.part_days(
        scene.holdings, listed, categories=desk.categories, began=scene.began, now=desk.now
    )
    return [
        _day_standing(scene, count, [one for one in parts if one.day == count.day])
        for count in reversed(day_counts(desk.store, first, last))
    ]


def _day_standing(scene: Scene, count: DayCount, parts: Sequence[PartDay]) -> DayStanding:
    """Return how one day of a scene stands."""
    day, heard = count.day, _heard_of(count.day)
    holdings = [one for one in scene.holdings if day <= one.listed.day <= heard]
    judged = judge(replace(scene, first=day, last=day, papers=count.papers, holdings=holdings))
    return DayStanding(
        day=day,
        papers=count.papers,
        state=judged.state,
        standing=judged.sentence,
        parts=tuple(parts),
    )


def _scene(desk: Desk, first: date, last: date, period: Period) -> Scene:
    """Return what is known about the days of an edition, but for its papers."""
    return Scene(
        period=period,
        first=first,
        last=last,
        now=desk.now,
        zone=desk.zone,
        papers=0,
        is_specimen=False,
        holdings=desk.store.listings(first, _heard_of(last)),
        began=desk.store.listed_since(),
        syncs=desk.store.syncs(),
        sources=desk.sources,
        categories=desk.categories,
        delivered=last_delivery(desk.store),
        trouble=_trouble(desk.store),
    )


def _heard_of(day: date) -> date:
    """Return the last day whose listings tell of the papers of a day."""
    return min(day, date.max - HELD_LATER) + HELD_LATER


def latest_edition(desk: Desk, /, *, limit: int | None = None) -> Edition:
    """Return today's edition, or the newest before it that has papers and says so."""
    current = edition(desk, desk.today, period=Period.DAY, limit=limit)
    if current.total or current.previous is None:
        return current
    found = edition(desk, current.previous, period=Period.DAY, limit=limit)
    if desk.today - found.first > LONG_WEEKEND:
        why = f"Nothing newer than {full_day(found.first)} has been delivered."
    else:
        why = current.standing
    return replace(found, stand_in=f"This is the newest edition. {why}")


def _order(desk: Desk, first: date, last: date, moment: ranking.Moment) -> ranking.Order:
    return desk.order(desk.store.papers(desk.store.edition_keys(first, last)), moment)


def day_counts(store: Store, first: date, last: date, /) -> list[DayCount]:
    """Return one row per day of [first, last], by day, those without papers too."""
    found = {count.day: count for count in store.day_counts(first, last)}
    all_days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    empty = DayCount(day=first, papers=0, announced=0, picked=0)
    return [found.get(day) or replace(empty, day=day) for day in all_days]


def _trouble(store: Store) -> str:
    """Return what went wrong when a source was last read, to be put behind a sentence, or ""."""
    newest = next(iter(store.runs(limit=1)), None)
    if newest is None or not newest.error:
        return ""
    return f" The last reading of {newest.source} failed: {newest.error[:TOLD].rstrip('.')}."


def last_delivery(store: Store, /) -> datetime | None:
    """Return when an import last ended well, or None."""
    runs = store.runs(limit=RUNS_LOOKED_AT)
    return max((run.finished for run in runs if run.finished and not run.error), default=None)


def _side_column(store: Store, period: Period, first: date) -> list[DayCount]:
    around = days.bounds(Period.WEEK if period is Period.DAY else period, first)
    return day_counts(store, *around)


def _start(day: date | None, period: Period) -> date | None:
    return days.bounds(period, day)[0] if day else None
