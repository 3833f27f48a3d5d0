"""Heat is its formula, and its edge cases are decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Period, Signal, SignalKind
from broadsheet.rank.heat import (
    HALF_LIVES,
    UNKNOWN_SPREAD,
    WEIGHTS,
    by_day,
    constants,
    gained,
    heat,
    increments,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BORN = datetime(2026, 3, 2, tzinfo=UTC)


def signal(
    value: int,
    at: datetime,
    *,
    kind: SignalKind = SignalKind.VOTE,
    origin: str = "hosted",
    actor: str = "",
) -> Signal:
    """Return one observation of a counter."""
    return Signal(kind=kind, value=value, at=at, origin=origin, actor=actor)


def cast(at: datetime, *, reader: str = "ada", value: int = 1) -> Signal:
    """Return a reader's own vote, which happened when it was observed."""
    return signal(value, at, origin="readers", actor=reader)


def spread(amount: float, *, first_age: float, last_age: float, half_life: float) -> float:
    """Return the decayed integral of a gain spread evenly between two ages, as the docs have it."""
    rate = log(2) / half_life
    return (
        amount
        / (first_age - last_age)
        * (2 ** (-last_age / half_life) - 2 ** (-first_age / half_life))
        / rate
    )


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        pytest.param([], 0.0, id="nothing happened"),
        pytest.param([cast(BORN)], log2(1 + 1), id="one vote now"),
        pytest.param([cast(BORN - DAY)], log2(1 + 1 / 2), id="one half-life ago"),
        pytest.param([cast(BORN + DAY)], log2(1 + 1), id="from a fast clock"),
        pytest.param(
            [cast(BORN), cast(BORN - DAY, reader="bob")], log2(1 + 1 + 1 / 2), id="two readers"
        ),
        pytest.param(
            [cast(BORN - HOUR), cast(BORN, value=0)], 0.0, id="a vote taken back counts no more"
        ),
        pytest.param(
            [cast(BORN - DAY), cast(BORN - HOUR, value=0), cast(BORN)],
            log2(1 + 1 / 2),
            id="taking a vote back and casting it again does not make it new",
        ),
        pytest.param([signal(0, BORN)], 0.0, id="a counter at zero"),
    ],
)
def test_a_vote_counts_half_after_each_half_life(signals: list[Signal], expected: float) -> None:
    """Expected values are spelt as the formula, so a reader can check them by eye."""
    assert heat(signals, born=BORN - 9 * DAY, at=BORN, half_life=DAY) == pytest.approx(expected)


def test_each_kind_and_origin_has_its_own_logarithm() -> None:
    """One counter that was bought can then add only its own logarithm."""
    signals = [
        cast(BORN),
        signal(3, BORN, kind=SignalKind.STAR),
        signal(7, BORN, kind=SignalKind.COMMENT),
        signal(1, BORN, origin="elsewhere"),
        signal(1, BORN, kind=SignalKind.SAVE),
    ]

    assert heat(signals, born=BORN, at=BORN) == pytest.approx(
        1.0 * log2(1 + 1)
        + 0.25 * log2(1 + 3)
        + 0.5 * log2(1 + 7)
        + 1.0 * log2(1 + 1)
        + 0.5 * log2(1 + 1)
    )


def test_ten_thousand_bought_stars_weigh_less_than_a_dozen_votes() -> None:
    """Counters that are for sale must not decide what is on the front page."""
    bought = heat([signal(10_000, BORN, kind=SignalKind.STAR)], born=BORN, at=BORN)
    earned = heat([signal(12, BORN)], born=BORN, at=BORN)

    assert bought < earned


def test_a_first_observation_is_spread_from_the_papers_day() -> None:
    """Nobody knows when the first votes came, so they are spread evenly over the time."""
    found = heat([signal(10, BORN + 2 * DAY)], born=BORN, at=BORN + 2 * DAY, half_life=DAY)

    assert found == pytest.approx(log2(1 + spread(10, first_age=2, last_age=0, half_life=1)))


def test_stars_of_ten_years_are_not_todays() -> None:
    """A famous repository that is seen for the first time is not hot."""
    stars = [signal(40_000, BORN)]
    old = heat(stars, born=BORN - 3650 * DAY, at=BORN, half_life=DAY)

    assert old == pytest.approx(log2(1 + spread(40_000, first_age=3650, last_age=0, half_life=1)))
    assert old < heat([signal(20, BORN)], born=BORN, at=BORN, half_life=DAY)


def test_an_unknown_day_spreads_over_a_month() -> None:
    """Without a day a total must not count as if it had come in one moment."""
    unknown = heat([signal(30, BORN)], born=None, at=BORN)

    assert unknown == heat([signal(30, BORN)], born=BORN - UNKNOWN_SPREAD, at=BORN)


def test_an_observation_before_the_papers_day_happened_when_it_was_made() -> None:
    """A paper that is picked days after its first votes keeps them, at their own time."""
    found = heat([signal(4, BORN - DAY)], born=BORN, at=BORN, half_life=DAY)

    assert found == pytest.approx(log2(1 + 4 / 2))


def test_what_is_observed_later_tells_what_had_happened_before() -> None:
    """A counter read a day after the edition closed still ranks the edition."""
    votes = [signal(10, BORN + 2 * DAY)]
    found = heat(votes, born=BORN, at=BORN + DAY, now=BORN + 3 * DAY, half_life=DAY)

    assert found == pytest.approx(log2(1 + spread(5, first_age=1, last_age=0, half_life=1)))


def test_what_happened_after_the_moment_does_not_count() -> None:
    """An old edition keeps its order when its papers get votes years later."""
    early = [signal(10, BORN + DAY)]
    late = [*early, signal(900, BORN + 400 * DAY)]
    then, now = BORN + DAY, BORN + 500 * DAY

    assert heat(late, born=BORN, at=then, now=now) == pytest.approx(
        heat(early, born=BORN, at=then, now=now)
    )


@pytest.mark.parametrize(
    ("seen", "counted"),
    [
        pytest.param(2 * DAY, 4 / 2, id="soon: half of the gain lies before the moment"),
        pytest.param(100 * DAY, 0, id="later: a guess that would change an old ranking"),
    ],
)
def test_a_gain_seen_soon_after_the_moment_still_counts(seen: timedelta, counted: float) -> None:
    """Counters are read at their own times, but an old order must settle."""
    signals = [signal(6, BORN), signal(6 + 4, BORN + seen)]
    found = heat(signals, born=BORN, at=BORN + DAY, now=BORN + 200 * DAY, half_life=999_999 * DAY)

    assert found == pytest.approx(log2(1 + 6 + counted), abs=1e-4)


def test_what_is_dated_in_the_far_future_is_not_always_new() -> None:
    """A garbled date must not keep a paper at the top for ever."""
    assert heat([cast(BORN + 400 * DAY)], born=BORN, at=BORN) == 0.0


def test_what_happened_before_the_period_does_not_count() -> None:
    """A day's ranking is about the day."""
    votes = [signal(10, BORN + DAY), signal(16, BORN + 2 * DAY)]
    found = heat(votes, born=BORN, at=BORN + 2 * DAY, since=BORN + 1.5 * DAY, half_life=DAY)

    assert found == pytest.approx(log2(1 + spread(3, first_age=0.5, last_age=0, half_life=1)))


@pytest.mark.parametrize(
    ("values", "gains"),
    [
        pytest.param([10, 4], [4], id="bots removed: never more than now"),
        pytest.param([10, 0, 12], [10, 2], id="a glitch that recovered gains nothing"),
        pytest.param([10, 10, 10], [10], id="standing still"),
        pytest.param([3, 0], [], id="all taken back"),
        pytest.param([3, 5, 9], [3, 2, 4], id="growing"),
    ],
)
def test_counters_that_fall(values: list[int], gains: list[int]) -> None:
    """Falling counters neither go below zero nor turn a recovery into news."""
    signals = [signal(value, BORN + place * DAY) for place, value in enumerate(values)]
    found = increments(signals, born=BORN, now=BORN + 9 * DAY)

    assert [one.amount for group in found.values() for one in group] == gains


def test_of_two_values_at_one_time_the_larger_counts() -> None:
    """Two channels that saw the same counter do not add up."""
    signals = [signal(7, BORN), signal(5, BORN)]

    assert heat(signals, born=BORN, at=BORN) == pytest.approx(log2(1 + 7))


observations = st.lists(
    st.builds(
        signal,
        st.integers(0, 10**9),
        st.integers(-(10**8), 10**8).map(lambda seconds: BORN + timedelta(seconds=seconds)),
        kind=st.sampled_from(SignalKind),
        origin=st.sampled_from(["a", "b"]),
        actor=st.sampled_from(["", "x"]),
    ),
    max_size=12,
)


@given(observations, st.sampled_from([None, BORN]), st.randoms(use_true_random=False))
def test_heat_is_finite_positive_and_blind_to_order(
    signals: list[Signal], born: datetime | None, random: object
) -> None:
    """Whatever counters report, in whatever order, a paper can be ranked."""
    at = BORN + DAY
    found = heat(signals, born=born, at=at)
    random.shuffle(signals)  # type: ignore[attr-defined]

    assert 0.0 <= found < 1000.0
    assert heat(signals, born=born, at=at) == found


@given(observations)
def test_increments_add_up_to_the_newest_value(signals: list[Signal]) -> None:
    """Nothing is lost or invented between totals and gains."""
    newest: dict[object, tuple[datetime, int]] = {}
    for one in signals:
        name = (one.kind, one.origin, one.actor)
        newest[name] = max(newest.get(name, (one.at, 0)), (one.at, one.value))
    late = BORN + timedelta(seconds=10**9)
    grown = increments(signals, born=None, now=late)

    assert sum(one.amount for group in grown.values() for one in group) == sum(
        value for _, value in newest.values()
    )


@given(st.integers(1, 1000), st.integers(1, 1000), st.floats(0.1, 30))
def test_more_votes_are_never_colder(few: int, more: int, age: float) -> None:
    """The order of two papers of one day is that of their votes."""
    at = BORN + age * DAY
    small = heat([signal(few, at)], born=BORN, at=at)

    assert heat([signal(few + more, at)], born=BORN, at=at) > small


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(BORN, BORN + DAY, 4, id="first day"),
        pytest.param(BORN + DAY, BORN + 2 * DAY, 5, id="between two readings"),
        pytest.param(BORN + DAY / 2, BORN + 2 * DAY, 0, id="no reading at the start: unknown"),
        pytest.param(BORN - DAY, BORN + 2 * DAY, 9, id="from before it was born"),
        pytest.param(BORN, BORN + HOUR, 0, id="not read yet"),
    ],
)
def test_gains_that_are_told_were_observed(since: datetime, until: datetime, expected: int) -> None:
    """A sentence that names a number must not name an estimate."""
    signals = [
        signal(4, BORN + DAY),
        signal(9, BORN + 2 * DAY),
        signal(70, BORN + DAY, kind=SignalKind.STAR),
    ]

    assert gained(signals, SignalKind.VOTE, born=BORN, since=since, until=until) == expected


def test_a_counter_first_seen_late_gained_nobody_knows_what() -> None:
    """A counter of an old paper that is seen for the first time has no gain to tell."""
    found = gained(
        [signal(50, BORN)], SignalKind.VOTE, born=BORN - 9 * DAY, since=BORN - DAY, until=BORN
    )

    assert found == 0


def test_gains_by_day_add_up() -> None:
    """Each day gets its part of a spread gain, and a cast vote falls into one day."""
    edges = [BORN + n * DAY for n in range(4)]
    signals = [signal(6, BORN + 2 * DAY), cast(BORN + 2.5 * DAY)]
    found = by_day(signals, SignalKind.VOTE, born=BORN, days=edges)

    assert found == pytest.approx([3, 3, 1])


def test_no_days_have_no_gains() -> None:
    """An empty plot is empty, not an error."""
    assert by_day([cast(BORN)], SignalKind.VOTE, born=BORN, days=[]) == []


def test_every_constant_of_the_formula_is_told() -> None:
    """The page about the ranking shows what the code uses."""
    told = {name: value for name, value, _, _ in constants()}

    assert {told[f"weight of a {kind.value}"] for kind in SignalKind} == set(WEIGHTS.values())
    assert told["half-life, week"] == HALF_LIVES[Period.WEEK] / HOUR
    assert told["unknown spread"] == UNKNOWN_SPREAD / DAY
