"""Numbers over time as pictures, with a sentence for each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Signal, SignalKind
from broadsheet.web import plots
from tests.support import NOON

BORN = NOON - timedelta(days=10)


def votes(*seen: tuple[timedelta, int]) -> list[Signal]:
    """Return sightings of one counter of votes, so long before noon."""
    return [
        Signal(kind=SignalKind.VOTE, value=value, at=NOON - ago, origin="hosted")
        for ago, value in seen
    ]


def test_the_clock_shows_hours_when_they_were_seen() -> None:
    """Three sightings within a day tell something about its hours."""
    signals = votes((timedelta(hours=20), 0), (timedelta(hours=2), 6), (timedelta(0), 16))
    bars = plots.clock(signals, born=BORN, now=NOON)

    assert bars is not None
    assert (bars.unit, len(bars.bars), bars.latest) == ("hour", 24, 5)
    assert "24 hours" in bars.sentence
    assert "16 in all" in bars.sentence


def test_the_clock_falls_back_to_days() -> None:
    """Daily sightings say nothing about hours, and a bar per hour would be invented."""
    signals = votes(*((timedelta(days=n), 40 - 5 * n) for n in range(8)))
    bars = plots.clock(signals, born=BORN, now=NOON)

    assert bars is not None
    assert (bars.unit, len(bars.bars), bars.latest) == ("day", 14, 5)


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([], id="nothing seen"),
        pytest.param(votes((timedelta(hours=1), 9)), id="one sighting"),
        pytest.param(votes(*((timedelta(days=90 + n), 9) for n in range(9))), id="long ago"),
        pytest.param(votes(*((timedelta(hours=n), 0) for n in range(9))), id="no votes"),
    ],
)
def test_no_clock_is_drawn_out_of_thin_air(signals: list[Signal]) -> None:
    """Too few sightings make no picture."""
    assert plots.clock(signals, born=BORN, now=NOON) is None


def test_the_line_ends_at_the_total() -> None:
    """Ten votes after ten days, half of them after five."""
    signals = votes((timedelta(days=5), 5), (timedelta(0), 10))
    line = plots.timeline(signals, born=BORN, now=NOON)

    assert line is not None
    assert line.total == 10
    assert line.grid[0] == (150.0, 0)
    assert line.points.startswith(f"{plots.LEFT},{plots.BOTTOM}.0 ")
    assert line.end[0] == plots.RIGHT
    assert line.end[1] == pytest.approx(
        plots.BOTTOM - 10 / 10 * (plots.BOTTOM - plots.TOP), abs=0.2
    )
    assert line.sentence.startswith("10 votes from 22 February 2026 to 4 March 2026")
    assert "half of them by 27 February 2026" in line.sentence


@pytest.mark.parametrize("born", [None, NOON], ids=["no day", "a day after the first sighting"])
def test_votes_from_before_the_line_begins_count(born: datetime | None) -> None:
    """A counter may stand at three when it is first seen; the line begins there."""
    signals = votes((timedelta(days=2), 3), (timedelta(0), 9))
    line = plots.timeline(signals, born=born, now=NOON)

    assert line is not None
    assert line.total == 9
    assert line.points.startswith(f"{plots.LEFT},{150 - 3 / 10 * 130:.1f} ")


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([], id="nothing"),
        pytest.param(votes((timedelta(0), 7)), id="one sighting"),
        pytest.param(votes((timedelta(1), 0), (timedelta(0), 0)), id="always zero"),
    ],
)
def test_a_total_that_was_not_seen_to_grow_has_no_line(signals: list[Signal]) -> None:
    """One point is no development."""
    assert plots.timeline(signals, born=BORN, now=NOON) is None


@given(st.integers(min_value=1, max_value=10**9))
def test_the_grid_is_round_and_reaches_the_top(total: int) -> None:
    """From 0 in two to five equal steps of 1, 2 or 5 times a power of ten."""
    values = plots.grid_values(total)

    assert values[0] == 0
    assert values[-1] >= total > values[-2]
    assert 2 <= len(values) <= 5
    assert str(values[1]).rstrip("0") in {"1", "2", "5"}


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=40))
def test_a_sparkline_stays_in_its_box(values: list[float]) -> None:
    """Any number of values, also none, in 72 by 20."""
    points = [tuple(map(float, point.split(","))) for point in plots.spark(values).split()]

    assert len(points) == max(2, len(values))
    assert all(0 <= x <= plots.SPARK_WIDTH and 0 <= y <= plots.SPARK_HEIGHT for x, y in points)


def test_years_without_papers_keep_their_place() -> None:
    """Bars are where their years are; the highest has most papers."""
    bars = plots.years([(2020, 3), (2022, 6)], lambda first, last: f"/{first}-{last}")

    assert [(bar.label, bar.papers, bar.url) for bar in bars] == [
        ("2020", 3, "/2020-2020"),
        ("2021", 0, "/2021-2021"),
        ("2022", 6, "/2022-2022"),
    ]
    assert [bar.y for bar in bars] == [34.0, 64.0, 4.0]
    assert plots.years([], lambda *_: "") == ()


def test_many_years_share_bars() -> None:
    """A century of papers is no comb; the last bar ends with the last year."""
    bars = plots.years([(year, 1) for year in range(1901, 2001)], lambda a, b: f"{a}-{b}")

    assert len(bars) == 20
    assert (bars[0].label, bars[-1].url) == ("1901 to 1905", "1996-2000")
    assert sum(bar.papers for bar in bars) == 100
    assert bars[-1].x + bars[-1].width <= 240
