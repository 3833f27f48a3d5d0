"""What is everybody looking at?

Two bounds hold at once: only papers whose own day lies within the period are listed, and only
what happened to them within it counts. A famous paper from years ago that gets votes today is
therefore not at the top of the week.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from broadsheet.library import ranking
from broadsheet.model import Period, Ranked, SignalKind
from broadsheet.rank import heat, topics

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from broadsheet.library.ranking import Desk
    from broadsheet.ports import Store

MAX_DAYS = 90
"""The longest time over which topics are compared."""


def trending(
    desk: Desk, period: Period, /, *, limit: int | None = None, offset: int = 0
) -> list[Ranked]:
    """Return papers of the last day, week or month that have any heat, hottest first.

    The period ends now; in a library whose newest edition is older than that, it ends with that
    edition (see ``end_of_news``), so that an imported collection shows what was hot then.
    """
    at = end_of_news(desk.store, period, now=desk.now, zone=desk.zone)
    since = at - ranking.WINDOWS[period]
    moment = ranking.Moment(period=period, at=at, now=desk.now, zone=desk.zone, since=since)
    order = desk.kept(("trending", period), lambda: _order(desk, moment))
    return list(desk.page(order, moment, offset=offset, limit=limit))


def _order(desk: Desk, moment: ranking.Moment) -> ranking.Order:
    first, last = (one.astimezone(moment.zone).date() for one in (moment.since, moment.at) if one)
    papers = desk.store.papers(desk.store.edition_keys(first, last))
    return desk.order(papers, moment, is_hot=True)


def end_of_news(store: Store, period: Period, /, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return now, or the end of the newest edition where that is older than the period."""
    today = now.astimezone(zone).date()
    newest = store.nearest_day(today + timedelta(days=1), is_later=False)
    if newest is None:
        return now
    end = ranking.midnight(newest, zone) + timedelta(days=1)
    return end if end < now - ranking.WINDOWS[period] else now


def rising_topics(
    desk: Desk, /, *, days: int, limit: int
) -> list[tuple[str, Sequence[int], float]]:
    """Return topics that gain votes: name, votes on each of the last days, change in percent.

    Only papers that got a signal in that time are looked at, so the work is bounded by what
    happened, not by the size of the library. Days end at the zone's midnight, the last one now.
    """
    days = max(2, min(days, MAX_DAYS))
    rises = desk.kept(("topics", days), lambda: _rises(desk, days))
    return [(rise.topic, [round(n) for n in rise.counts], rise.change) for rise in rises[:limit]]


def _rises(desk: Desk, days: int) -> list[topics.Rise]:
    at = end_of_news(desk.store, Period.WEEK, now=desk.now, zone=desk.zone)
    today = (at - timedelta(microseconds=1)).astimezone(desk.zone).date()
    before = range(days - 1, -1, -1)
    edges = [ranking.midnight(today - timedelta(days=n), desk.zone) for n in before]
    edges.append(at)
    signals = desk.store.signals_since(edges[0])
    papers = desk.store.papers(sorted(signals))
    return topics.rising(
        (
            paper.topics,
            heat.by_day(
                signals[paper.key],
                SignalKind.VOTE,
                born=ranking.born(paper, desk.zone),
                days=edges,
            ),
        )
        for paper in papers
    )
