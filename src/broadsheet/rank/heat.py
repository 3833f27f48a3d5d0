"""Heat: how much attention a paper gets, from its signals and the time.

The formula, as ``/about/ranking`` shows it::

    heat(t)  = sum over kinds k and origins o of  weight(k) * log2(1 + recent(k, o, t))
    recent   = sum over increments of  amount * 2 ** (-age / half_life)

A counter's *increments* are what it gained between one observation and the next; when in
between is unknown, so the gain is spread evenly over that time, and the first observation over
the time since the paper's day. An increment that is spread over [a, b] counts by its integral.

Sources of the parts: exponential decay of events with a half-life is that of Cormode, Shkapenyuk,
Srivastava and Xu, "Forward decay", ICDE 2009, doi:10.1109/ICDE.2009.65 (there "exponential
decay"); the logarithm is the damping that news sites use so that the tenth vote counts more than
the thousandth. Weights and half-lives are ours.

Why a logarithm for each counter and not one over their sum: a counter that was bought can then
add only its own logarithm, so ten times the stars are worth 3.3 * 0.25 = 0.8, less than the
difference between two and four votes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from broadsheet.model import Period, Signal, SignalKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

WEIGHTS: Mapping[SignalKind, float] = {
    SignalKind.VOTE: 1.0,
    SignalKind.COMMENT: 0.5,  # discussion is interest, not always approval
    SignalKind.SAVE: 0.5,  # a shelf is a vote that was not cast
    SignalKind.STAR: 0.25,  # stars are sold by the thousand and count the code, not the paper
}

HALF_LIVES: Mapping[Period, timedelta] = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=30),
}
"""As long as the period itself: what happened at its start counts half of what happens now."""

FAST_CLOCK = timedelta(days=1)
"""What is dated so far after the present or less comes from a fast clock and counts as observed
now; what is dated later is garbled, and counts when its time comes."""

SETTLED = timedelta(days=2)
"""How long after a moment observations still tell what had happened by then. A gain between two
observations that is seen later than this is left out of that moment's heat, so that an old
edition keeps its order; a first observation counts whenever it is made: it is all that is known."""

UNKNOWN_SPREAD = timedelta(days=30)
"""Over how long a first observation is spread when the paper's day is unknown."""


@dataclass(frozen=True, slots=True)
class Increment:
    """What a counter gained, evenly between two moments (POSIX seconds); equal ones: at once."""

    amount: float  # > 0
    start: float
    end: float  # >= start
    is_first: bool = False  # what the counter's first observation showed


def heat(
    signals: Iterable[Signal],
    /,
    *,
    born: datetime | None,
    at: datetime,
    now: datetime | None = None,
    since: datetime | None = None,
    half_life: timedelta = HALF_LIVES[Period.WEEK],
) -> float:
    """Return the heat of a paper at a moment, >= 0; no signals: 0.

    Args:
        signals: Every signal of the paper, in any order.
        born: When its day begins; a counter stood at 0 then. None: unknown.
        at: The moment. What happened later does not count, but what was observed soon after it
            tells how much had happened by then (see ``SETTLED``).
        now: The present, >= ``at`` (default: ``at``). A signal dated up to a day after it comes
            from a fast clock and is taken as observed now; one dated later does not count yet.
        since: What happened earlier does not count. None: everything does.
        half_life: After so long an event counts half; > 0.
    """
    grown = increments(signals, born=born, now=now or at)
    end, floor = at.timestamp(), -math.inf if since is None else since.timestamp()
    life = half_life.total_seconds()
    total = 0.0
    for (kind, _), gains in sorted(grown.items()):
        recent = math.fsum(decayed(one, at=end, since=floor, half_life=life) for one in gains)
        total += WEIGHTS[kind] * math.log2(1.0 + recent)
    return total


def increments(
    signals: Iterable[Signal], /, *, born: datetime | None, now: datetime
) -> dict[tuple[SignalKind, str], list[Increment]]:
    """Turn running totals into gains, by kind and origin.

    A counter that falls and recovers gains nothing by it, and one that has fallen never had more
    than it has now (votes taken back, bots removed): at each observation it counts as the
    largest value seen so far, at most the newest.
    A reader's own vote happened when it was observed and is not spread.
    """
    latest = now.timestamp()
    grown: defaultdict[tuple[SignalKind, str], list[Increment]] = defaultdict(list)
    for (kind, origin, actor), values in _counters(signals, latest).items():
        cap = values[-1][1]
        level = 0
        before = values[0][0] - UNKNOWN_SPREAD.total_seconds() if born is None else born.timestamp()
        for moment, value in values:
            reached = min(value, cap)
            if reached > level:
                start = moment if actor else min(before, moment)
                gain = Increment(reached - level, start, moment, is_first=level == 0)
                grown[kind, origin].append(gain)
                level = reached
            before = moment
    return dict(grown)


def _counters(
    signals: Iterable[Signal], latest: float
) -> dict[tuple[SignalKind, str, str], list[tuple[float, int]]]:
    """Group by counter, oldest first; of two values at one time the larger comes last."""
    counters: defaultdict[tuple[SignalKind, str, str], list[tuple[float, int]]] = defaultdict(list)
    garbled = latest + FAST_CLOCK.total_seconds()
    for signal in signals:
        moment = signal.at.timestamp()
        if moment <= garbled:
            counter = counters[signal.kind, signal.origin, signal.actor]
            counter.append((min(moment, latest), signal.value))
    for values in counters.values():
        values.sort()
    return counters


def decayed(increment: Increment, /, *, at: float, since: float, half_life: float) -> float:
    """Return what is left at ``at`` of the part that happened in [since, at].

    The integral of ``amount / (end - start) * 2 ** (-(at - x) / half_life)`` over the part; times
    in POSIX seconds.
    """
    if increment.start > at or increment.end < since:
        return 0.0
    if increment.end > at + SETTLED.total_seconds() and not increment.is_first:
        return 0.0
    rate = math.log(2.0) / half_life
    length = increment.end - increment.start
    if length <= 0.0:
        return increment.amount * math.exp(-rate * (at - increment.end))
    first = at - max(increment.start, since)  # age of the oldest part, >= 0
    last = at - min(increment.end, at)  # age of the newest part, >= 0
    density = increment.amount / length
    return density * (math.exp(-rate * last) - math.exp(-rate * first)) / rate


def gained(
    signals: Iterable[Signal],
    kind: SignalKind,
    /,
    *,
    born: datetime | None,
    since: datetime,
    until: datetime,
) -> int:
    """Return how much was *seen* to be gained in [since, until]: observed values, no estimate.

    The newest value at ``until`` less the newest at ``since``, summed over origins and actors. A
    counter that was not observed by ``since`` stood at 0 when it is a reader's own, or when the
    paper is no older than that; else nobody knows what it gained, and it adds nothing.
    """
    counters = _counters((one for one in signals if one.kind is kind), math.inf)
    total = 0
    for (_, _, actor), values in counters.items():
        before = _value_at(values, since.timestamp())
        if before is None and (actor or (born is not None and born >= since)):
            before = 0
        after = _value_at(values, until.timestamp())
        if before is not None and after is not None:
            total += max(0, after - before)
    return total


def _value_at(values: Sequence[tuple[float, int]], moment: float) -> int | None:
    return next((value for seen, value in reversed(values) if seen <= moment), None)


def by_day(
    signals: Iterable[Signal],
    kind: SignalKind,
    /,
    *,
    born: datetime | None,
    days: Sequence[datetime],
) -> list[float]:
    """Return the gain of one kind between each two of ``days`` (ascending), spread as for heat.

    The answer has ``len(days) - 1`` numbers; the last of ``days`` is taken as now.
    """
    if not days:
        return []
    grown = increments((one for one in signals if one.kind is kind), born=born, now=days[-1])
    edges = [day.timestamp() for day in days]
    found = [one for group in grown.values() for one in group]
    return [sum(_share(one, low, high) for one in found) for low, high in pairwise(edges)]


def _share(increment: Increment, low: float, high: float) -> float:
    """Return how much of an increment falls into (low, high]."""
    length = increment.end - increment.start
    if length <= 0.0:
        return increment.amount if low < increment.end <= high else 0.0
    overlap = min(increment.end, high) - max(increment.start, low)
    return increment.amount * max(0.0, overlap) / length


def constants() -> list[tuple[str, float, str, str]]:
    """Return (name, value, unit, meaning) of every constant of the formula."""
    rows = [
        (f"weight of a {kind.value}", weight, "", "times log2(1 + recent) of each counter")
        for kind, weight in WEIGHTS.items()
    ]
    rows += [
        (
            f"half-life, {period.value}",
            life / timedelta(hours=1),
            "hours",
            f"after so long an event counts half, in rankings of a {period.value}",
        )
        for period, life in HALF_LIVES.items()
    ]
    spread = UNKNOWN_SPREAD / timedelta(days=1)
    meaning = "a first observation is spread over so long when the paper's day is unknown"
    rows.append(
        (
            "settled",
            SETTLED / timedelta(days=1),
            "days",
            "how long after an edition's end observations still tell what had happened by then",
        )
    )
    rows.append(
        (
            "fast clock",
            FAST_CLOCK / timedelta(days=1),
            "days",
            "what is dated so far after the present counts as observed now",
        )
    )
    return [*rows, ("unknown spread", spread, "days", meaning)]
