"""Editions: the papers of a day, a week or a month, ranked, or why there are none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from broadsheet.library.edition import day_counts, edition, latest_edition
from broadsheet.library.ingest import ingest
from broadsheet.library.memo import Memo
from broadsheet.library.ranking import Desk
from broadsheet.model import EditionState, IngestReport, Link, Period, Signal, SignalKind
from tests.library.fakes import ListSource
from tests.support import NOON, StillClock, record

if TYPE_CHECKING:
    from broadsheet.model import Record
    from broadsheet.ports import Store

TODAY = NOON.date()  # Wednesday, 4 March 2026
YESTERDAY = TODAY - timedelta(days=1)
DAY = timedelta(days=1)


def at(store: Store, now: datetime = NOON, *, zone: str = "UTC") -> Desk:
    """Return a desk at a moment."""
    return Desk(store, now, ZoneInfo(zone), Memo())


def bring(store: Store, *records: Record, now: datetime = NOON) -> None:
    """Import records at a moment."""
    ingest(ListSource(records), store, StillClock(now))


def counter(value: int, when: datetime, kind: SignalKind = SignalKind.VOTE) -> Signal:
    """Return one observation of a counter."""
    return Signal(kind=kind, value=value, at=when, origin="hosted")


def voted(number: int, votes: int, day: date = TODAY) -> Record:
    """Return a record of a day that had some votes at eleven o'clock."""
    when = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
    return record(number, announced=day, signals=(counter(votes, when),))


def test_an_edition_is_ranked_by_heat_then_by_id(store: Store) -> None:
    """The order is the same on every reading."""
    bring(store, record(4), voted(1, 3), record(2), voted(3, 9))
    found = edition(at(store), TODAY, period=Period.DAY)

    assert [one.paper.id[-1] for one in found.papers] == ["3", "1", "2", "4"]
    assert [one.rank for one in found.papers] == [1, 2, 3, 4]
    assert found.papers[0].heat > found.papers[1].heat > found.papers[2].heat == 0.0


def test_equally_hot_papers_are_newest_first(store: Store) -> None:
    """A week without votes reads like a newspaper."""
    bring(store, record(1, announced=YESTERDAY), record(2))
    found = edition(at(store), TODAY, period=Period.WEEK)

    assert [one.paper.id[-1] for one in found.papers] == ["2", "1"]


def test_a_page_is_a_part_of_the_whole(store: Store) -> None:
    """Paging neither repeats nor skips a paper."""
    bring(store, *(voted(number, number) for number in range(1, 8)))
    whole = edition(at(store), TODAY, period=Period.DAY)
    pages = [
        one
        for offset in range(0, 9, 3)
        for one in edition(at(store), TODAY, period=Period.DAY, limit=3, offset=offset).papers
    ]

    assert tuple(pages) == whole.papers
    assert whole.total == 7


def test_an_old_edition_keeps_its_order(store: Store) -> None:
    """Votes of later years do not rewrite an old front page."""
    bring(store, voted(1, 9, YESTERDAY), voted(2, 5, YESTERDAY))
    before = edition(at(store), YESTERDAY, period=Period.DAY)
    bring(store, record(2, announced=YESTERDAY, signals=(counter(900, NOON + 30 * DAY),)))
    after = edition(at(store, NOON + 40 * DAY), YESTERDAY, period=Period.DAY)

    assert [one.paper.key for one in after.papers] == [one.paper.key for one in before.papers]
    assert before.state is EditionState.COMPLETE


def test_an_edition_is_open_until_its_own_midnight(store: Store) -> None:
    """A day ends where the readers are."""
    bring(store, record(1))
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)

    assert edition(at(store, late), TODAY, period=Period.DAY).state is EditionState.OPEN
    berlin = at(store, late, zone="Europe/Berlin")
    assert edition(berlin, TODAY, period=Period.DAY).state is EditionState.COMPLETE


@pytest.mark.parametrize(
    ("period", "span", "total", "days"),
    [
        pytest.param(Period.DAY, (TODAY, TODAY), 1, 7, id="day"),
        pytest.param(Period.WEEK, (date(2026, 3, 2), date(2026, 3, 8)), 2, 7, id="week"),
        pytest.param(Period.MONTH, (date(2026, 3, 1), date(2026, 3, 31)), 3, 31, id="month"),
    ],
)
def test_a_period_holds_its_days(
    store: Store, period: Period, span: tuple[date, date], total: int, days: int
) -> None:
    """Weeks begin on Monday, and the side column shows every day, empty ones too."""
    bring(
        store,
        record(1),
        record(2, announced=YESTERDAY, picked=YESTERDAY),
        record(3, announced=date(2026, 3, 20)),
        record(4, announced=date(2026, 1, 20)),
        record(5, announced=date(2026, 5, 20)),
    )
    found = edition(at(store), TODAY, period=period)

    assert ((found.first, found.last), found.total, len(found.days)) == (span, total, days)
    assert [day.day for day in found.days] == sorted(day.day for day in found.days)
    assert sum(day.papers for day in found.days) >= total


@pytest.mark.parametrize(
    ("period", "previous", "following"),
    [
        pytest.param(Period.DAY, date(2026, 2, 10), date(2026, 4, 14), id="day"),
        pytest.param(Period.WEEK, date(2026, 2, 9), date(2026, 4, 13), id="week"),
        pytest.param(Period.MONTH, date(2026, 2, 1), date(2026, 4, 1), id="month"),
    ],
)
def test_neighbours_are_the_nearest_with_papers(
    store: Store, period: Period, previous: date, following: date
) -> None:
    """Nobody pages through empty days."""
    bring(
        store,
        record(1),
        record(2, announced=date(2026, 2, 10)),
        record(3, announced=date(2026, 4, 14)),
    )
    found = edition(at(store), TODAY, period=period)

    assert (found.previous, found.next) == (previous, following)


def test_the_last_day_of_the_calendar_is_a_day(store: Store) -> None:
    """A date that has no tomorrow is no fault."""
    bring(store, record(1))

    assert edition(at(store), date.max, period=Period.DAY).state is EditionState.EMPTY


# --- empty ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "period", "now", "reason"),
    [
        pytest.param(
            date(2026, 3, 6), Period.DAY, NOON,
            "Friday, 6 March 2026 has not come yet.", id="future",
        ),
        pytest.param(
            date(2026, 4, 6), Period.MONTH, NOON, "April 2026 has not come yet.", id="future month"
        ),
        pytest.param(
            date(2026, 2, 28), Period.DAY, NOON,
            "Saturday, 28 February 2026: sources list new papers from Monday to Friday.",
            id="weekend",
        ),
        pytest.param(
            date(2026, 3, 10), Period.DAY, NOON + 9 * DAY,
            "No source has delivered since Wednesday, 4 March 2026.", id="stale",
        ),
        pytest.param(
            TODAY, Period.DAY, NOON, "Nothing is listed for Wednesday, 4 March 2026 yet.", id="open"
        ),
        pytest.param(
            date(2026, 2, 3), Period.DAY, NOON,
            "No source listed anything for Tuesday, 3 February 2026.", id="quiet",
        ),
        pytest.param(
            date(2026, 2, 3), Period.WEEK, NOON,
            "No source listed anything for the week of Monday, 2 February 2026.", id="quiet week",
        ),
    ],
)  # fmt: skip
def test_an_empty_edition_says_why(
    store: Store, day: date, period: Period, now: datetime, reason: str
) -> None:
    """A reader must tell a holiday from a fault."""
    bring(store, record(1, announced=date(2026, 1, 5)))
    found = edition(at(store, now), day, period=period)

    assert (found.state, found.reason) == (EditionState.EMPTY, reason)


def test_an_empty_library_says_what_to_do(store: Store) -> None:
    """The first page that anybody sees leads on."""
    found = latest_edition(at(store))

    assert found.state is EditionState.EMPTY
    assert found.reason.endswith("Bring papers in with: broadsheet import FILE")


def test_an_import_that_failed_is_no_delivery(store: Store) -> None:
    """A source that broke off does not count as heard."""
    bring(store, record(1, announced=YESTERDAY), now=NOON - DAY)
    store.finish_run(store.start_run("x", at=NOON), IngestReport(), at=NOON, error="broken")

    assert edition(at(store), TODAY, period=Period.DAY).reason == (
        "No source has delivered since Tuesday, 3 March 2026. The last reading of x failed: broken."
    )


# --- latest --------------------------------------------------------------------------------


def test_the_latest_edition_is_todays(store: Store) -> None:
    """With papers today there is nothing to explain."""
    bring(store, record(1), record(2, announced=YESTERDAY))
    found = latest_edition(at(store))

    assert (found.first, found.reason) == (TODAY, "")


def test_the_latest_edition_says_that_it_is_not_todays(store: Store) -> None:
    """A front page of yesterday must not pass for today's."""
    bring(store, record(2, announced=YESTERDAY))
    found = latest_edition(at(store), limit=1)

    assert found.first == YESTERDAY
    assert found.reason == (
        "This is the newest edition. Nothing is listed for Wednesday, 4 March 2026 yet."
    )


def test_an_old_latest_edition_says_that_nothing_came_since(store: Store) -> None:
    """After weeks of nothing the weekend is not the reason."""
    bring(store, record(2, announced=YESTERDAY))

    assert latest_edition(at(store, NOON + 30 * DAY)).reason == (
        "This is the newest edition. Nothing newer than Tuesday, 3 March 2026 has been delivered."
    )


def test_specimens_are_labelled(store: Store) -> None:
    """Nobody may take them for papers."""
    bring(store, record(1, source="specimen"))
    found = latest_edition(at(store))

    assert found.state is EditionState.SPECIMEN
    assert "specimens" in found.reason


def test_day_counts_have_a_row_for_each_day(store: Store) -> None:
    """A plot needs its zeros."""
    bring(store, record(1), record(2, announced=YESTERDAY, picked=TODAY))
    found = day_counts(store, YESTERDAY, TODAY + DAY)

    assert [(one.papers, one.announced, one.picked) for one in found] == [
        (0, 1, 0),
        (2, 1, 1),
        (0, 0, 0),
    ]


# --- why -----------------------------------------------------------------------------------

CODE = (Link(kind="code", url="https://example.org/code"),)
STAR, COMMENT = SignalKind.STAR, SignalKind.COMMENT


@pytest.mark.parametrize(
    ("changes", "now", "why"),
    [
        pytest.param({}, NOON, "newly announced; no votes yet", id="nothing known"),
        pytest.param(
            {"picked": TODAY}, NOON, "picked for the daily list; no votes seen", id="picked"
        ),
        pytest.param({"announced": None}, NOON, "by date; no votes yet", id="only dated"),
        pytest.param(
            {"signals": (counter(41, NOON),)}, NOON, "41 votes in its first day", id="first day"
        ),
        pytest.param(
            {"signals": (counter(1, NOON),)}, NOON, "1 vote in its first day", id="one vote"
        ),
        pytest.param(
            {"signals": (counter(5, NOON), counter(30, NOON + DAY), counter(41, NOON + 2 * DAY))},
            NOON + 2 * DAY,
            "5 votes in its first day",
            id="an edition that is over tells its first day",
        ),
        pytest.param(
            {"signals": (counter(41, NOON + 3 * DAY),)}, NOON + 3 * DAY, "41 votes",
            id="seen too late to tell when",
        ),
        pytest.param(
            {"links": CODE, "signals": (counter(212, NOON, STAR),)}, NOON,
            "code released, 212 stars", id="stars",
        ),
        pytest.param({"links": CODE}, NOON, "code released", id="code"),
        pytest.param(
            {"signals": (counter(1200, NOON, COMMENT),)}, NOON,
            "most discussed of the day: 1,200 comments", id="comments",
        ),
        pytest.param(
            {"links": CODE, "signals": (counter(3, NOON), counter(7, NOON, COMMENT))}, NOON,
            "3 votes in its first day; most discussed of the day: 7 comments",
            id="at most two reasons",
        ),
        pytest.param(
            {"signals": (counter(2, NOON, COMMENT),)}, NOON, "newly announced; no votes yet",
            id="two comments are no discussion",
        ),
    ],
)  # fmt: skip
def test_why_a_paper_is_where_it_is(
    store: Store, changes: dict[str, object], now: datetime, why: str
) -> None:
    """Every number was observed; none is an estimate."""
    bring(store, record(1, **changes), now=now)

    assert edition(at(store, now), TODAY, period=Period.DAY).papers[0].why == why


def test_of_two_equally_discussed_papers_none_is_the_most(store: Store) -> None:
    """A superlative needs a winner."""
    talk = (counter(9, NOON, COMMENT),)
    bring(store, record(1, signals=talk), record(2, signals=talk))

    assert not any(
        "most discussed" in one.why for one in edition(at(store), TODAY, period=Period.DAY).papers
    )


def test_a_paper_of_several_sources_says_so(store: Store) -> None:
    """Being listed twice is a reason to look."""
    bring(store, record(1), record(1, source="daily", source_id="x"))

    assert edition(at(store), TODAY, period=Period.DAY).papers[0].why == "in 2 sources"
