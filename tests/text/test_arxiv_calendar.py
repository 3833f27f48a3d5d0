"""arXiv's calendar: what is to be expected of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.arxiv_calendar import HOLIDAYS, Listing, listing, newest_due, today, why_none

WEDNESDAY = date(2026, 3, 4)


def utc(*parts: int) -> datetime:
    """Return a moment."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # numbers of a date


@pytest.mark.parametrize(
    ("day", "now", "expected"),
    [
        pytest.param(WEDNESDAY, utc(2026, 3, 4, 4, 59), Listing.COMING, id="before midnight"),
        pytest.param(WEDNESDAY, utc(2026, 3, 4, 5, 0), Listing.OUT, id="at midnight"),
        pytest.param(WEDNESDAY, utc(2026, 3, 4, 7, 59), Listing.OUT, id="only just late"),
        pytest.param(WEDNESDAY, utc(2026, 3, 4, 8, 0), Listing.DUE, id="late"),
        pytest.param(date(2026, 7, 8), utc(2026, 7, 8, 4, 0), Listing.OUT, id="in summer"),
        pytest.param(date(2026, 3, 7), utc(2026, 3, 9), Listing.NONE, id="a Saturday"),
        pytest.param(date(2026, 3, 8), utc(2026, 3, 9), Listing.NONE, id="a Sunday"),
        pytest.param(date(2026, 11, 26), utc(2026, 12, 1), Listing.NONE, id="Thanksgiving"),
        pytest.param(date(2025, 11, 27), utc(2026, 12, 1), Listing.DUE, id="a year not known"),
    ],
)
def test_what_is_to_be_expected(day: date, now: datetime, expected: Listing) -> None:
    """Midnight is Eastern; the feeds get three hours."""
    assert listing(day, now) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 7), "on Saturdays and Sundays"),
        (date(2026, 11, 26), "on Thanksgiving"),
        (WEDNESDAY, ""),
    ],
)
def test_why_there_is_none(day: date, expected: str) -> None:
    """As the end of a sentence."""
    assert why_none(day) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(utc(2026, 3, 4, 12), WEDNESDAY, id="a morning"),
        pytest.param(utc(2026, 3, 4, 6), date(2026, 3, 3), id="before it is due"),
        pytest.param(utc(2026, 3, 8, 12), date(2026, 3, 6), id="a Sunday"),
        pytest.param(utc(2026, 11, 26, 12), date(2026, 11, 25), id="Thanksgiving"),
    ],
)
def test_the_newest_listing_that_must_be_out(now: datetime, expected: date) -> None:
    """Over week-ends and holidays."""
    assert newest_due(now) == expected


@given(st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001  # made aware below
def test_some_listing_of_the_last_week_is_due(moment: datetime) -> None:
    """No moment is without one, and none lies ahead."""
    now = moment.replace(tzinfo=UTC)

    assert today(now) - timedelta(days=7) < newest_due(now) <= today(now)


def test_holidays_are_working_days() -> None:
    """A holiday on a week-end would be a mistake in the table."""
    assert all(day.weekday() < 5 for day in HOLIDAYS)
