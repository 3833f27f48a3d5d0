"""In which order are the papers of a list, and what put each of them there?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from broadsheet.model import Period, Ranked, SignalKind
from broadsheet.rank import heat as heat_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from broadsheet.library.memo import Memo
    from broadsheet.model import Paper, Signal
    from broadsheet.ports import Store

T = TypeVar("T")

FIRST_DAY_SLACK = timedelta(hours=1)
"""Counters read up to so long after midnight still tell the day before: readers run at midnight."""

MIN_DISCUSSED = 3
"""Fewer comments make no paper "most discussed"."""

WINDOWS: Mapping[Period, timedelta] = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}

PERIOD_WORDS = {Period.DAY: "day", Period.WEEK: "week", Period.MONTH: "month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a ranking is made, and for which period."""

    period: Period
    at: datetime  # the heat is that of this moment, UTC
    now: datetime  # UTC, >= at
    zone: ZoneInfo  # whose midnight ends a day
    since: datetime | None = None  # what happened earlier does not count


def midnight(day: date, zone: ZoneInfo, /) -> datetime:
    """Return the moment at which a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def born(paper: Paper, zone: ZoneInfo, /) -> datetime | None:
    """Return when the paper's day begins (its day of publication where it has no edition)."""
    day = paper.day or paper.published
    return midnight(day, zone) if day else None


def rank(
    papers: Iterable[Paper], signals: Mapping[int, Sequence[Signal]], moment: Moment, /
) -> list[tuple[float, Paper]]:
    """Return (heat, paper), hottest first; ties by newer, then by id."""
    scored = [(heat_of(paper, signals.get(paper.key, ()), moment), paper) for paper in papers]
    scored.sort(key=lambda pair: (-pair[0], -newness(pair[1]), pair[1].id))
    return scored


def heat_of(paper: Paper, signals: Sequence[Signal], moment: Moment, /) -> float:
    """Return the heat of one paper at a moment."""
    if not signals:
        return 0.0
    return heat_.heat(
        signals,
        born=born(paper, moment.zone),
        at=moment.at,
        now=moment.now,
        since=moment.since,
        half_life=heat_.HALF_LIVES[moment.period],
    )


def newness(paper: Paper, /) -> int:
    """Return a number that is larger for newer papers; 0 where no date is known."""
    day = paper.day or paper.published
    return day.toordinal() if day else 0


def page(
    ranked: Sequence[tuple[float, Paper]],
    signals: Mapping[int, Sequence[Signal]],
    moment: Moment,
    /,
    *,
    offset: int,
    limit: int | None,
) -> tuple[Ranked, ...]:
    """Return one page of a ranking, each paper with what put it there."""
    until = None if limit is None else offset + limit
    top = most_discussed(paper for _, paper in ranked)
    return tuple(
        Ranked(
            rank=place,
            paper=paper,
            heat=heat,
            why=why(paper, signals.get(paper.key, ()), moment, is_most_discussed=paper.key == top),
        )
        for place, (heat, paper) in enumerate(ranked[offset:until], start=offset + 1)
    )


def most_discussed(papers: Iterable[Paper], /) -> int | None:
    """Return the key of the one paper with most comments, when there are some and no tie."""
    first, second = 0, 0
    key = None
    for paper in papers:
        if paper.comments > first:
            first, second, key = paper.comments, first, paper.key
        else:
            second = max(second, paper.comments)
    return key if first >= MIN_DISCUSSED and first > second else None


@dataclass(frozen=True, slots=True)
class Order:
    """A ranking without its papers, small enough to be kept."""

    heats: tuple[float, ...]
    keys: tuple[int, ...]
    top: int | None  # the most discussed paper
    is_specimen: bool  # made of papers for show


@dataclass(frozen=True, slots=True)
class Desk:
    """What a ranking is made from: the store at a moment, and what was ranked just before."""

    store: Store
    now: datetime  # UTC, aware
    zone: ZoneInfo
    memo: Memo
    sources: tuple[str, ...] = ()  # that the settings name
    categories: tuple[str, ...] = ()  # of arXiv's, that these read

    @property
    def today(self) -> date:
        """The date in the zone."""
        return self.now.astimezone(self.zone).date()

    def kept(self, name: tuple[object, ...], make: Callable[[], T], /) -> T:
        """Return what was worked out since the last change, or work it out."""
        return self.memo.get(name, make, state=self.store.version(), now=self.now)

    def order(self, papers: Iterable[Paper], moment: Moment, /, *, is_hot: bool = False) -> Order:
        """Rank papers; ``is_hot`` leaves out those without heat."""
        papers = list(papers)
        signals = self.store.signals([paper.key for paper in papers])
        ranked = rank(papers, signals, moment)
        if is_hot:
            ranked = [pair for pair in ranked if pair[0] > 0]
        return Order(
            heats=tuple(heat for heat, _ in ranked),
            keys=tuple(paper.key for _, paper in ranked),
            top=most_discussed(paper for _, paper in ranked),
            is_specimen=bool(ranked) and ranked[0][1].is_specimen,
        )

    def page(
        self, order: Order, moment: Moment, /, *, offset: int, limit: int | None
    ) -> tuple[Ranked, ...]:
        """Return one page of an order, with its papers as they are now."""
        until = None if limit is None else offset + limit
        keys = order.keys[offset:until]
        heats = dict(zip(order.keys, order.heats, strict=True))
        signals = self.store.signals(keys)
        return tuple(
            Ranked(
                rank=place,
                paper=paper,
                heat=heats[paper.key],
                why=why(
                    paper,
                    signals.get(paper.key, ()),
                    moment,
                    is_most_discussed=paper.key == order.top,
                ),
            )
            for place, paper in enumerate(self.store.papers(keys), start=offset + 1)
        )


def why(
    paper: Paper, signals: Sequence[Signal], moment: Moment, /, *, is_most_discussed: bool = False
) -> str:
    """Return up to two reasons for a paper's place, from observed numbers only.

    Votes first, then discussion, code and the number of sources; a paper of which nothing was
    observed says how it came into the list.
    """
    reasons = [
        _votes(paper, signals, moment),
        f"most discussed of the {PERIOD_WORDS[moment.period]}: {_n(paper.comments, 'comment')}"
        if is_most_discussed
        else "",
        _code(paper),
        f"in {len(paper.sources)} sources" if len(paper.sources) > 1 else "",
    ]
    told = [reason for reason in reasons if reason][:2]
    return "; ".join(told) if told else _arrival(paper)


def _votes(paper: Paper, signals: Sequence[Signal], moment: Moment) -> str:
    """Return how many votes were seen: in the last day while it is on, else in the first."""
    begin = born(paper, moment.zone)
    if begin is None or not paper.votes:
        return _n(paper.votes, "vote") if paper.votes else ""
    end = begin + timedelta(days=1)
    if moment.at >= moment.now > end:
        since = moment.at - WINDOWS[Period.DAY]
        recent = min(_gained(signals, begin, since, moment.at), paper.votes)
        if recent:
            whole = "" if recent == paper.votes else f", {_n(paper.votes, 'vote')} in all"
            return f"{_n(recent, 'vote')} in the last 24 hours{whole}"
    first = _gained(signals, begin, begin, min(end, moment.at) + FIRST_DAY_SLACK)
    return f"{_n(first, 'vote')} in its first day" if first else _n(paper.votes, "vote")


def _gained(signals: Sequence[Signal], begin: datetime, since: datetime, until: datetime) -> int:
    return heat_.gained(signals, SignalKind.VOTE, born=begin, since=since, until=until)


def _code(paper: Paper) -> str:
    if paper.stars:
        return f"code released, {_n(paper.stars, 'star')}"
    return "code released" if paper.link("code") else ""


def _arrival(paper: Paper) -> str:
    if paper.picked:
        return "picked for the daily list; no votes seen"
    if paper.announced:
        return "newly announced; no votes yet"
    return "by date; no votes yet"


def _n(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def constants() -> list[tuple[str, float, str, str]]:
    """Return (name, value, unit, meaning) of every constant that orders papers."""
    from broadsheet.rank import fusion

    return [
        *((f"heat: {name}", value, unit, text) for name, value, unit, text in heat_.constants()),
        (
            "fusion: weight of meaning",
            fusion.DENSE_WEIGHT,
            "",
            "of a hybrid score, from 0 to 1; the rest is the weight of words",
        ),
        (
            "fusion: weight of meaning, keywords",
            fusion.KEYWORD_WEIGHT,
            "",
            "the same where the query is a list of keywords, without a word like `of` or `is`",
        ),
        (
            "fusion: weight of citations",
            fusion.CITATION_WEIGHT,
            "",
            "of a hybrid score, where any candidate is known to be cited",
        ),
        ("fusion: candidates", fusion.CANDIDATES, "papers", "of each retriever that are fused"),
    ]
