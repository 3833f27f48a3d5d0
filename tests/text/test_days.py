"""Days, weeks and months are read and written as in URLs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import UsageError
from broadsheet.model import Period
from broadsheet.text import days


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-08-21", (Period.DAY, date(2026, 8, 21)), id="day"),
        pytest.param("2026-W34", (Period.WEEK, date(2026, 8, 17)), id="week"),
        pytest.param("2026-w01", (Period.WEEK, date(2025, 12, 29)), id="week of last year"),
        pytest.param(" 2026-8 ", (Period.MONTH, date(2026, 8, 1)), id="month, loosely typed"),
    ],
)
def test_a_period_is_read(text: str, expected: tuple[Period, date]) -> None:
    """The forms of the URLs are the forms of the command line."""
    assert days.parse_period(text) == expected


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-W54", "2026-13", "yesterday", "", "0000-01-01", "2026-08-21x"]
)
def test_what_is_no_period_names_the_field(text: str) -> None:
    """A wrong date is a mistake of the reader, never a fault of the program."""
    with pytest.raises(UsageError) as caught:
        days.parse_period(text)

    assert caught.value.field == "date"


@given(st.sampled_from(Period), st.dates())
def test_a_period_is_read_as_it_is_written(period: Period, day: date) -> None:
    """A link that a page writes leads to the period it names."""
    first, last = days.bounds(period, day)

    assert first <= day <= last
    assert days.parse_period(days.name(period, day)) == (period, first)
