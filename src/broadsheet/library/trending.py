"""What is everybody looking at?

Two bounds hold at once: only papers whose own day lies within the period are listed, and only
what happened to them within it counts. A famous paper from years ago that gets votes today is
therefore not at the top of the week.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from broadsheet.library import ranking
from broadsheet.model import Period, Ranked, SignalKind
from broadsheet.rank import heat, topics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from broadsheet.model import Paper, Signal
    from broadsheet.ports import Store

MAX_DAYS = 90
"""The longest time over which topics are compared."""


def trending(
    store: Store,
    period: Period,
    /,
    *,
    now: datetime,
    zone: ZoneInfo,
    limit: int | None = None,
    offset: int = 0,
) -> list[Ranked]:
    """Return papers of the last day, week or month that have any heat, hottest first.

    The period ends now; in a library whose newest edition is older than that, it ends with that
    edition (see ``end_of_news``), so that an imported collection shows what was hot then.
    """
    at = end_of_news(store, period, now=now, zone=zone)
    since = at - ranking.WINDOWS[period]
    moment = ranking.Moment(period=period, at=at, now=now, zone=zone, since=since)
    signals = store.signals_since(since)
    papers = [paper for paper in store.papers(sorted(signals)) if _is_within(paper, moment)]
    ranked = [pair for pair in ranking.rank(papers, signals, moment) if pair[0] > 0]
    return list(ranking.page(ranked, signals, moment, offset=offset, limit=limit))


def end_of_news(store: Store, period: Period, /, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return now, or the end of the newest edition where that is older than the period."""
    today = now.astimezone(zone).date()
    newest = store.nearest_day(today + timedelta(days=1), is_later=False)
    if newest is None:
        return now
    end = ranking.midnight(newest, zone) + timedelta(days=1)
    return end if end < now - ranking.WINDOWS[period] else now


def _is_within(paper: Paper, moment: ranking.Moment) -> bool:
    """Tell whether the paper's own day lies within the period."""
    if paper.day is None or moment.since is None:
        return False
    first, last = (one.astimezone(moment.zone).date() for one in (moment.since, moment.at))
    return first <= paper.day <= last


def rising_topics(
    store: Store, /, *, now: datetime, zone: ZoneInfo, days: int, limit: int
) -> list[tuple[str, Sequence[int], float]]:
    """Return topics that gain votes: name, votes on each of the last days, change in percent.

    Only papers that got a signal in that time are looked at, so the work is bounded by what
    happened, not by the size of the library. Days end at the zone's midnight, the last one now.
    """
    days = max(2, min(days, MAX_DAYS))
    at = end_of_news(store, Period.WEEK, now=now, zone=zone)
    today = (at - timedelta(microseconds=1)).astimezone(zone).date()
    edges = [ranking.midnight(today - timedelta(days=n), zone) for n in range(days - 1, -1, -1)]
    edges.append(at)
    signals = store.signals_since(edges[0])
    papers = store.papers(sorted(signals))
    rows = [(paper.topics, _votes_by_day(paper, signals, edges, zone)) for paper in papers]
    return [
        (rise.topic, [round(count) for count in rise.counts], rise.change)
        for rise in topics.rising(rows)[:limit]
    ]


def _votes_by_day(
    paper: Paper, signals: Mapping[int, Sequence[Signal]], edges: Sequence[datetime], zone: ZoneInfo
) -> list[float]:
    return heat.by_day(
        signals[paper.key], SignalKind.VOTE, born=ranking.born(paper, zone), days=edges
    )
