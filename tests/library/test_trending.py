"""Trending: what is looked at now, bounded by the paper's age and by the signals'."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from broadsheet.library.ingest import ingest
from broadsheet.library.memo import Memo
from broadsheet.library.ranking import Desk, constants
from broadsheet.library.trending import rising_topics, trending
from broadsheet.model import Period, Signal, SignalKind
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    from datetime import datetime

    from broadsheet.model import Record
    from broadsheet.ports import Store

TODAY = NOON.date()
DAY = timedelta(days=1)


def at(store: Store, now: datetime = NOON) -> Desk:
    """Return a desk at a moment."""
    return Desk(store, now, ZoneInfo("UTC"), Memo())


def bring(store: Store, *records: Record) -> None:
    """Import records."""
    ingest(ListSource(records), store, StillClock())


def cast(when: datetime = NOON, *, reader: str = "ada") -> Signal:
    """Return a reader's vote."""
    return Signal(kind=SignalKind.VOTE, value=1, at=when, origin="readers", actor=reader)


def paper(number: int, day: date, *signals: Signal, **changes: object) -> Record:
    """Return a record of a day."""
    return record(number, announced=day, published=day, signals=signals, **changes)


def found(store: Store, period: Period, now: datetime = NOON) -> list[str]:
    """Return the last digit of each trending paper's id."""
    return [one.paper.id[-1] for one in trending(at(store, now), period)]


def test_no_paper_from_years_ago_is_at_the_top_of_a_week(store: Store) -> None:
    """However many vote for an old paper today, it is not of this week."""
    crowd = [cast(reader=str(n)) for n in range(50)]
    bring(store, paper(1, date(2014, 6, 1), *crowd), paper(2, TODAY, cast()))

    for period in Period:
        assert found(store, period) == ["2"]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param(Period.DAY, ["1", "2"], id="day"),
        pytest.param(Period.WEEK, ["1", "2", "3"], id="week"),
        pytest.param(Period.MONTH, ["1", "2", "3", "4"], id="month"),
    ],
)
def test_papers_are_of_the_period(store: Store, period: Period, expected: list[str]) -> None:
    """A day reaches back a day, a week seven, a month thirty."""
    bring(
        store,
        *(paper(n, TODAY - age * DAY, cast()) for n, age in [(1, 0), (2, 1), (3, 6), (4, 25)]),
        paper(5, TODAY - 40 * DAY, cast()),
    )

    assert found(store, period) == expected


def test_only_what_happened_in_the_period_counts(store: Store) -> None:
    """Yesterday's favourite is not today's."""
    long_ago = [cast(NOON - 2 * DAY, reader=str(n)) for n in range(9)]
    bring(store, paper(1, TODAY - DAY, *long_ago), paper(2, TODAY - DAY, cast()))

    assert found(store, Period.DAY) == ["2"]
    assert found(store, Period.WEEK) == ["1", "2"]


def test_papers_without_signals_do_not_trend(store: Store) -> None:
    """An empty list is truer than the newest papers under a false name."""
    bring(store, paper(1, TODAY))

    assert found(store, Period.WEEK) == []


def test_an_empty_library_has_no_trend(store: Store) -> None:
    """Nothing is no fault."""
    assert found(store, Period.WEEK) == []
    assert rising_topics(at(store), days=10, limit=6) == []


def test_a_collection_of_the_past_shows_what_was_hot_at_its_end(store: Store) -> None:
    """Whoever imports an archive sees its last week, not an empty page."""
    bring(store, paper(1, TODAY, cast()), paper(2, TODAY - 20 * DAY, cast()))

    assert found(store, Period.WEEK, NOON + 200 * DAY) == ["1"]


def test_a_page_of_trends_is_a_part_of_the_whole(store: Store) -> None:
    """Ranks go on where the page before ended."""
    bring(store, *(paper(n, TODAY, *(cast(reader=str(m)) for m in range(n))) for n in range(1, 6)))
    desk = at(store)
    pages = [
        one for offset in (0, 2, 4) for one in trending(desk, Period.WEEK, limit=2, offset=offset)
    ]

    assert pages == trending(at(store), Period.WEEK)
    assert [one.rank for one in pages] == [1, 2, 3, 4, 5]


def test_a_recent_vote_is_told_as_such(store: Store) -> None:
    """The reason names what was seen in the last 24 hours and the whole."""
    votes = [cast(NOON - 2 * DAY, reader="bob"), cast(NOON - timedelta(hours=2))]
    bring(store, paper(1, TODAY - 3 * DAY, *votes), paper(2, TODAY - 3 * DAY, cast()))

    assert {one.paper.id[-1]: one.why for one in trending(at(store), Period.WEEK)} == {
        "1": "1 vote in the last 24 hours, 2 votes in all",
        "2": "1 vote in the last 24 hours",
    }


def test_a_rising_topic_has_its_votes_by_day(store: Store) -> None:
    """The plot shows the days, the last one today."""
    rows = []
    for number in range(1, 7):
        votes = [cast(NOON - timedelta(hours=1), reader=str(n)) for n in range(3)]
        rows.append(paper(number, TODAY, *votes, topics=("agents",)))
    old = [cast(NOON - 3 * DAY, reader=str(n)) for n in range(20)]
    rows.append(paper(7, TODAY - 4 * DAY, *old, topics=("proteins",)))
    bring(store, *rows)
    [(name, counts, change)] = rising_topics(at(store), days=4, limit=6)

    assert (name, list(counts)) == ("agents", [0, 0, 0, 18])
    assert change > 0


def test_topics_are_kept_for_a_minute(store: Store) -> None:
    """A page that everybody asks for is worked out once."""
    calls: list[int] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            """Count what is asked for."""
            if name == "signals_since":
                calls.append(1)
            return getattr(store, name)

    desk = Desk(Counting(), NOON, ZoneInfo("UTC"), Memo())  # type: ignore[arg-type]
    rising_topics(desk, days=10, limit=6)
    rising_topics(desk, days=10, limit=3)

    assert len(calls) == 1


def test_all_constants_are_told() -> None:
    """What orders papers stands on the page about the ranking."""
    told = constants()

    assert {name.partition(":")[0] for name, *_ in told} == {"heat", "fusion"}
    assert all(meaning for *_, meaning in told)
    assert len({name for name, *_ in told}) == len(told)
