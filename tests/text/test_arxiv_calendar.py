"""arXiv's calendar: what is to be expected of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.text.arxiv_calendar import (
    NO_MAILING,
    Listing,
    closing_day,
    listing,
    listing_days,
    listing_of,
    newest_due,
    today,
    us_holiday,
    why_none,
    why_unsure,
    window,
)

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
        pytest.param(date(2026, 3, 9), utc(2026, 3, 9, 3, 59), Listing.COMING, id="spring forward"),
        pytest.param(date(2026, 3, 9), utc(2026, 3, 9, 7, 0), Listing.DUE, id="an hour earlier"),
        pytest.param(date(2026, 11, 2), utc(2026, 11, 2, 4, 59), Listing.COMING, id="fall back"),
        pytest.param(date(2026, 3, 7), utc(2026, 3, 9), Listing.NONE, id="a Saturday"),
        pytest.param(date(2026, 3, 8), utc(2026, 3, 9), Listing.NONE, id="a Sunday"),
        pytest.param(date(2026, 11, 26), utc(2026, 12, 1), Listing.DUE, id="Thanksgiving itself"),
        pytest.param(date(2026, 11, 27), utc(2026, 12, 1), Listing.NONE, id="after Thanksgiving"),
        pytest.param(date(2025, 7, 7), utc(2026, 12, 1), Listing.NONE, id="a holiday on Friday"),
        pytest.param(date(2027, 11, 26), utc(2028, 1, 1), Listing.UNSURE, id="a year not known"),
        pytest.param(date(2027, 11, 24), utc(2028, 1, 1), Listing.DUE, id="no holiday of it"),
    ],
)
def test_what_is_to_be_expected(day: date, now: datetime, expected: Listing) -> None:
    """Midnight is Eastern, the clock changes with it; the feeds get three hours."""
    assert listing(day, now) is expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 7), "on Saturdays and Sundays"),
        (date(2026, 11, 27), "because it sends nothing out on Thanksgiving"),
        (date(2026, 6, 22), "because it sends nothing out on Juneteenth"),
        (date(2027, 9, 7), ""),
        (WEDNESDAY, ""),
        (date.min, "before 1991, when it began"),
        (date.max, ""),
    ],
)
def test_why_there_is_none(day: date, expected: str) -> None:
    """As the end of a sentence, for every day that can be asked for."""
    assert why_none(day) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(date(2027, 9, 7), "because it sends nothing out on Labor Day", id="moving"),
        pytest.param(
            date(2027, 7, 6), "because it sends nothing out on Independence Day", id="on a Sunday"
        ),
        pytest.param(
            date(2027, 12, 27), "because it sends nothing out on Christmas", id="on a Saturday"
        ),
        pytest.param(
            date(2027, 12, 30), "because it sends nothing out on 29 December", id="the end"
        ),
        pytest.param(date(2026, 9, 8), "", id="a known year has no maybe"),
        pytest.param(date(2027, 9, 8), "", id="an ordinary day"),
        pytest.param(date(2027, 9, 4), "", id="a Saturday"),
        pytest.param(date.min, "", id="the first day of all"),
        pytest.param(date.max, "because it sends nothing out on 30 December", id="last"),
    ],
)
def test_a_year_that_is_not_known_may_have_holidays(day: date, expected: str) -> None:
    """The fixed ones are computed; whoever says so says "may"."""
    assert why_unsure(day) == expected


def test_the_rule_agrees_with_both_years_that_are_known() -> None:
    """Every day that arXiv named is one that the rule would have called a holiday."""
    assert {day: us_holiday(day) for day in NO_MAILING} == dict(NO_MAILING)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        pytest.param(utc(2026, 3, 2, 18, 59), date(2026, 3, 3), id="Monday before 14:00"),
        pytest.param(utc(2026, 3, 2, 19, 0), WEDNESDAY, id="Monday at 14:00"),
        pytest.param(utc(2026, 3, 5, 19, 0), date(2026, 3, 9), id="Thursday at 14:00"),
        pytest.param(utc(2026, 3, 6, 18, 59), date(2026, 3, 9), id="Friday before 14:00"),
        pytest.param(utc(2026, 3, 6, 19, 0), date(2026, 3, 10), id="Friday at 14:00"),
        pytest.param(utc(2026, 3, 9, 17, 59), date(2026, 3, 10), id="an hour less that week"),
        pytest.param(utc(2026, 9, 4, 19, 0), date(2026, 9, 9), id="before Labor Day"),
        pytest.param(utc(2026, 12, 31, 12), date(2027, 1, 4), id="over the year"),
    ],
)
def test_which_listing_a_submission_is_in(submitted: datetime, listed: date) -> None:
    """ArXiv's table of deadlines, holidays and the change of clocks included."""
    assert listing_of(submitted) == listed


@given(st.datetimes(datetime(2025, 1, 8), datetime(2026, 12, 20)))  # noqa: DTZ001  # aware below
def test_a_submission_lies_in_the_window_of_its_listing(moment: datetime) -> None:
    """And its listing is one that there is."""
    submitted = moment.replace(tzinfo=UTC)
    day = listing_of(submitted)

    assert not why_none(day)
    assert window(day).start <= submitted < window(day).end


def test_a_window_over_the_change_of_clocks_is_an_hour_short() -> None:
    """From Friday 14:00 in winter to Monday 14:00 in summer."""
    found = window(date(2026, 3, 10))

    assert (found.start, found.end) == (utc(2026, 3, 6, 19), utc(2026, 3, 9, 18))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(utc(2026, 3, 4, 12), WEDNESDAY, id="a morning"),
        pytest.param(utc(2026, 3, 4, 6), date(2026, 3, 3), id="before it is due"),
        pytest.param(utc(2026, 3, 8, 12), date(2026, 3, 6), id="a Sunday"),
        pytest.param(utc(2026, 11, 27, 12), date(2026, 11, 26), id="after Thanksgiving"),
    ],
)
def test_the_newest_listing_that_must_be_out(now: datetime, expected: date) -> None:
    """Over week-ends and holidays."""
    assert newest_due(now) == expected


@given(st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001  # made aware below
def test_some_listing_of_the_last_fortnight_is_due(moment: datetime) -> None:
    """No moment is without one, and none lies ahead."""
    now = moment.replace(tzinfo=UTC)

    assert today(now) - timedelta(days=14) < newest_due(now) <= today(now)


def test_the_days_with_a_listing() -> None:
    """Of Thanksgiving's week all but Friday; of a year not known only what is sure."""
    found = listing_days(date(2026, 11, 23), date(2026, 11, 29))

    assert [day.day for day in found] == [23, 24, 25, 26]
    assert [day.day for day in listing_days(date(2027, 9, 6), date(2027, 9, 8))] == [6, 8]


def test_days_without_mailing_are_working_days() -> None:
    """One on a week-end would be a mistake in the table."""
    assert all(day.weekday() < 5 for day in NO_MAILING)
    assert all(closing_day(day).weekday() < 5 for day in NO_MAILING)
