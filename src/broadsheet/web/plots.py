"""How do numbers over time become a picture? Points for inline SVG, and a sentence for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from broadsheet.model import SignalKind
from broadsheet.rank import heat
from broadsheet.web import view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from broadsheet.model import Signal

SPARK_WIDTH, SPARK_HEIGHT = 72, 20
CLOCK_HOURS = 24
CLOCK_DAYS = 14
CLOCK_HEIGHT = 36
PLOT_WIDTH, PLOT_HEIGHT = 650, 180
LEFT, RIGHT, TOP, BOTTOM = 40, 607, 20, 150  # of the plot's own area
POINTS = 60  # of a line
MIN_BARS, MAX_BARS = 8, 24  # of a histogram of years
YEARS_BOTTOM, YEARS_HEIGHT = 64.0, 60.0
STEPS = (1, 2, 5)  # times a power of ten: distances between grid lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A row of bars: (x, y, width, height) each, in a box 240 wide and 36 high."""

    bars: tuple[tuple[float, float, float, float], ...]
    unit: str  # "hour" or "day"
    latest: int  # the last bar's value
    sentence: str  # for readers who hear the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A running total over time, in a box 650 wide and 180 high."""

    points: str  # of a polyline
    end: tuple[float, float]
    total: int
    grid: tuple[tuple[float, int], ...]  # (y, value)
    dates: tuple[tuple[float, str, str], ...]  # (x, anchor, text)
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBar:
    """One bar of a histogram, in a box 240 wide and 66 high."""

    x: float
    width: float
    y: float  # of its upper end; the lower is at 64
    papers: int
    label: str  # "2024", or "2020 to 2024" where a bar stands for several
    url: str


def years(
    counted: Sequence[tuple[int, int]], url: Callable[[int, int], str], /
) -> tuple[YearBar, ...]:
    """Return how many papers each year has, oldest first; few years without a gap are single bars.

    Where there are more than 24 years between the first and the last, a bar stands for several.
    ``url`` makes the address of the papers from one year to another.
    """
    counts = dict(counted)
    if not counts:
        return ()
    first, last = min(counts), max(counts)
    step = -(-(last - first + 1) // MAX_BARS)
    spans = [(year, min(year + step - 1, last)) for year in range(first, last + 1, step)]
    papers = [sum(counts.get(y, 0) for y in range(a, b + 1)) for a, b in spans]
    slot = 240 / max(len(spans), MIN_BARS)
    return tuple(
        YearBar(
            x=round(place * slot, 1),
            width=round(slot - 2, 1),
            y=round(YEARS_BOTTOM - YEARS_HEIGHT * count / max(papers), 1),
            papers=count,
            label=str(a) if a == b else f"{a} to {b}",
            url=url(a, b),
        )
        for place, ((a, b), count) in enumerate(zip(spans, papers, strict=True))
    )


def spark(values: Sequence[float], /) -> str:
    """Return a sparkline's points in a box of 72 by 20; a single value or none is a flat line."""
    if not values:
        values = (0.0, 0.0)
    if len(values) == 1:
        values = (values[0], values[0])
    top = max(*values, 1.0)
    step = (SPARK_WIDTH - 2) / (len(values) - 1)
    return " ".join(
        f"{1 + i * step:.1f},{SPARK_HEIGHT - 2 - value / top * (SPARK_HEIGHT - 4):.1f}"
        for i, value in enumerate(values)
    )


def clock(signals: Sequence[Signal], *, born: datetime | None, now: datetime) -> Bars | None:
    """Return the votes of the last 24 hours by the hour, else of 14 days by the day, else None.

    Votes seen only as totals far apart are spread between them, as for heat; a total whose
    sightings lie more than a day apart says nothing about hours, so days are shown then.
    """
    votes = [signal for signal in signals if signal.kind is SignalKind.VOTE]
    for unit, length, count in (
        ("hour", timedelta(hours=1), CLOCK_HOURS),
        ("day", timedelta(days=1), CLOCK_DAYS),
    ):
        since = now - length * count
        seen = {signal.at for signal in votes if since < signal.at <= now}
        if len(seen) < 3:  # noqa: PLR2004  # fewer would be drawn out of thin air
            continue
        edges = [since + length * i for i in range(count + 1)]
        gains = heat.by_day(votes, SignalKind.VOTE, born=born, days=edges)
        if sum(gains) >= 1:
            return _bars(gains, unit)
    return None


def _bars(gains: Sequence[float], unit: str) -> Bars:
    top = max(gains)
    slot = 240 / len(gains)
    bars = tuple(
        (
            round(i * slot + 1, 1),
            round(CLOCK_HEIGHT - gain / top * (CLOCK_HEIGHT - 2), 1),
            round(slot - 2, 1),
            round(gain / top * (CLOCK_HEIGHT - 2), 1),
        )
        for i, gain in enumerate(gains)
    )
    latest = round(gains[-1])
    best = max(range(len(gains)), key=gains.__getitem__)
    ago = len(gains) - 1 - best
    when = f"in the last {unit}" if ago == 0 else f"{view.counted(ago, unit)} ago"
    sentence = (
        f"Votes in each of the last {len(gains)} {unit}s: {round(sum(gains))} in all, "
        f"the most, {round(top)}, {when}; {latest} in the last {unit}"
    )
    return Bars(bars=bars, unit=unit, latest=latest, sentence=sentence)


def timeline(
    signals: Sequence[Signal],
    *,
    born: datetime | None,
    now: datetime,
    kind: SignalKind = SignalKind.VOTE,
) -> Line | None:
    """Return how one total grew from the paper's day to now; None when it was not seen twice."""
    counted = [signal for signal in signals if signal.kind is kind]
    if len({signal.at for signal in counted if signal.value > 0}) < 2:  # noqa: PLR2004
        return None
    oldest = min(signal.at for signal in counted)
    start = min(born, oldest) if born else oldest
    end = max(now, *(signal.at for signal in counted))
    if end - start < timedelta(days=1):
        start = end - timedelta(days=1)
    long_ago = start - 2 * heat.UNKNOWN_SPREAD
    edges = [long_ago, *(start + (end - start) * i / POINTS for i in range(POINTS + 1))]
    before, *gains = heat.by_day(counted, kind, born=born, days=edges)
    levels = list(accumulate(gains, initial=before))
    return _line(levels, kind.value, start, end) if round(levels[-1]) else None


def _line(levels: Sequence[float], noun: str, start: datetime, end: datetime) -> Line:
    total = round(levels[-1])
    grid = grid_values(total)
    steps = len(levels) - 1
    xs = [LEFT + (RIGHT - LEFT) * i / steps for i in range(steps + 1)]
    ys = [BOTTOM - level / grid[-1] * (BOTTOM - TOP) for level in levels]
    half = next(i for i, level in enumerate(levels) if level >= levels[-1] / 2)
    half_at = start + (end - start) * half / steps
    sentence = (
        f"{view.counted(total, noun)} from {view.full_day(start.date())} to "
        f"{view.full_day(end.date())}; half of them by {view.full_day(half_at.date())}"
    )
    span = end - start
    return Line(
        points=" ".join(f"{x:.0f},{y:.1f}" for x, y in zip(xs, ys, strict=True)),
        end=(xs[-1], round(ys[-1], 1)),
        total=total,
        grid=tuple((round(BOTTOM - v / grid[-1] * (BOTTOM - TOP), 1), v) for v in grid),
        dates=(
            (float(LEFT), "start", _tick(start.date(), span)),
            ((LEFT + RIGHT) / 2, "middle", _tick((start + span / 2).date(), span)),
            (float(RIGHT), "end", _tick(end.date(), span)),
        ),
        sentence=sentence,
    )


def grid_values(total: int) -> list[int]:
    """Return two to five round values from 0 to the first one that is at least ``total``."""
    scale = 1
    while True:
        for step in STEPS:
            if step * scale * 4 >= total:
                size = step * scale
                return [size * i for i in range(-(-total // size) + 1)]
        scale *= 10


def _tick(day: date, span: timedelta) -> str:
    if span < timedelta(days=300):
        return view.short_day(day)
    return f"{view.MONTHS[day.month - 1][:3]} {day.year}"
